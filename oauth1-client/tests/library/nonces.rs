//! T-RNG: nonces come from the operating system, and none comes twice.

use std::{collections::HashSet, thread};

use oauth1_client::core::Nonce;

#[test]
fn t_rng_of_a_million_nonces_from_four_threads_none_is_there_twice() {
    // Ten million take a gigabyte: OAUTH1_NONCES=10000000.
    let count = std::env::var("OAUTH1_NONCES").map_or(1_000_000, |count| count.parse().unwrap());
    let some =
        move || (0..count / 4).map(|_| Nonce::random().unwrap().to_string()).collect::<Vec<_>>();
    let threads: Vec<_> = (0..4).map(|_| thread::spawn(some)).collect();
    let mut seen = HashSet::with_capacity(count);
    for thread in threads {
        for nonce in thread.join().unwrap() {
            assert_eq!(nonce.len(), 26);
            assert!(seen.insert(nonce));
        }
    }
    assert_eq!(seen.len(), count);
    // Each of the 32 letters is as likely as the others in every place: of a million, 31,250 are
    // expected, and seven standard deviations are 1,217.
    let (expected, deviation) = (count as f64 / 32.0, (count as f64 * 31.0 / 1024.0).sqrt());
    for place in [0, 7, 13, 24] {
        let mut counts = [0_i32; 128];
        for nonce in &seen {
            counts[usize::from(nonce.as_bytes()[place])] += 1;
        }
        let letters: Vec<i32> = counts.into_iter().filter(|count| *count > 0).collect();
        assert_eq!(letters.len(), 32);
        let likely = |count: &i32| (f64::from(*count) - expected).abs() < 7.0 * deviation;
        assert!(letters.iter().all(likely), "{letters:?}");
    }
}

//! T-RNG: nonces come from the operating system, and none comes twice.

use std::{collections::HashSet, thread};

use oauth1_client::core::Nonce;

#[test]
fn t_rng_of_a_million_nonces_from_four_threads_none_is_there_twice() {
    let some = || (0..250_000).map(|_| Nonce::random().unwrap().to_string()).collect::<Vec<_>>();
    let threads: Vec<_> = (0..4).map(|_| thread::spawn(some)).collect();
    let mut seen = HashSet::with_capacity(1_000_000);
    for thread in threads {
        for nonce in thread.join().unwrap() {
            assert_eq!(nonce.len(), 26);
            assert!(seen.insert(nonce));
        }
    }
    assert_eq!(seen.len(), 1_000_000);
    // Each of the 32 letters is as likely as the others in every place: of a million, 31,250 are
    // expected, and seven standard deviations are 1,200.
    for place in [0, 7, 13, 24] {
        let mut counts = [0_i32; 128];
        for nonce in &seen {
            counts[usize::from(nonce.as_bytes()[place])] += 1;
        }
        let letters: Vec<i32> = counts.into_iter().filter(|count| *count > 0).collect();
        assert_eq!(letters.len(), 32);
        assert!(letters.iter().all(|count| (count - 31_250).abs() < 1_250), "{letters:?}");
    }
}

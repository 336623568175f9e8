//! How often a refused request is explained, and how long that takes.
//!
//! ```sh
//! cargo bench -p oauth1-core --bench diagnose                      # a quarter of an hour
//! cargo bench -p oauth1-core --bench diagnose -- 1000 100 100      # so many of each kind
//! ```
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod refusals;

use std::time::Duration;

use refusals::{Score, refusals};

fn main() {
    let short = std::env::args().any(|argument| argument == "--test");
    let numbers: Vec<u32> = std::env::args().filter_map(|text| text.parse().ok()).collect();
    let (singles, pairs, wrong) = match numbers[..] {
        [singles, pairs, wrong] => (singles, pairs, wrong),
        _ if short => (95, 2, 2),
        _ => (5_000, 5_000, 10_000),
    };
    let Ok(asked) = refusals(20_261_121, singles, pairs, wrong) else {
        println!("python3 is needed");
        return;
    };
    println!(
        "| requests | explained exactly | among the explanations | named at all | median | p99 |"
    );
    println!("|---|---|---|---|---|---|");
    for (kind, count) in [("one mistake", 1), ("two mistakes", 2), ("another secret", 0)] {
        let mut score = Score::default();
        asked.iter().filter(|refusal| refusal.mistakes.len() == count).for_each(|r| score.ask(r));
        score.times.sort_unstable();
        let time = |part: usize| millis(score.times[(score.times.len() - 1) * part / 100]);
        let (exact, among) = (score.percent(score.exact), score.percent(score.among));
        println!(
            "| {} with {kind} | {exact:.2} % | {among:.2} % | {} | {} | {} |",
            score.asked,
            score.named,
            time(50),
            time(99)
        );
        let mut confused: Vec<_> = score.confused.iter().collect();
        confused.sort_by_key(|(_, times)| std::cmp::Reverse(**times));
        for ((done, said), times) in confused.into_iter().take(40).filter(|_| count > 0) {
            eprintln!("{times:5} × {done}: {said}");
        }
    }
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

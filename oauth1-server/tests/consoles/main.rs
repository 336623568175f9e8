//! What the key consoles of five services offer, line by line, as listed in `CONSOLES.md`: each
//! line that is not about a page, on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod a;
mod b;
mod c;
mod d;
mod desk;
mod e;
#[path = "../credential_stores/fixture.rs"]
#[allow(dead_code)]
mod fixture;
mod together;

/// Every line of the consoles is in the table once, and the tests that it names exist.
#[test]
fn the_table_is_whole_and_true() {
    let table = include_str!("../../CONSOLES.md");
    for (console, lines) in [('A', 15), ('B', 9), ('C', 14), ('D', 10), ('E', 12), ('X', 13)] {
        for line in 1..=lines {
            let row = format!("| {console}{line} |");
            assert_eq!(table.matches(&row).count(), 1, "{row}");
        }
    }
    let sources = [
        include_str!("a.rs"),
        include_str!("b.rs"),
        include_str!("c.rs"),
        include_str!("d.rs"),
        include_str!("e.rs"),
        include_str!("../keys.rs"),
        include_str!("../console/card.rs"),
        include_str!("../console/key.rs"),
        include_str!("../console/list.rs"),
        include_str!("../console/organisation.rs"),
        include_str!("../console/people.rs"),
        include_str!("../console/reveal.rs"),
        include_str!("../console/ways.rs"),
    ]
    .concat();
    for row in table.lines().filter(|row| row.starts_with("| ") && row.matches('|').count() == 5) {
        let Some(tests) = row.split('|').nth(4) else { continue };
        for name in tests.split('`').skip(1).step_by(2).filter(|name| !name.contains('/')) {
            assert!(sources.contains(&format!("fn {name}(")), "{row}");
        }
    }
}

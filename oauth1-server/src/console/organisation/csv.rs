//! Comma-separated values, which table programs open.

use std::fmt::Write;

/// A line of CSV (RFC 4180).
pub(super) fn line(text: &mut String, cells: &[&str]) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        cell_of(text, cell);
    }
    text.push_str("\r\n");
}

fn cell_of(text: &mut String, cell: &str) {
    // Table programs take what begins so for a formula, and some of them do so after a space.
    let formula = cell.trim_start_matches(' ').starts_with(FORMULA);
    let mark = if formula { "'" } else { "" };
    if cell.contains(['"', ',', '\r', '\n']) || cell.starts_with(' ') || cell.ends_with(' ') {
        let _ = write!(text, "\"{mark}{}\"", cell.replace('"', "\"\""));
    } else {
        let _ = write!(text, "{mark}{cell}");
    }
}

/// In full width as well.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_cells_and_never_become_formulas() {
        for (cell, written) in [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            (" =1", "\"' =1\""),
            ("＝1", "'＝1"),
            (
                "=HYPERLINK(\"http://evil.example\",\"x\")",
                "\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\"",
            ),
            ("1-2", "1-2"),
            ("{\"a\":1}", "\"{\"\"a\"\":1}\""),
        ] {
            let mut text = String::new();
            cell_of(&mut text, cell);
            assert_eq!(text, written, "{cell:?}");
        }
    }
}

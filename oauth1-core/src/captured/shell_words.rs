//! A line split into words as a shell does it.

use alloc::{string::String, vec::Vec};

/// Splits a line as a POSIX shell does, with `$'…'` of bash, which browsers write; no expansions.
/// `None` if a quote is not closed.
pub(super) fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\'' => loop {
                match rest.next()? {
                    '\'' => break word.get_or_insert_default(),
                    c => word.get_or_insert_default().push(c),
                };
            },
            '"' => loop {
                let c = match rest.next()? {
                    '"' => break word.get_or_insert_default(),
                    '\\' => match rest.next()? {
                        '\n' => continue,
                        c @ ('"' | '\\' | '$' | '`') => c,
                        c => {
                            word.get_or_insert_default().push('\\');
                            c
                        }
                    },
                    c => c,
                };
                word.get_or_insert_default().push(c);
            },
            '$' if rest.peek() == Some(&'\'') => {
                rest.next();
                ansi(&mut rest, word.get_or_insert_default())?;
                continue;
            }
            '\\' => match rest.next() {
                // A line goes on after a backslash.
                Some('\n') | None => continue,
                Some('\r') if rest.peek() == Some(&'\n') => continue,
                Some(c) => {
                    word.get_or_insert_default().push(c);
                    continue;
                }
            },
            c if c.is_ascii_whitespace() => {
                words.extend(word.take());
                continue;
            }
            c => {
                word.get_or_insert_default().push(c);
                continue;
            }
        };
    }
    words.extend(word);
    Some(words)
}

/// The rest of `$'…'`.
fn ansi(rest: &mut core::iter::Peekable<core::str::Chars<'_>>, word: &mut String) -> Option<()> {
    loop {
        word.push(match rest.next()? {
            '\'' => return Some(()),
            '\\' => match rest.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                kind @ ('u' | 'x') => {
                    let most = if kind == 'u' { 4 } else { 2 };
                    let mut code = 0;
                    for _ in 0..most {
                        let Some(digit) = rest.peek().and_then(|c| c.to_digit(16)) else { break };
                        code = code * 16 + digit;
                        rest.next();
                    }
                    char::from_u32(code)?
                }
                c => c,
            },
            c => c,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_the_shell_does() {
        let line = "curl -d 'a b'\"c\\\"d\\n\"e\\ f \\\n  '' $'x\\'\\u0041\\n' g";
        let words = ["curl", "-d", "a bc\"d\\ne f", "", "x'A\n", "g"];
        assert_eq!(split(line).unwrap(), words);
        assert_eq!((split("a 'b"), split("a \"b"), split("$'b")), (None, None, None));
        let quoted = ["'a b\n$(x) `y` ", r#"\ \" ! it'\''s'"#].concat();
        assert_eq!(split(&quoted).unwrap(), ["a b\n$(x) `y` \\ \\\" ! it's"]);
    }
}

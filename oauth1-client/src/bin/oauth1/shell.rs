//! The shell's quoting.

/// The word in single quotes, in which the shell changes nothing.
pub(crate) fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

//! Secrets that must be nowhere, and the search for them in whatever form.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// What is searched for.
#[derive(Debug)]
pub struct Canaries {
    patterns: Vec<Pattern>,
    /// By the first two octets: whether any pattern begins with them.
    begins: Vec<bool>,
}

#[derive(Debug)]
struct Pattern {
    name: String,
    form: &'static str,
    octets: Vec<u8>,
}

/// Where something was found: in which place, what, and in which form.
pub type Hit = (String, String, &'static str);

impl Default for Canaries {
    fn default() -> Self {
        Self { patterns: Vec::new(), begins: vec![false; 1 << 16] }
    }
}

impl Canaries {
    /// Adds a secret in all forms. Short ones would be found by chance.
    ///
    /// # Panics
    /// If it has less than 12 octets.
    pub fn add(&mut self, name: &str, secret: &[u8]) {
        assert!(secret.len() >= 12, "{name} is too short to be searched for");
        for (form, octets) in forms(secret) {
            if self.patterns.iter().all(|pattern| pattern.octets != octets) {
                self.begins[begin(&octets)] = true;
                self.patterns.push(Pattern { name: name.to_owned(), form, octets });
            }
        }
    }

    /// How many secrets there are, and how many patterns in all.
    #[must_use]
    pub fn count(&self) -> (usize, usize) {
        let names: BTreeSet<&str> = self.patterns.iter().map(|p| p.name.as_str()).collect();
        (names.len(), self.patterns.len())
    }

    /// What is in these octets.
    #[must_use]
    pub fn find(&self, place: &str, octets: &[u8]) -> BTreeSet<Hit> {
        let mut hits = BTreeSet::new();
        for at in 0..octets.len().saturating_sub(1) {
            if self.begins[begin(&octets[at..])] {
                let found = self.patterns.iter().filter(|p| octets[at..].starts_with(&p.octets));
                hits.extend(found.map(|p| (place.to_owned(), p.name.clone(), p.form)));
            }
        }
        hits
    }

    /// What is in all files below a directory; gives the number of files and of octets as well.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn find_below(&self, root: &Path) -> io::Result<(BTreeSet<Hit>, usize, u64)> {
        let (mut hits, mut files, mut size) = (BTreeSet::new(), 0, 0);
        for file in files_below(root)? {
            let octets = fs::read(&file)?;
            files += 1;
            size += octets.len() as u64;
            hits.extend(self.find(&file.to_string_lossy(), &octets));
        }
        Ok((hits, files, size))
    }

    /// Hides each pattern in a file of its own and looks for it there.
    ///
    /// # Errors
    /// Which of them was not found, or was found where it is not.
    pub fn check(&self, directory: &Path) -> Result<(), String> {
        fs::create_dir_all(directory).map_err(|error| error.to_string())?;
        let file = directory.join("planted");
        for pattern in &self.patterns {
            let around = vec![b'\n'; 4_095];
            for (octets, planted) in
                [([&around[..], &pattern.octets, &around].concat(), true), (around.clone(), false)]
            {
                fs::write(&file, octets).map_err(|error| error.to_string())?;
                let (hits, ..) = self.find_below(directory).map_err(|error| error.to_string())?;
                let found = hits.iter().any(|(_, name, _)| *name == pattern.name);
                if found != planted {
                    return Err(format!("{} as {}: planted {planted}", pattern.name, pattern.form));
                }
            }
        }
        fs::remove_dir_all(directory).map_err(|error| error.to_string())
    }
}

fn begin(octets: &[u8]) -> usize {
    usize::from(octets[0]) << 8 | usize::from(octets[1])
}

fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let each = |write: fn(u8) -> String| {
        secret.iter().map(|octet| write(*octet)).collect::<String>().into_bytes()
    };
    let escaped = each(|octet| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(octet).to_string()
        }
        _ => format!("%{octet:02X}"),
    });
    let list = format!("{secret:?}");
    let list = list.trim_matches(['[', ']']).to_owned();
    let mut forms = vec![
        ("raw", secret.to_vec()),
        ("percent-encoded", escaped),
        ("all escapes", each(|octet| format!("%{octet:02X}"))),
        ("hex", each(|octet| format!("{octet:02x}"))),
        ("HEX", each(|octet| format!("{octet:02X}"))),
        ("list of octets", list.into_bytes()),
    ];
    // Wherever it begins in what is encoded: without the characters that its neighbours share.
    for before in 0..3 {
        let padded = [&vec![0; before][..], secret].concat();
        let whole = padded.len() / 3 * 4;
        let start = (before * 8_usize).div_ceil(6);
        for (name, engine) in [("Base64", &STANDARD_NO_PAD), ("Base64 of URLs", &URL_SAFE_NO_PAD)] {
            let text = engine.encode(&padded).into_bytes();
            forms.push((name, text[start..whole.min(text.len())].to_vec()));
        }
    }
    forms
}

fn files_below(root: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut files, mut directories) = (Vec::new(), vec![root.to_owned()]);
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                directories.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_each_form_and_nothing_else_is() {
        let mut canaries = Canaries::default();
        canaries.add("one", b"correct horse battery");
        let directory = std::env::temp_dir().join(format!("canary-{}", std::process::id()));
        assert_eq!(canaries.check(&directory), Ok(()));
        for text in [
            "correct%20horse%20battery",
            "636F727265637420686F7273652062617474657279",
            // Of "x" and "xy" before it, and something behind.
            "eGNvcnJlY3QgaG9yc2UgYmF0dGVyeSE=",
            "eHljb3JyZWN0IGhvcnNlIGJhdHRlcnkh",
            "[99, 111, 114, 114, 101, 99, 116, 32, 104, 111, 114, 115, 101, 32, 98, 97, 116, 116, 101, 114, 121]",
        ] {
            assert_eq!(canaries.find("here", text.as_bytes()).len(), 1, "{text}");
        }
        assert!(canaries.find("here", b"correct horse batter").is_empty());
    }
}

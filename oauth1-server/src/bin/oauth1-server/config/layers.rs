//! Where each value comes from: flags before environment before file before default.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use super::keys::{self, KEYS, Key, Shown};

/// All values, each with its source.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    values: BTreeMap<&'static str, Value>,
    /// What is wrong with the sources themselves.
    pub(crate) errors: Vec<String>,
}

struct Value {
    text: String,
    source: Source,
}

/// What a value may hold is not for logs.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.source)
    }
}

/// Where a value was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Default,
    File(PathBuf),
    Environment(String),
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

impl Layers {
    /// The file, if there is one, and the environment; flags come after with [`Layers::set`].
    pub(crate) fn read(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Self {
        let mut layers = Self::default();
        if let Some(path) = file {
            layers.read_file(path);
        }
        for (name, text) in environment {
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            let key = rest.to_ascii_lowercase().replace("__", ".");
            layers.put(&key, text, Source::Environment(name));
        }
        layers
    }

    /// A flag.
    pub(crate) fn set(&mut self, name: &str, text: String) {
        self.put(name, text, Source::Flag);
    }

    /// A value with its source; the default if nothing else was found.
    pub(crate) fn value<'a>(&'a self, key: &'a Key) -> (&'a str, Source) {
        match self.values.get(key.name) {
            Some(value) => (&value.text, value.source.clone()),
            None => (key.default, Source::Default),
        }
    }

    fn read_file(&mut self, path: &Path) {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                return self.errors.push(format!("{}: cannot be read: {error}", path.display()));
            }
        };
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            // The message repeats the line, which may hold a secret.
            Err(error) => {
                let line = error.span().map(|span| 1 + count_lines(&text, span.start));
                let line = line.map_or(String::new(), |line| format!(" line {line}:"));
                return self.errors.push(format!("{}:{line} {}", path.display(), error.message()));
            }
        };
        for (section, value) in table {
            let toml::Value::Table(section_table) = value else {
                self.unknown(&section, &Source::File(path.to_owned()));
                continue;
            };
            for (name, value) in section_table {
                let name = format!("{section}.{name}");
                match text_of(&value) {
                    Some(text) => self.put(&name, text, Source::File(path.to_owned())),
                    None => self.errors.push(format!(
                        "{}: {name}: must be text, a number, true or false, or a list of text",
                        path.display()
                    )),
                }
            }
        }
    }

    fn put(&mut self, name: &str, text: String, source: Source) {
        if let Ok(key) = keys::find(name) {
            self.values.insert(key.name, Value { text, source });
            return;
        }
        // NAME_file holds the path of a file with the value, for those that may be secret.
        let of_file = name.strip_suffix("_file").and_then(|name| keys::find(name).ok());
        match of_file.filter(|key| key.shown != Shown::Whole) {
            Some(key) => match std::fs::read_to_string(&text) {
                Ok(content) => {
                    let text = content.trim_end_matches(['\r', '\n']).to_owned();
                    self.values.insert(key.name, Value { text, source });
                }
                Err(error) => self.errors.push(format!("{source}: {name}: {text}: {error}")),
            },
            None => self.unknown(name, &source),
        }
    }

    fn unknown(&mut self, name: &str, source: &Source) {
        let hint = match keys::find(name) {
            Err(Some(alike)) => format!("did you mean {alike}?"),
            _ => "config print lists all settings".to_owned(),
        };
        self.errors.push(format!("{source}: there is no setting {name:?}; {hint}"));
    }
}

/// Lists are written with commas, which none of their items contain.
fn text_of(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        toml::Value::Array(items) => {
            let items: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
            items.map(|items| items.join(","))
        }
        _ => None,
    }
}

fn count_lines(text: &str, end: usize) -> usize {
    text.bytes().take(end).filter(|b| *b == b'\n').count()
}

/// All values with their sources, as a file that could be read again; nothing secret.
pub(crate) fn print(layers: &Layers) -> String {
    let mut out = String::new();
    let mut section = "";
    for key in KEYS {
        let (of, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if of != section {
            out += &format!("{}[{of}]\n", if section.is_empty() { "" } else { "\n" });
            section = of;
        }
        let (text, source) = layers.value(key);
        let shown = match key.shown {
            Shown::Masked if !text.is_empty() => "[set]".to_owned(),
            Shown::WithoutPassword => without_password(text),
            _ => text.to_owned(),
        };
        out += &format!("{:<52} # {source}: {}\n", format!("{name} = {shown:?}"), key.about);
    }
    out
}

/// The URL with the password replaced. What cannot be taken apart is not shown at all.
fn without_password(url: &str) -> String {
    if url.is_empty() || url.starts_with("sqlite:") {
        return url.to_owned();
    }
    match (url.split_once("://"), url.contains("password")) {
        (Some((scheme, rest)), false) => match rest.rsplit_once('@') {
            Some((user, host)) => {
                let user = user.split_once(':').map_or(user, |(user, _)| user);
                format!("{scheme}://{user}:********@{host}")
            }
            None => url.to_owned(),
        },
        _ => "[set]".to_owned(),
    }
}

const PREFIX: &str = "OAUTH1_SERVER__";

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Layers {
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Layers::read(None, pairs.into_iter())
    }

    fn value(layers: &Layers, name: &str) -> (String, Source) {
        let (text, source) = layers.value(keys::find(name).unwrap());
        (text.to_owned(), source)
    }

    #[test]
    fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
        let path = std::env::temp_dir().join(format!("oauth1-layers-{}.toml", std::process::id()));
        let toml =
            "[server]\nlisten = \"a\"\nidle_timeout = \"1s\"\n[policy]\nmethods = [\"x\", \"y\"]\n";
        std::fs::write(&path, toml).unwrap();
        let listen = ("OAUTH1_SERVER__SERVER__LISTEN".to_owned(), "b".to_owned());
        let mut layers = Layers::read(Some(&path), [listen.clone()].into_iter());
        std::fs::remove_file(&path).unwrap();
        assert_eq!(value(&layers, "server.listen"), ("b".into(), Source::Environment(listen.0)));
        assert_eq!(value(&layers, "server.idle_timeout"), ("1s".into(), Source::File(path)));
        assert_eq!(value(&layers, "policy.methods").0, "x,y");
        assert_eq!(value(&layers, "log.format"), ("text".into(), Source::Default));
        layers.set("server.listen", "c".into());
        assert_eq!(value(&layers, "server.listen"), ("c".into(), Source::Flag));
        assert_eq!(layers.errors, [""; 0]);
    }

    #[test]
    fn unknown_names_are_errors_with_a_hint() {
        let layers = environment(&[("OAUTH1_SERVER__SERVER__LISEN", "b"), ("OTHER", "c")]);
        assert_eq!(layers.errors.len(), 1);
        assert!(layers.errors[0].contains("did you mean server.listen?"), "{:?}", layers.errors);
        let layers = environment(&[("OAUTH1_SERVER__SERVER__LISTEN_FILE", "/x")]);
        assert!(layers.errors[0].contains("no setting"), "{:?}", layers.errors);
        let layers = environment(&[("OAUTH1_SERVER__NONCES__URL_FILE", "/nowhere/at/all")]);
        assert!(layers.errors[0].contains("/nowhere/at/all"), "{:?}", layers.errors);
    }

    #[test]
    fn secrets_are_not_printed() {
        let layers = environment(&[
            ("OAUTH1_SERVER__CREDENTIALS__MASTER_KEY", "canary"),
            ("OAUTH1_SERVER__CREDENTIALS__URL", "postgres://me:canary@h@db:5432/x"),
            ("OAUTH1_SERVER__NONCES__URL", "redis://:canary@cache"),
        ]);
        for text in [print(&layers), format!("{layers:?}")] {
            assert!(!text.contains("canary"), "{text}");
        }
        assert!(print(&layers).contains("postgres://me:********@db:5432/x"));
        assert_eq!(without_password("postgres://db/x?user=u&password=canary"), "[set]");
        assert_eq!(without_password("canary"), "[set]");
    }
}

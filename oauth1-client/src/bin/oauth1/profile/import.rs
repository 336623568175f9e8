//! Keys from where other programs keep them: `.env` files, twurl and xurl.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

use oauth1_client::SharedSecret;
use zeroize::Zeroizing;

use super::yaml::{Document, Node};
use crate::{
    credentials::Given,
    failure::{Failure, Kind},
    source::{Sources, utf8},
};

#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Import")]
pub(super) struct FromArgs {
    /// A .env file with names such as CONSUMER_KEY, API_SECRET, ACCESS_TOKEN, TOKEN_SECRET
    #[arg(long, value_name = "FILE|-", group = "from", conflicts_with_all = FLAGS)]
    from_env_file: Option<String>,
    /// The default profile of twurl [default: ~/.twurlrc]
    #[arg(long, value_name = "FILE", group = "from", num_args = 0..=1, default_missing_value = "", conflicts_with_all = FLAGS)]
    from_twurl: Option<String>,
    /// The default app of xurl [default: ~/.xurl]
    #[arg(long, value_name = "FILE", group = "from", num_args = 0..=1, default_missing_value = "", conflicts_with_all = FLAGS)]
    from_xurl: Option<String>,
}

const FLAGS: [&str; 7] = [
    "consumer_key",
    "consumer_secret",
    "consumer_secret_file",
    "token",
    "token_secret",
    "token_secret_file",
    "secrets_stdin",
];

/// What was found.
#[derive(Debug)]
pub(super) struct Imported {
    pub(super) client: Option<Given<String>>,
    pub(super) client_secret: Option<Given<SharedSecret>>,
    pub(super) token: Option<Given<String>>,
    pub(super) token_secret: Option<Given<SharedSecret>>,
    pub(super) provider: Option<&'static str>,
}

impl FromArgs {
    /// The keys in the file that was named, if one was.
    pub(super) fn imported(&self, sources: &Sources) -> Result<Option<Imported>, Failure> {
        let read = |path: &str| sources.file(path, "the keys", Kind::Config);
        if let Some(path) = &self.from_env_file {
            let bytes = read(path)?;
            return from_env(utf8(&bytes, "the .env file")?).map(Some);
        }
        if let Some(path) = &self.from_twurl {
            let path = if path.is_empty() { home(".twurlrc")? } else { path.into() };
            let bytes = read(&path.to_string_lossy())?;
            return from_twurl(utf8(&bytes, "the file of twurl")?).map(Some);
        }
        if let Some(path) = &self.from_xurl {
            let mut path = if path.is_empty() { home(".xurl")? } else { PathBuf::from(path) };
            if path.is_dir() {
                path.push("auth.yml");
            }
            let bytes = read(&path.to_string_lossy())?;
            return from_xurl(utf8(&bytes, "the file of xurl")?).map(Some);
        }
        Ok(None)
    }
}

fn home(name: &str) -> Result<PathBuf, Failure> {
    let home = env::var_os("HOME").filter(|home| !home.is_empty());
    home.map(|home| Path::new(&home).join(name))
        .ok_or_else(|| Failure::config("HOME is not set", "name the file"))
}

/// Four values, in the order key, secret, token, secret.
fn found(values: [Option<&str>; 4], origin: &str, provider: Option<&'static str>) -> Imported {
    let values = values.map(|value| value.filter(|value| !value.is_empty()));
    let open = |value: Option<&str>| {
        value.map(|value| Given { value: value.to_owned(), origin: origin.to_owned() })
    };
    let secret = |value: Option<&str>| {
        value.map(|value| Given { value: SharedSecret::new(value), origin: origin.to_owned() })
    };
    Imported {
        client: open(values[0]),
        client_secret: secret(values[1]),
        token: open(values[2]),
        token_secret: secret(values[3]),
        provider,
    }
}

/// Names are grouped by what stands before them, as in `X_API_KEY`: a file may hold keys of many.
fn from_env(text: &str) -> Result<Imported, Failure> {
    let mut groups: BTreeMap<&str, [Option<Zeroizing<String>>; 4]> = BTreeMap::new();
    for line in text.lines() {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else { continue };
        let name = name.trim();
        let hit = NAMES.iter().find_map(|(suffix, place)| {
            let prefix = name.strip_suffix(suffix)?;
            (prefix.is_empty() || prefix.ends_with('_')).then_some((prefix, *place))
        });
        if let Some((prefix, place)) = hit {
            groups.entry(prefix).or_default()[place] = Some(unquoted(value.trim()));
        }
    }
    groups.retain(|_, values| values[0].is_some() && values[1].is_some());
    let names: Vec<_> = groups.keys().map(|prefix| format!("{prefix}\u{2026}")).collect();
    let mut groups = groups.into_values();
    match (groups.next(), names.len()) {
        (Some(values), 1) => {
            let values = values.each_ref().map(|value| value.as_ref().map(|value| value.as_str()));
            Ok(found(values, "the .env file", None))
        }
        (None, _) => Err(Failure::config(
            "the .env file has no App key with an App secret",
            "name them CONSUMER_KEY and CONSUMER_SECRET, and the token ACCESS_TOKEN and ACCESS_TOKEN_SECRET",
        )),
        _ => Err(Failure::config(
            format!("the .env file has keys of more than one app: {}", names.join(", ")),
            "keep those of one app in a file of their own",
        )),
    }
}

/// A value as a shell would read it.
fn unquoted(value: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(value.len()));
    let mut rest = value.chars();
    match rest.next() {
        Some('\'') => out.extend(rest.take_while(|c| *c != '\'')),
        Some('"') => {
            while let Some(c) = rest.next().filter(|c| *c != '"') {
                let c = if c == '\\' { rest.next().unwrap_or(c) } else { c };
                out.push(c);
            }
        }
        _ => {
            let end = value.find(" #").unwrap_or(value.len());
            out.push_str(value[..end].trim_end());
        }
    }
    out
}

/// `profiles: {USER: {KEY: {consumer_key, consumer_secret, token, secret}}}`, and
/// `configuration: {default_profile: [USER, KEY]}`.
fn from_twurl(text: &str) -> Result<Imported, Failure> {
    let document = Document::parse(text)?;
    let at = |name| document.root().and_then(|root| root.get(name));
    let default = at("configuration").and_then(|node| node.get("default_profile"));
    let default = default.and_then(|node| Some((node.at(0)?.text()?, node.at(1)?.text()?)));
    let profiles = at("profiles");
    let one = match default {
        Some((user, key)) => profiles.and_then(|profiles| profiles.get(user)?.get(key)),
        None => profiles.and_then(|profiles| profiles.only()?.only()),
    };
    let one = one.ok_or_else(|| nothing("the file of twurl has no default profile"))?;
    let value = |name| one.get(name).and_then(Node::text);
    let values = ["consumer_key", "consumer_secret", "token", "secret"].map(value);
    complete(found(values, "the file of twurl", Some("x")))
}

/// `apps: {NAME: {oauth1_token: {oauth1: {…}}}}` and `default_app`, or `oauth1_tokens: {oauth1: {…}}`
/// in files of older versions.
fn from_xurl(text: &str) -> Result<Imported, Failure> {
    let document = Document::parse(text)?;
    let at = |name| document.root().and_then(|root| root.get(name));
    let apps = at("apps");
    let default = at("default_app").and_then(Node::text).filter(|name| !name.is_empty());
    let app = match default {
        Some(name) => apps.and_then(|apps| apps.get(name)),
        None => apps.and_then(Node::only),
    };
    let token = app.and_then(|app| app.get("oauth1_token")).or_else(|| at("oauth1_tokens"));
    let token = token.and_then(|token| token.get("oauth1"));
    let token = token.ok_or_else(|| nothing("the default app of xurl has no OAuth 1 token"))?;
    let value = |name| token.get(name).and_then(Node::text);
    let values = ["consumer_key", "consumer_secret", "access_token", "token_secret"].map(value);
    complete(found(values, "the file of xurl", Some("x")))
}

fn complete(imported: Imported) -> Result<Imported, Failure> {
    if imported.client.is_some() && imported.client_secret.is_some() {
        return Ok(imported);
    }
    Err(nothing("the file has no App key with an App secret"))
}

fn nothing(message: &str) -> Failure {
    Failure::config(message, "give the values themselves: oauth1 profile add --help says how")
}

/// The longest first, where one ends like another.
const NAMES: [(&str, usize); 15] = [
    ("CONSUMER_SECRET", 1),
    ("API_SECRET_KEY", 1),
    ("API_KEY_SECRET", 1),
    ("API_SECRET", 1),
    ("APP_SECRET", 1),
    ("CLIENT_SECRET", 1),
    ("ACCESS_TOKEN_SECRET", 3),
    ("ACCESS_SECRET", 3),
    ("TOKEN_SECRET", 3),
    ("CONSUMER_KEY", 0),
    ("API_KEY", 0),
    ("APP_KEY", 0),
    ("CLIENT_KEY", 0),
    ("ACCESS_TOKEN", 2),
    ("TOKEN", 2),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn values(found: &Imported) -> [Option<&str>; 4] {
        let open =
            |given: &Option<Given<String>>| given.as_ref().map(|g| g.value.clone().leak() as &str);
        let secret = |given: &Option<Given<SharedSecret>>| {
            given.as_ref().map(|g| g.value.expose().to_owned().leak() as &str)
        };
        [
            open(&found.client),
            secret(&found.client_secret),
            open(&found.token),
            secret(&found.token_secret),
        ]
    }

    #[test]
    fn env_files_in_many_spellings() {
        for text in [
            "CONSUMER_KEY=k\nCONSUMER_SECRET=s\nACCESS_TOKEN=t\nACCESS_TOKEN_SECRET=ts",
            "# keys\nexport X_API_KEY='k'\nexport X_API_SECRET=\"s\"\r\nX_ACCESS_TOKEN=t # mine\nX_ACCESS_TOKEN_SECRET= ts\nGITHUB_TOKEN=other",
            "OAUTH1_CONSUMER_KEY=k\nOAUTH1_CONSUMER_SECRET=s\nOAUTH1_TOKEN=t\nOAUTH1_TOKEN_SECRET=ts",
        ] {
            let found = from_env(text).unwrap();
            assert_eq!(values(&found), [Some("k"), Some("s"), Some("t"), Some("ts")], "{text}");
        }
        assert_eq!(unquoted(r#""a\"b\\c" # d"#).as_str(), r#"a"b\c"#);
        assert_eq!(unquoted("a#b").as_str(), "a#b");
    }

    #[test]
    fn env_files_without_one_app_are_refused() {
        for (text, words) in [
            ("", "no App key"),
            ("CONSUMER_KEY=canary\nGITHUB_TOKEN=canary", "no App key"),
            (
                "A_API_KEY=canary\nA_API_SECRET=canary\nB_API_KEY=canary\nB_API_SECRET=canary",
                "A_\u{2026}, B_\u{2026}",
            ),
        ] {
            let failure = from_env(text).unwrap_err();
            assert!(failure.message.contains(words), "{}", failure.message);
            assert!(!failure.message.contains("canary"), "{}", failure.message);
        }
    }
}

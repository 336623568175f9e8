//! What a profile holds, and how it is written down.

use std::{collections::BTreeMap, fmt};

use oauth1_client::{
    SharedSecret,
    delegation::Place,
    providers::{Provider, Quirk},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::files::Directory;
use crate::{args::Transmit, failure::Failure, shell::quote};

/// `config.toml`: no secrets.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The profile that is used where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) active: Option<String>,
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, Settings>,
}

/// What of a profile is no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    pub(crate) app_key: String,
    pub(crate) access_token: Option<String>,
    /// When the token ends, in seconds since 1970.
    pub(crate) token_ends: Option<u64>,
    pub(crate) provider: Option<String>,
    pub(crate) site: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) initiate: Option<String>,
    pub(crate) authorize: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) signature_method: Option<String>,
    pub(crate) realm: Option<String>,
    pub(crate) transmit: Option<Transmit>,
    /// The path of the private key; the key itself stays where it is.
    pub(crate) rsa_key: Option<String>,
}

/// A profile in `credentials.toml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Secrets {
    pub(crate) app_secret: Option<Secret>,
    pub(crate) token_secret: Option<Secret>,
    pub(crate) session_handle: Option<Secret>,
}

/// All of `credentials.toml`, by profile.
pub(crate) type AllSecrets = BTreeMap<String, Secrets>;

/// A secret that is written to files, and to nothing else.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) SharedSecret);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(SharedSecret::new(text)))
    }
}

impl Settings {
    /// The provider, if it is one of the table.
    pub(crate) fn known_provider(&self) -> Option<&'static Provider> {
        self.provider.as_deref().and_then(Provider::find)
    }

    pub(crate) fn has(&self, quirk: Quirk) -> bool {
        self.known_provider().is_some_and(|provider| provider.has(quirk))
    }

    /// The signature method: the profile's, or the one that its provider prefers.
    pub(crate) fn method(&self) -> Option<&str> {
        let preferred = || self.known_provider().and_then(|p| p.signature_methods.first().copied());
        self.signature_method.as_deref().or_else(preferred)
    }

    /// The realm: the profile's, or the one that its provider wants for the account.
    pub(crate) fn known_realm(&self) -> Option<String> {
        let wanted = || {
            let quirks = self.known_provider()?.quirks;
            quirks.iter().find_map(|quirk| match quirk {
                // One that follows the URL is none for a whole profile.
                Quirk::Realm(realm) if !realm.contains("{url}") => {
                    self.whose().fill(self.known_provider()?, realm).ok()
                }
                _ => None,
            })
        };
        self.realm.clone().or_else(wanted)
    }

    /// Which of the provider's installations and accounts it is.
    pub(crate) fn whose(&self) -> Place {
        Place { site: self.site.clone(), account: self.account.clone() }
    }

    /// Where the protocol parameters go.
    pub(crate) fn known_transmit(&self) -> Option<Transmit> {
        self.transmit.or_else(|| self.has(Quirk::InQuery).then_some(Transmit::Query))
    }
}

impl Directory {
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        self.parsed(CONFIG)
    }

    pub(crate) fn secrets(&self) -> Result<AllSecrets, Failure> {
        self.parsed(CREDENTIALS)
    }

    /// Reads both files, lets them be changed, and writes what has changed. The secrets are written
    /// first: what the other file names is there.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Config, &mut AllSecrets) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let _lock = self.lock()?;
        let (mut config, mut secrets) = (self.config()?, self.secrets()?);
        let before = (text(&config)?, text(&secrets)?);
        let result = change(&mut config, &mut secrets)?;
        let after = (text(&config)?, text(&secrets)?);
        if *after.1 != *before.1 {
            self.write(CREDENTIALS, &after.1)?;
        }
        if *after.0 != *before.0 {
            self.write(CONFIG, &after.0)?;
        }
        Ok(result)
    }

    fn parsed<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T, Failure> {
        let Some(text) = self.read(name)? else { return Ok(T::default()) };
        toml::from_str(&text).map_err(|error| {
            // The parser's own words repeat the line, and a secret may stand in it.
            let line = error.span().map_or(1, |span| {
                1 + text.bytes().take(span.start).filter(|octet| *octet == b'\n').count()
            });
            let path = quote(&self.path().join(name).to_string_lossy());
            Failure::config(
                format!(
                    "{path} cannot be read: line {line} is no TOML, or no setting of a profile"
                ),
                "correct the line, or move the file away and add the profile again",
            )
        })
    }
}

fn text(value: &impl Serialize) -> Result<Zeroizing<String>, Failure> {
    toml::to_string(value)
        .map(Zeroizing::new)
        .map_err(|_| Failure::other("the profile has no form in TOML", "use plain text in it"))
}

pub(crate) const CONFIG: &str = "config.toml";
pub(crate) const CREDENTIALS: &str = "credentials.toml";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_follow_the_provider_unless_they_say_otherwise() {
        let of = |provider: &str| Settings {
            provider: Some(provider.into()),
            account: Some("123-sb1".into()),
            ..Settings::default()
        };
        let netsuite = of("netsuite");
        assert_eq!(netsuite.method(), Some("HMAC-SHA256"));
        assert_eq!(netsuite.known_realm().as_deref(), Some("123_SB1"));
        let own = Settings { realm: Some("mine".into()), ..netsuite };
        assert_eq!(own.known_realm().as_deref(), Some("mine"));
        assert_eq!(of("woocommerce").known_transmit(), Some(Transmit::Query));
        // Another realm with each request.
        assert_eq!(of("cardmarket").known_realm(), None);
        assert_eq!(of("nobody").method(), None);
    }

    #[test]
    fn secrets_are_in_the_file_and_not_in_debug() {
        let secret = Secret(SharedSecret::new("ca\"na\nry"));
        let one = Secrets { app_secret: Some(secret), ..Secrets::default() };
        assert!(!format!("{one:?}").contains("ca\""), "{one:?}");
        let all = AllSecrets::from([("a".to_owned(), one)]);
        let read: AllSecrets = toml::from_str(&text(&all).unwrap()).unwrap();
        assert_eq!(read["a"].app_secret.as_ref().unwrap().0.expose(), "ca\"na\nry");
    }
}

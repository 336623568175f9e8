//! How applications get access that people grant: where, for how long, and who the people are.

use http::HeaderName;
use oauth1_server::endpoints::{Paths, Times};

use super::{Delegation, reader::Reader, values};

impl Reader<'_> {
    pub(super) fn delegation(&mut self) -> Option<Delegation> {
        let enabled = self.read("delegation.enabled", |text| match text {
            "auto" => Ok(None),
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err("must be auto, true or false".to_owned()),
        });
        let paths = PATHS.map(|name| self.read(name, path));
        self.refuse_equal(&paths);
        let owner_header = self.read("delegation.owner_header", |text| match text {
            "" => Ok(None),
            text => text
                .parse::<HeaderName>()
                .map(Some)
                .map_err(|_| "must be the name of a header, such as X-Forwarded-User".to_owned()),
        });
        let service_name = self.text("delegation.service_name");
        let temporary = self.read("delegation.temporary_lifetime", lifetime);
        let token = self.read("delegation.token_lifetime", optional_lifetime);
        let authorization = self.read("delegation.authorization_lifetime", optional_lifetime);
        let xauth = self.read("delegation.xauth", |text| {
            let keys = text.split(',').map(str::trim).filter(|key| !key.is_empty());
            Ok(keys.map(str::to_owned).collect::<Vec<_>>())
        });
        let (owner_header, xauth) = (owner_header?, xauth?);
        if owner_header.is_some() {
            self.check_owner_header(!xauth.is_empty());
        }
        let [initiate, authorize, exchange, grants] = paths;
        let paths =
            Paths { initiate: initiate?, authorize: authorize?, token: exchange?, grants: grants? };
        Some(Delegation {
            enabled: enabled?,
            paths,
            times: Times { temporary: temporary?, token: token?, authorization: authorization? },
            service_name: service_name?,
            owner_header,
            xauth,
        })
    }

    /// Whoever may set the header is whoever he likes.
    fn check_owner_header(&mut self, xauth: bool) {
        self.read("server.trusted_proxies", |text| match text.trim() {
            "" => Err("delegation.owner_header needs the proxies that may set it".to_owned()),
            _ => Ok(()),
        });
        if xauth {
            self.read("delegation.xauth", |_| {
                Err::<(), _>(
                    "the people of delegation.owner_header have no password here".to_owned(),
                )
            });
        }
    }

    fn refuse_equal(&mut self, paths: &[Option<String>; 4]) {
        let authorize = paths[1].as_deref().unwrap_or_default();
        let taken = ["sign-in", "sign-out"].map(|page| format!("{authorize}/{page}"));
        let taken = ["/echo", "/v1/tokens", &taken[0], &taken[1]];
        for (n, (name, path)) in PATHS.iter().zip(paths).enumerate() {
            let Some(path) = path else { continue };
            let twice = paths[..n].iter().flatten().any(|other| other == path);
            if twice || taken.contains(&path.as_str()) {
                let problem = format!("{path} is something else already; take another path");
                self.read(name, |_| Err::<(), _>(problem));
            }
        }
    }
}

const PATHS: [&str; 4] =
    ["delegation.initiate", "delegation.authorize", "delegation.token", "delegation.grants"];

/// A path of visible ASCII letters that mean themselves, to the router as well.
fn path(text: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    let segments = || text.split('/').skip(1);
    if text.starts_with('/')
        && text.bytes().all(plain)
        && segments().all(|segment| !matches!(segment, "" | "." | ".."))
    {
        Ok(text.to_owned())
    } else {
        Err("must be a path of letters, digits and -._~, such as /oauth/token".to_owned())
    }
}

fn lifetime(text: &str) -> Result<u32, String> {
    let seconds = values::seconds(text)?;
    u32::try_from(seconds)
        .ok()
        .filter(|seconds| (1..=LONGEST).contains(seconds))
        .ok_or_else(|| "must be 1s to 3650d".to_owned())
}

fn optional_lifetime(text: &str) -> Result<Option<u32>, String> {
    if text.is_empty() { Ok(None) } else { lifetime(text).map(Some) }
}

/// Ten years.
const LONGEST: u32 = 3_650 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_plain() {
        for good in ["/oauth/initiate", "/a", "/request_token", "/1/~b.c-d"] {
            assert!(path(good).is_ok(), "{good}");
        }
        for bad in ["", "/", "a", "//a", "/a/", "/a//b", "/{x}", "/a?b", "/a#b", "/ä", "/a/../b"] {
            assert!(path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lifetimes_are_bounded() {
        assert_eq!(optional_lifetime(""), Ok(None));
        assert_eq!(optional_lifetime("1h"), Ok(Some(3_600)));
        for bad in ["0s", "3651d", "1500ms", "soon"] {
            assert!(lifetime(bad).is_err(), "{bad}");
        }
    }
}

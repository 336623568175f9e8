//! Where a login goes: the endpoints of a provider, and everything in which it differs from
//! RFC 5849.

use std::time::Duration;

use oauth1_client::{
    Client, ClientCredentials, Signer,
    delegation::{Delegation, Endpoints, Place as Whose, ProviderError},
    providers::{Provider, Quirk},
};
use reqwest::Url;

use crate::{
    args::Transmit,
    failure::Failure,
    profile::Settings,
    request::USER_AGENT,
    sending::{no_tls, private},
};

#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Provider")]
pub(super) struct PlaceArgs {
    /// Name of the provider, such as x or oauth1-server [default: the profile's]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["initiate", "authorize", "token"])]
    provider: Option<String>,
    /// Address of one's installation, where the provider has many
    #[arg(long, value_name = "URL")]
    site: Option<String>,
    /// ID of one's account, where the provider has it in host names
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Where temporary credentials are asked for, of a provider that has no name here
    #[arg(long, value_name = "URL")]
    initiate: Option<String>,
    /// Where people grant access
    #[arg(long, value_name = "URL")]
    authorize: Option<String>,
    /// Where the token is asked for
    #[arg(long, value_name = "URL")]
    token: Option<String>,
    /// Send secrets over http to other computers too; everybody on the way can read them
    #[arg(long)]
    allow_http: bool,
}

impl PlaceArgs {
    /// Writes what was given into the settings of the profile.
    pub(super) fn apply(&self, settings: &mut Settings) -> Result<(), Failure> {
        let given = |url: &Option<String>, kept: &mut Option<String>| {
            if url.is_some() {
                kept.clone_from(url);
            }
        };
        if let Some(name) = &self.provider {
            if name != OWN_SERVER && Provider::find(name).is_none() {
                return Err(unknown_provider());
            }
            settings.provider = Some(name.to_ascii_lowercase());
            (settings.initiate, settings.authorize, settings.token) = (None, None, None);
        }
        if self.initiate.is_some() || self.authorize.is_some() || self.token.is_some() {
            settings.provider = None;
        }
        given(&self.initiate, &mut settings.initiate);
        given(&self.authorize, &mut settings.authorize);
        given(&self.token, &mut settings.token);
        given(&self.account, &mut settings.account);
        let site = self.site.as_ref().map(|site| site.trim_end_matches('/').to_owned());
        given(&site, &mut settings.site);
        Ok(())
    }

    /// The place that the settings name.
    pub(super) fn place(&self, settings: &Settings, password: bool) -> Result<Place, Failure> {
        let known = settings.known_provider();
        let own = settings.provider.as_deref() == Some(OWN_SERVER);
        let urls = match known {
            _ if own => [INITIATE, AUTHORIZE, TOKEN].map(Some),
            Some(provider) => [provider.initiate, provider.authorize, provider.token],
            None => {
                [&settings.initiate, &settings.authorize, &settings.token].map(|url| url.as_deref())
            }
        };
        if let Some(provider) = known {
            refuse(provider)?;
        }
        let [initiate, authorize, token] = match urls {
            [Some(initiate), Some(authorize), Some(token)] => [initiate, authorize, token],
            // With a password, there is no first and no second step.
            [_, _, Some(token)] if password => [token; 3],
            _ => {
                return Err(Failure::usage(
                    "it is not known where to log in",
                    "give --provider NAME, perhaps with --site URL, or --initiate, --authorize and --token",
                ));
            }
        };
        let url = |template: &str| self.url(template, settings);
        let endpoints =
            Endpoints { initiate: url(initiate)?, authorize: url(authorize)?, token: url(token)? };
        let quirks = known.map_or(&[][..], |provider| provider.quirks);
        let notes = known.map_or("", |provider| provider.notes);
        Ok(Place { endpoints, provider: known, whose: settings.whose(), quirks, notes })
    }

    fn url(&self, template: &str, settings: &Settings) -> Result<Url, Failure> {
        let url = filled(template, settings)?;
        if !private(&url) && !self.allow_http {
            return Err(Failure::usage(
                "over http, everybody on the way can read the secrets (RFC 5849 sections 2.1 and 2.3 want TLS)",
                "use https; where nobody else can listen, --allow-http",
            ));
        }
        Ok(url)
    }
}

/// A URL of the table, with what stands for one's site and account put in.
pub(crate) fn filled(template: &str, settings: &Settings) -> Result<Url, Failure> {
    let missing = |mark: &str, flag: &str| {
        Failure::usage(
            format!("the provider has many installations: {mark} is missing"),
            format!("give {flag}"),
        )
    };
    let mut text = template.to_owned();
    if let Some(provider) = settings.known_provider() {
        text = settings.whose().fill(provider, template).map_err(|error| match error {
            ProviderError::AccountNeeded(_) => missing("{account}", "--account ID"),
            _ => missing("{site}", "--site URL"),
        })?;
    } else if text.contains("{site}") {
        let site = settings.site.as_ref().ok_or_else(|| missing("{site}", "--site URL"))?;
        text = text.replace("{site}", site);
    }
    let url: Option<Url> = text
        .parse()
        .ok()
        .filter(|url: &Url| matches!(url.scheme(), "http" | "https") && url.username().is_empty());
    url.ok_or_else(|| {
        Failure::usage(
            "an address of the provider is no URL",
            "write it whole, as in https://photos.example.net",
        )
    })
}

/// What cannot be done at all.
fn refuse(provider: &Provider) -> Result<(), Failure> {
    let by_hand =
        "make the token in the provider's own pages, and keep it: oauth1 profile add NAME";
    if provider.has(Quirk::ClientAlone) {
        return Err(Failure::usage(
            "requests to this provider are signed with the App key alone: there is no token to ask for",
            "keep the App key and App secret: oauth1 profile add NAME",
        ));
    }
    if provider.has(Quirk::NoVerifier) {
        return Err(Failure::usage(
            "this provider gives no verification code (OAuth Core 1.0): somebody else's approval could end in your token, or yours in theirs. It is refused",
            by_hand,
        ));
    }
    if provider.initiate.is_none() {
        return Err(Failure::usage(
            format!("this provider has no login for other programs. {}", provider.notes),
            by_hand,
        ));
    }
    Ok(())
}

pub(crate) fn unknown_provider() -> Failure {
    let mut names: Vec<_> = Provider::all().iter().map(|provider| provider.name).collect();
    names.push(OWN_SERVER);
    names.sort_unstable();
    Failure::usage(
        "there is no provider of this name",
        format!("take one of {}; or give --initiate, --authorize and --token", names.join(", ")),
    )
}

/// Where a login goes.
#[derive(Debug)]
pub(super) struct Place {
    endpoints: Endpoints,
    provider: Option<&'static Provider>,
    whose: Whose,
    quirks: &'static [Quirk],
    pub(super) notes: &'static str,
}

/// Parameters of the provider's own: for the first step, and for the second.
type Parameters<'a> = Vec<(&'a str, &'a str)>;

impl Place {
    pub(super) fn has(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }

    /// Whether a token that sleeps can be woken here.
    pub(super) fn wakes(&self) -> bool {
        self.quirks.iter().any(|quirk| matches!(quirk, Quirk::Renew(_)))
    }

    /// Deals out scope and parameters: what belongs to the authorization endpoint, as the table
    /// says, goes there, everything else into the request for temporary credentials.
    pub(super) fn parameters<'a>(
        &self,
        scope: Option<&'a str>,
        given: &'a [(String, String)],
    ) -> (Parameters<'a>, Parameters<'a>) {
        let known = |name: &str| {
            self.quirks.iter().find_map(|quirk| match quirk {
                Quirk::AuthorizeParameter(known, _) if *known == name => Some((*known, true)),
                Quirk::InitiateParameter(known, _) if *known == name => Some((*known, false)),
                _ => None,
            })
        };
        let mut steps = (Vec::new(), Vec::new());
        if let Some(scope) = scope {
            let scopes = ["scope", "scopes", "perms"];
            let (name, second) = scopes.into_iter().find_map(known).unwrap_or(("scope", false));
            if second { &mut steps.1 } else { &mut steps.0 }.push((name, scope));
        }
        for (name, value) in given {
            let second = known(name).is_some_and(|(_, second)| second);
            if second { &mut steps.1 } else { &mut steps.0 }.push((name, value));
        }
        steps
    }

    /// The library's flow at this place; it knows the quirks of the table.
    pub(super) fn delegation(
        &self,
        client: ClientCredentials,
        signer: Signer,
        transmit: Transmit,
    ) -> Result<Delegation, Failure> {
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(SILENCE)
            .read_timeout(SILENCE);
        let delegation = match self.provider {
            Some(provider) => Delegation::at_with(provider, &self.whose, client, http)
                .map_err(|error| Failure::usage(error.to_string(), "see oauth1 login --help"))?
                .with_signer(|_| signer),
            None => {
                let client = Client::with_builder(signer.clone(), http);
                Delegation::with_client(client.map_err(no_tls)?, signer, self.endpoints.clone())
            }
        };
        Ok(delegation.with_transmission(transmit.into()))
    }
}

/// A server that says nothing for so long has gone.
const SILENCE: Duration = Duration::from_secs(60);
/// The server of this project.
pub(crate) const OWN_SERVER: &str = "oauth1-server";
const INITIATE: &str = "{site}/oauth/initiate";
const AUTHORIZE: &str = "{site}/oauth/authorize";
const TOKEN: &str = "{site}/oauth/token";

#[cfg(test)]
mod tests {
    use oauth1_client::{Callback, TemporaryCredentials, delegation::AwaitingOwner};

    use super::*;

    fn place(provider: &str) -> Place {
        let args = PlaceArgs {
            provider: Some(provider.into()),
            site: Some("https://h/w/".into()),
            account: None,
            initiate: None,
            authorize: None,
            token: None,
            allow_http: false,
        };
        let mut settings = Settings::default();
        args.apply(&mut settings).unwrap();
        args.place(&settings, false).unwrap()
    }

    #[test]
    fn the_table_and_our_own_server_lead_to_where_people_decide() {
        let url = |name: &str, more: &[(&str, &str)]| {
            let client = || ClientCredentials::new("app", "secret");
            let delegation =
                place(name).delegation(client(), Signer::new(client()), Transmit::Header);
            let temporary = TemporaryCredentials::new("t&1", "secret");
            AwaitingOwner::resume(delegation.unwrap(), Callback::OutOfBand, temporary)
                .authorization_url_with(more)
                .to_string()
        };
        let etrade = url("etrade", &[]);
        assert!(etrade.contains("token=t%261") && etrade.contains("key=app"), "{etrade}");
        assert!(!etrade.contains("oauth_token"), "{etrade}");
        let own = url("oauth1-server", &[("a", "b c")]);
        assert_eq!(own, "https://h/w/oauth/authorize?oauth_token=t%261&a=b+c");
    }

    #[test]
    fn parameters_go_to_the_step_that_knows_them() {
        let given =
            [("expiration".to_owned(), "never".to_owned()), ("x".to_owned(), "y".to_owned())];
        let trello = place("trello");
        let (first, second) = trello.parameters(Some("read,write"), &given);
        assert_eq!(first, [("x", "y")]);
        assert_eq!(second, [("scope", "read,write"), ("expiration", "never")]);
        assert_eq!(place("usos").parameters(Some("email"), &[]).0, [("scopes", "email")]);
        assert_eq!(place("x").parameters(Some("email"), &[]).0, [("scope", "email")]);
    }
}

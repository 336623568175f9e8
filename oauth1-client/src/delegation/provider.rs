//! A provider of the table as a [`Delegation`]: all of its quirks are applied here.

use oauth1_core::{ClientCredentials, SignatureMethod, Signer};
use reqwest::{ClientBuilder, Method};
use url::Url;

use super::{Delegation, Endpoints};
use crate::{
    Client, Transmission,
    providers::{Provider, Quirk},
};

/// What a provider of many installations or accounts has to be told.
///
/// ```
/// use oauth1_client::{ClientCredentials, providers::Provider};
/// use oauth1_client::delegation::{Delegation, Place};
///
/// let mediawiki = Provider::find("mediawiki").ok_or("it is in the table")?;
/// let place = Place { site: Some("https://wiki.example.org".into()), account: None };
/// let client = ClientCredentials::new("app-key", "app-secret");
/// let delegation = Delegation::at(mediawiki, &place, client)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The address of the installation, such as `https://wiki.example.org`.
    pub site: Option<String>,
    /// The ID of the account, such as `1234567_SB1`.
    pub account: Option<String>,
}

/// Why the three steps cannot be walked at a provider.
///
/// ```
/// use oauth1_client::{ClientCredentials, providers::Provider};
/// use oauth1_client::delegation::{Delegation, Place, ProviderError};
///
/// let mediawiki = Provider::find("mediawiki").ok_or("it is in the table")?;
/// let nowhere = Delegation::at(mediawiki, &Place::default(), ClientCredentials::new("k", "s"));
/// assert!(matches!(nowhere, Err(ProviderError::SiteNeeded(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// Tokens are made in a console, or there are none.
    #[error("{0} has no such steps: make the token in its console")]
    NoFlow(&'static str),
    /// It is OAuth Core 1.0 without a verification code.
    #[error(
        "{0} gives no verification code (OAuth Core 1.0): whoever begins can finish with somebody else's approval, so this client does not take part; make the token in its console"
    )]
    NoVerifier(&'static str),
    /// The endpoints depend on the installation.
    #[error("{0} is at many places: say which, with the address of the site")]
    SiteNeeded(&'static str),
    /// The endpoints or the realm depend on the account.
    #[error("{0} wants to know the ID of your account")]
    AccountNeeded(&'static str),
    /// With site and account put in, an endpoint is no URL.
    #[error("an endpoint is no URL; check the site and the account: {0}")]
    Url(#[from] url::ParseError),
    /// TLS could not be set up.
    #[error("the HTTP client cannot be built")]
    Http(#[from] reqwest::Error),
}

impl Place {
    /// A URL or a realm of the table with what it leaves open filled in.
    ///
    /// # Errors
    /// [`ProviderError`] if something is open that is not known.
    pub fn fill(&self, provider: &Provider, text: &str) -> Result<String, ProviderError> {
        let site = self.site.as_deref().map(|site| site.trim_end_matches('/'));
        let account = self.account.as_deref();
        let mut filled = text.to_owned();
        if filled.contains("{site}") {
            let site = site.ok_or(ProviderError::SiteNeeded(provider.title))?;
            filled = filled.replace("{site}", site);
        }
        for (mark, spell) in
            [("{account}", host_form as fn(&str) -> String), ("{ACCOUNT}", realm_form)]
        {
            if filled.contains(mark) {
                let account = account.ok_or(ProviderError::AccountNeeded(provider.title))?;
                filled = filled.replace(mark, &spell(account));
            }
        }
        Ok(filled)
    }
}

fn host_form(account: &str) -> String {
    account.to_ascii_lowercase().replace('_', "-")
}

fn realm_form(account: &str) -> String {
    account.to_ascii_uppercase().replace('-', "_")
}

impl Delegation {
    /// At a provider of the table, with its quirks.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub fn at(
        provider: &Provider,
        place: &Place,
        client: ClientCredentials,
    ) -> Result<Self, ProviderError> {
        Self::at_with(provider, place, client, reqwest::Client::builder())
    }

    /// The same with timeouts, proxies and so on of the caller's.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub fn at_with(
        provider: &Provider,
        place: &Place,
        client: ClientCredentials,
        http: ClientBuilder,
    ) -> Result<Self, ProviderError> {
        let (Some(initiate), Some(authorize), Some(token)) =
            (provider.initiate, provider.authorize, provider.token)
        else {
            return Err(ProviderError::NoFlow(provider.title));
        };
        if provider.has(Quirk::NoVerifier) {
            return Err(ProviderError::NoVerifier(provider.title));
        }
        let url = |text| Ok::<Url, ProviderError>(place.fill(provider, text)?.parse()?);
        let endpoints =
            Endpoints { initiate: url(initiate)?, authorize: url(authorize)?, token: url(token)? };
        let signer = signer(provider, place, client)?;
        let client = Client::with_builder(signer.clone(), http.user_agent(USER_AGENT))?;
        let mut delegation = Self::with_client(client, signer, endpoints);
        for quirk in provider.quirks {
            delegation = match quirk {
                Quirk::CallbackNotConfirmed => delegation.with_unconfirmed_callbacks(),
                Quirk::GetForTokens => delegation.with_method(Method::GET),
                Quirk::InQuery => delegation.with_transmission(Transmission::Query),
                _ => delegation,
            };
            match quirk {
                Quirk::CallbackByConsole => delegation.callback_by_console = true,
                Quirk::CallbackAtAuthorize => delegation.callback_at_authorize = true,
                Quirk::TokenParameter(name) => delegation.token_parameter = name,
                Quirk::KeyParameter(name) => delegation.key_parameter = Some(name),
                Quirk::Renew(at) => delegation.wake = Some(url(at)?),
                _ => {}
            }
        }
        Ok(delegation)
    }
}

/// Signs as the provider wants it, for the three steps and for what comes after them. Where that
/// is with RSA, the key is still to be given ([`Delegation::with_signer`], `Signer::with_rsa_key`).
///
/// # Errors
/// [`ProviderError`] if the realm is that of an account that is not known.
pub fn signer(
    provider: &Provider,
    place: &Place,
    client: ClientCredentials,
) -> Result<Signer, ProviderError> {
    let mut signer = Signer::new(client);
    let method = provider.signature_methods.first().and_then(|name| name.parse().ok());
    if let Some(method) = method.filter(|method: &SignatureMethod| !method.is_rsa()) {
        signer = signer.with_method(method);
    }
    for quirk in provider.quirks {
        signer = match quirk {
            Quirk::Realm(realm) if !realm.contains("{url}") => {
                signer.with_realm(place.fill(provider, realm)?)
            }
            Quirk::NoVersion => signer.with_version(false),
            Quirk::BodyHash => signer.with_body_hash(true),
            _ => signer,
        };
    }
    Ok(signer)
}

const USER_AGENT: &str = concat!("oauth1-client/", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
    use super::*;

    fn at(name: &str, site: &str, account: &str) -> Result<Delegation, ProviderError> {
        let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let place = Place { site: known(site), account: known(account) };
        Delegation::at(Provider::find(name).unwrap(), &place, ClientCredentials::new("app", "s"))
    }

    #[test]
    fn every_provider_can_be_used_or_says_why_not() {
        for provider in Provider::all() {
            let result = at(provider.name, "https://site.example/", "12_SB1");
            let flow = provider.initiate.is_some() && !provider.has(Quirk::NoVerifier);
            assert_eq!(result.is_ok(), flow, "{}: {result:?}", provider.name);
            if let Ok(delegation) = result {
                for url in [&delegation.endpoints.initiate, &delegation.endpoints.token] {
                    assert!(!url.as_str().contains(['{', '}']) && url.scheme() == "https", "{url}");
                }
            }
        }
    }

    #[test]
    fn the_page_gets_what_it_wants_to_know() {
        use oauth1_core::{Callback, TemporaryCredentials};
        let page = |name: &str, callback: Callback| {
            let delegation = at(name, "https://site.example", "1").unwrap();
            let temporary = TemporaryCredentials::new("a b", "secret");
            let awaiting = super::super::AwaitingOwner::resume(delegation, callback, temporary);
            awaiting.authorization_url_with(&[("scope", "read")]).query().unwrap().to_owned()
        };
        let code = || Callback::OutOfBand;
        assert_eq!(page("etrade", code()), "token=a+b&key=app&scope=read");
        assert_eq!(page("discogs", code()), "oauth_token=a+b&scope=read");
        assert!(page("mediawiki", code()).contains("oauth_token=a+b&oauth_consumer_key=app"));
        for provider in Provider::all() {
            let quirks = provider.has(Quirk::CallbackAtAuthorize);
            if quirks && !provider.has(Quirk::NoVerifier) {
                let query = page(provider.name, Callback::uri("https://app.example/back"));
                assert!(
                    query.contains("oauth_callback=https%3A%2F%2Fapp.example%2Fback"),
                    "{query}"
                );
            }
        }
    }

    #[test]
    fn what_is_open_is_asked_for() {
        assert!(matches!(at("mediawiki", "", ""), Err(ProviderError::SiteNeeded(_))));
        assert!(matches!(at("netsuite", "", ""), Err(ProviderError::AccountNeeded(_))));
        assert!(matches!(at("netsuite", "", "a b"), Err(ProviderError::Url(_))));
        assert!(matches!(at("magento", "https://shop", ""), Err(ProviderError::NoFlow(_))));
        assert!(matches!(at("schoology", "", ""), Err(ProviderError::NoVerifier(_))));
        let wiki = at("mediawiki", "https://wiki.example/w/", "").unwrap();
        assert!(wiki.endpoints.initiate.as_str().starts_with("https://wiki.example/w/index.php"));
        let netsuite = at("netsuite", "", "1234567_SB1").unwrap();
        assert!(netsuite.endpoints.token.host_str().unwrap().starts_with("1234567-sb1."));
    }
}

//! Building and signing the requests of a step, the wrong ones too.
//!
//! `oauth1-core` makes base string and signature. The parameters are put together here, because it
//! would refuse to sign most of what a provider must refuse.

use oauth1_core::authorization::build_header;
use oauth1_core::parameters::{Parameter, Source};
use oauth1_core::percent_encoding::encode;
use oauth1_core::stamp::Nonce;
use oauth1_core::{
    SharedSecret, SignableBody, SignableRequest, SignatureBaseString, SignatureMethod, SigningKey,
    protocol_parameters as names,
};

use super::Settings;
use super::http::endpoint;
use super::values::{Memory, changed, fill, now};
use crate::sequence::{Client, Endpoint, Signing, Step, Transmission};

/// A request that is ready to be sent, as often as one likes.
#[derive(Clone)]
pub(super) struct Prepared {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) authorization: Option<String>,
    pub(super) form: Option<String>,
    pub(super) nonce: String,
    pub(super) timestamp: String,
}

type Pairs = Vec<(String, String)>;

impl Prepared {
    /// A request without any protocol parameter.
    pub(super) fn unsigned(method: &str, url: &str) -> Self {
        Self {
            method: method.to_owned(),
            url: url.to_owned(),
            authorization: None,
            form: None,
            nonce: String::new(),
            timestamp: String::new(),
        }
    }

    /// Builds and signs the request of a step.
    ///
    /// # Errors
    /// What is missing: an earlier step did not bring it, or there is no randomness.
    pub(super) fn new(step: &Step, settings: &Settings, memory: &Memory) -> Result<Self, String> {
        let method = match (step.endpoint, &step.method) {
            (_, Some(method)) => method,
            (Endpoint::Resource, None) => &settings.resource_method,
            (_, None) => "POST",
        };
        let query = filled(&step.query, settings, memory)?;
        let url = with_query(&endpoint(settings, step.endpoint), &query);
        let mut request = Self::unsigned(method, &url);
        let (client, secret) = client(step, settings)?;
        let issued = step.credentials.as_deref().map(|name| memory.issued(name)).transpose()?;

        let mut parameters: Pairs = vec![(names::CONSUMER_KEY.into(), client)];
        if let Some(issued) = issued {
            parameters.push((names::TOKEN.into(), issued.identifier.clone()));
        }
        parameters.push((names::SIGNATURE_METHOD.into(), SignatureMethod::HmacSha1.to_string()));
        parameters.push((names::TIMESTAMP.into(), now().to_string()));
        parameters.push((names::NONCE.into(), nonce()?));
        parameters.push((names::VERSION.into(), "1.0".into()));
        for (name, value) in filled(&step.set, settings, memory)? {
            match parameters.iter_mut().find(|(other, _)| *other == name) {
                Some(usual) => usual.1 = value,
                None => parameters.push((name, value)),
            }
        }
        parameters.extend(filled(&step.add, settings, memory)?);
        parameters.retain(|(name, _)| !step.omit.contains(name));
        let value = |name: &str| parameters.iter().find(|(other, _)| other == name);
        request.nonce = value(names::NONCE).map(|pair| pair.1.clone()).unwrap_or_default();
        request.timestamp = value(names::TIMESTAMP).map(|pair| pair.1.clone()).unwrap_or_default();

        if !step.omit.iter().any(|name| name == names::SIGNATURE) {
            let token = issued.map(|issued| &issued.secret);
            let key = match step.signing {
                Signing::WrongClientSecret => (SharedSecret::new(changed(secret.expose())), token),
                Signing::WithoutTokenSecret => (secret, None),
                Signing::Right | Signing::Tampered => (secret, token),
            };
            let mut signature = sign(method, &url, &parameters, &key.0, key.1)?;
            if step.signing == Signing::Tampered {
                let other = if signature.starts_with('A') { "B" } else { "A" };
                signature.replace_range(..1, other);
            }
            parameters.push((names::SIGNATURE.into(), signature));
        }
        request.carry(step.transmission, &parameters);
        Ok(request)
    }

    /// Puts the protocol parameters into one of the three places of section 3.5.
    fn carry(&mut self, transmission: Transmission, parameters: &[(String, String)]) {
        match transmission {
            _ if parameters.is_empty() => {}
            Transmission::Header => {
                let pairs = parameters.iter().map(|(name, value)| (name, value));
                self.authorization = Some(build_header(None, pairs, ", "));
            }
            Transmission::Body => self.form = Some(form(parameters)),
            Transmission::Query => self.url = with_query(&self.url, parameters),
        }
    }
}

/// The URL the resource owner is sent to (section 2.2). An `oauth_token` among the parameters
/// stands in for the one of the credentials.
pub(super) fn authorize_url(
    step: &Step,
    settings: &Settings,
    memory: &Memory,
) -> Result<String, String> {
    let mut query = filled(&step.query, settings, memory)?;
    if let Some(name) = &step.credentials
        && !query.iter().any(|(name, _)| name == names::TOKEN)
    {
        let issued = memory.issued(name)?;
        query.insert(0, (names::TOKEN.into(), issued.identifier.clone()));
    }
    Ok(with_query(&endpoint(settings, step.endpoint), &query))
}

/// The identifier and secret a request is signed with.
fn client(step: &Step, settings: &Settings) -> Result<(String, SharedSecret), String> {
    let known = match step.client {
        Some(Client::First) | None => &settings.client,
        Some(Client::Second) => settings.second.as_ref().ok_or("there is no second client")?,
        Some(Client::Unknown) => {
            let identifier = changed(settings.client.identifier());
            return Ok((identifier, SharedSecret::new(changed(settings.client.secret().expose()))));
        }
    };
    Ok((known.identifier().to_owned(), known.secret().clone()))
}

fn sign(
    method: &str,
    url: &str,
    parameters: &[(String, String)],
    client: &SharedSecret,
    token: Option<&SharedSecret>,
) -> Result<String, String> {
    let request = SignableRequest::new(method, url).map_err(|error| format!("{url}: {error}"))?;
    let request = request.with_body(SignableBody::NotForm(&[]));
    let of_url = request.parameters().collect::<Result<Vec<_>, _>>();
    let of_url = of_url.map_err(|(_, error)| format!("{url}: {error}"))?;
    let protocol =
        parameters.iter().map(|(name, value)| Parameter::decoded(name, value, Source::Header));
    let base = SignatureBaseString::new(method, request.uri(), of_url.into_iter().chain(protocol));
    let key = SigningKey::shared(SignatureMethod::HmacSha1, client, token);
    let signature = key.and_then(|key| key.sign(base.as_str().as_bytes()).ok());
    Ok(signature.ok_or("the request could not be signed")?.as_str().to_owned())
}

/// Letters and digits alone, and no more than thirty: some providers take no others.
fn nonce() -> Result<String, String> {
    let random = Nonce::random().map_err(|error| error.to_string())?;
    Ok(random.as_str().chars().filter(char::is_ascii_alphanumeric).take(24).collect())
}

fn filled(pairs: &Pairs, settings: &Settings, memory: &Memory) -> Result<Pairs, String> {
    let one = |(name, value): &(String, String)| {
        fill(value, settings, memory).map(|value| (name.clone(), value))
    };
    pairs.iter().map(one).collect()
}

fn with_query(url: &str, pairs: &[(String, String)]) -> String {
    if pairs.is_empty() {
        return url.to_owned();
    }
    let sign = if url.contains('?') { '&' } else { '?' };
    format!("{url}{sign}{}", form(pairs))
}

fn form(pairs: &[(String, String)]) -> String {
    let one = |(name, value): &(String, String)| format!("{}={}", encode(name), encode(value));
    pairs.iter().map(one).collect::<Vec<_>>().join("&")
}

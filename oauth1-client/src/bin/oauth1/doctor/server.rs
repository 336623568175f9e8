//! The server: whether it is there, what its clock says, and whether it accepts a request.

use std::time::{Duration, SystemTime};

use oauth1_client::{
    Client, SignatureMethod, Signer, Stamp, client_builder, clock_skew, problem_report,
};
use reqwest::{StatusCode, Url};

use super::Report;
use crate::{
    advice::{SKEW, advise, skew_words},
    args::ProtocolArgs,
    captured::Captured,
    credentials::{Credentials, Needed},
    failure::{Failure, Kind},
    login::filled,
    profile::Settings,
    redact::Redactor,
    request::{USER_AGENT, unsent},
    sending::{kind, no_tls, private, runtime},
};

/// The URL that was given, or a place of the profile's provider.
pub(super) fn address(
    given: Option<&str>,
    settings: Option<&Settings>,
) -> Result<Option<Url>, Failure> {
    let known = settings.and_then(Settings::known_provider);
    let template = given
        .or_else(|| known.and_then(|provider| provider.check))
        .or_else(|| settings?.site.as_deref())
        .or_else(|| known.and_then(|provider| provider.token))
        .or_else(|| settings?.token.as_deref());
    let Some(template) = template else { return Ok(None) };
    filled(template, settings.unwrap_or(&Settings::default())).map(Some)
}

/// Asks once without a signature and, if there are credentials, once with.
pub(super) fn examine(
    report: &mut Report,
    url: &Url,
    credentials: Option<&Credentials>,
    protocol: &ProtocolArgs,
) -> Result<(), Failure> {
    runtime()?.block_on(async {
        if reached(report, url).await
            && let Some(credentials) = credentials
        {
            match accepted(url, credentials, protocol).await {
                Ok(status) => {
                    report.good("request", format!("a signed GET was accepted: {status}"))
                }
                Err(failure) => report.bad("request", failure),
            }
        }
    });
    Ok(())
}

async fn reached(report: &mut Report, url: &Url) -> bool {
    let origin = url.origin().ascii_serialization();
    let built = client_builder().user_agent(USER_AGENT).timeout(SILENCE).build();
    let http = match built {
        Ok(http) => http,
        Err(error) => {
            report.bad("server", no_tls(error));
            return false;
        }
    };
    let answer = match http.get(url.clone()).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let failure = unsent(oauth1_client::SendError::Http(error.without_url()));
            report.bad("server", Failure { fix: format!("{} ({origin})", failure.fix), ..failure });
            return false;
        }
    };
    report.good("server", format!("{origin} answers: {}", answer.status()));
    if private(url) {
        let how = if url.scheme() == "https" {
            "TLS, with a certificate that holds"
        } else {
            "this computer"
        };
        report.good("way", how);
    } else {
        report.odd("way", "http: everybody on the way can read along", "use https");
    }
    match clock_skew(answer.headers(), SystemTime::now()) {
        None => report.odd("clock", "the server does not tell the time", "compare it by hand"),
        Some(skew) if skew.abs() <= SKEW => report.good("clock", skew_words(skew)),
        Some(skew) => report.bad(
            "clock",
            Failure::other(
                format!("{}; many servers refuse requests over that", skew_words(skew)),
                "set the local clock, as with NTP",
            ),
        ),
    }
    true
}

async fn accepted(
    url: &Url,
    credentials: &Credentials,
    protocol: &ProtocolArgs,
) -> Result<StatusCode, Failure> {
    let captured = Captured::default();
    let signer: Signer = credentials.signer(protocol, &captured, Needed::Yes)?;
    if signer.method() == SignatureMethod::Plaintext && !private(url) {
        let fix = "use https, or another signature method";
        return Err(Failure::usage("PLAINTEXT over http shows the secrets", fix));
    }
    let secrets = [&credentials.client_secret, &credentials.token_secret];
    let redactor = Redactor::new(secrets.into_iter().flatten().map(|given| given.value.expose()));
    let builder = reqwest::Client::builder().user_agent(USER_AGENT).timeout(SILENCE);
    let client = Client::with_builder(signer, builder)
        .map_err(no_tls)?
        .with_transmission(credentials.transmit(protocol, &captured).into());
    let stamp = Stamp::now()?;
    let request = client.http().get(url.clone()).build();
    let request =
        request.map_err(|e| unsent(oauth1_client::SignError::Build(e.without_url()).into()))?;
    let answer = client.execute_at(request, stamp.clone()).await.map_err(unsent)?;
    let status = answer.status();
    let Some(kind) = kind(status) else { return Ok(status) };
    let headers = answer.headers().clone();
    let skew = clock_skew(&headers, SystemTime::now());
    let body = answer.bytes().await.unwrap_or_default();
    let problem = problem_report(&headers, &body);
    let advice = advise(status, problem.as_ref(), skew, &stamp, &redactor);
    if kind != Kind::Refused && problem.is_none() {
        let fix = "look whether the address is right: the signature was not what it complained of";
        return Err(Failure::new(kind, format!("the answer is {status}"), fix));
    }
    Err(Failure::new(kind, format!("{status}: {}", advice.why), advice.fix))
}

const SILENCE: Duration = Duration::from_secs(20);

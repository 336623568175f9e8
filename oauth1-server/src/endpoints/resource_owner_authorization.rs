//! Resource Owner Authorization, RFC 5849 section 2.2.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use oauth1_core::{Problem, percent_encoding::encode};

use super::{
    Endpoints,
    asked::Asked,
    pages::{Answer, Asks, shell},
};
use crate::{
    catalogue::{Catalogue, Level},
    console::{
        page::{self, Shell},
        refused::Refused,
    },
    management::delegation::{Decision, Pending},
};

/// What an application asks for, and two buttons.
#[derive(Template)]
#[template(path = "endpoints/consent.html")]
struct ConsentPage {
    shell: Shell,
    pending: Pending,
    temporary: String,
    action: String,
    grants: String,
    service: String,
    owner: String,
    scopes: Vec<String>,
    destination: Option<String>,
}

/// The verification code, for who carries it himself; none if he refused.
#[derive(Template)]
#[template(path = "endpoints/code.html")]
struct CodePage<'a> {
    shell: Shell,
    application: &'a str,
    code: Option<&'a str>,
}

/// Shows what temporary credentials ask for. Whatever callback the request brings is not looked
/// at: it was bound when they were made.
pub(super) async fn ask(
    State(endpoints): State<Endpoints>,
    Extension(asked): Extension<Arc<Asked>>,
) -> Answer {
    let temporary = asked.query.exact("oauth_token");
    if temporary.is_empty() {
        return Err(Refused::page(
            StatusCode::BAD_REQUEST,
            "This address is incomplete: oauth_token is missing. Go back to the application and begin again.",
        ));
    }
    // Who has to sign in first learns nothing before.
    let owner = asked.owner(&endpoints)?;
    let pending = endpoints.delegations().pending(temporary, owner).await?;
    let catalogue = endpoints.delegations().management().catalogue();
    let scopes = pending.scopes.split(' ').filter(|scope| !scope.is_empty());
    let page = ConsentPage {
        shell: shell(&endpoints, Some(&asked), "Grant access"),
        temporary: temporary.to_owned(),
        action: endpoints.link(&endpoints.0.paths.authorize),
        grants: endpoints.link(&endpoints.0.paths.grants),
        service: endpoints.service().to_owned(),
        owner: owner.name.clone(),
        scopes: scopes.map(|scope| meaning(catalogue, scope)).collect(),
        destination: destination(&pending.callback),
        pending,
    };
    let mut response = page::render(StatusCode::OK, &page);
    response.extensions_mut().insert(Asks);
    Ok(response)
}

/// Takes the decision, and sends the resource owner back to the application.
pub(super) async fn decide(
    State(endpoints): State<Endpoints>,
    Extension(asked): Extension<Arc<Asked>>,
) -> Answer {
    let owner = asked.owner(&endpoints)?;
    let temporary = asked.form.exact("oauth_token");
    let delegations = endpoints.delegations();
    let decision = match asked.form.text("decision") {
        "allow" => delegations.allow(temporary, owner).await?,
        "deny" => delegations.deny(temporary, owner).await?,
        _ => {
            return Err(Refused::page(
                StatusCode::BAD_REQUEST,
                "Allow or deny: which? Nothing was decided.",
            ));
        }
    };
    if decision.callback == "oob" {
        let code = decision.verifier.as_ref().map(|code| code.as_str());
        let shell = shell(&endpoints, Some(&asked), "Grant access");
        let page = CodePage { shell, application: &decision.application, code };
        return Ok(page::render(StatusCode::OK, &page));
    }
    back(temporary, &decision)
}

/// To the callback, with the parameters at the end of its query.
fn back(temporary: &str, decision: &Decision) -> Answer {
    let uri = &decision.callback;
    let separator = match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    let (name, value) = match &decision.verifier {
        Some(verifier) => ("oauth_verifier", verifier.as_str()),
        None => ("oauth_problem", Problem::UserRefused.as_str()),
    };
    let temporary = encode(temporary.as_bytes());
    let location = format!("{uri}{separator}oauth_token={temporary}&{name}={value}");
    // What was registered is visible ASCII.
    let location = HeaderValue::try_from(location).map_err(|_| Refused::nothing())?;
    let mut response: Response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Where somebody is sent back to, as far as he knows such places.
fn destination(callback: &str) -> Option<String> {
    let (scheme, rest) = callback.split_once(':')?;
    let host = rest.strip_prefix("//")?.split(['/', '?']).next().filter(|host| !host.is_empty());
    Some(match (scheme, host) {
        ("http" | "https", Some(host)) => host.to_owned(),
        _ => format!("the application on this device ({scheme})"),
    })
}

/// A scope in the words of the catalogue.
pub(super) fn meaning(catalogue: &Catalogue, scope: &str) -> String {
    if scope == "*" {
        return "Everything that you may do".to_owned();
    }
    catalogue
        .groups()
        .iter()
        .find_map(|group| {
            let title = &group.title;
            if *scope == *group.scope(Level::View) {
                return Some(format!("{title}: see"));
            }
            if *scope == *group.scope(Level::Modify) {
                return Some(format!("{title}: see and change"));
            }
            let mut privileges = group.privileges.iter();
            let privilege = privileges.find(|privilege| *privilege.scope == *scope)?;
            Some(format!("{title}: {}", privilege.title))
        })
        .unwrap_or_else(|| scope.to_owned())
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn location(callback: &str, verifier: Option<&str>) -> String {
        let decision = Decision {
            application: String::new(),
            callback: callback.to_owned(),
            verifier: verifier.map(|code| Zeroizing::new(code.to_owned())),
        };
        let response = back("hdk48Djdsa", &decision).unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        response.headers()[header::LOCATION].to_str().unwrap().to_owned()
    }

    /// The example of section 2.2, and its neighbours.
    #[test]
    fn parameters_are_appended_to_the_query_of_the_callback() {
        let code = Some("473f82d3");
        let end = "oauth_token=hdk48Djdsa&oauth_verifier=473f82d3";
        for (callback, separator) in [
            ("http://client.example.net/cb?x=1", "&"),
            ("http://client.example.net/cb", "?"),
            ("http://client.example.net/cb?", ""),
            ("http://client.example.net/cb?x=1&", ""),
            ("com.example.app:/back", "?"),
        ] {
            assert_eq!(location(callback, code), format!("{callback}{separator}{end}"));
        }
        let refused = location("https://client.example.net/cb?x=1", None);
        assert!(refused.ends_with("?x=1&oauth_token=hdk48Djdsa&oauth_problem=user_refused"));
    }

    #[test]
    fn people_are_told_where_they_go() {
        for (callback, told) in [
            ("https://client.example.net/cb?x=1", Some("client.example.net")),
            ("http://127.0.0.1:8000/", Some("127.0.0.1:8000")),
            ("com.example.app://back", Some("the application on this device (com.example.app)")),
            ("oob", None),
        ] {
            assert_eq!(destination(callback).as_deref(), told, "{callback}");
        }
    }
}

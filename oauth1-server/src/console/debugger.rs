//! `/debugger`: how the base string of a request comes about, where a client's own one parts from
//! it, and which mistake makes the client's signature. Neither a key nor a correct signature is ever on the page.

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use http::StatusCode;
use oauth1_core::{
    Difference, ExplainedParameter, Limits, PresentedRequest,
    base_string_uri::Scheme,
    captured::{CaptureError, CapturedRequest},
    diagnose::{Diagnosis, Finding, Surroundings, Suspect},
};

use super::{
    Console,
    asked::{Ask, Asked},
    form::{Errors, Values, sentence},
    page::{self, Shell},
    redacted::filled,
    refused::Refused,
    session::Answer,
};
use crate::management::Right;

#[derive(Template)]
#[template(path = "debugger.html")]
struct DebuggerPage<'a> {
    shell: Shell,
    form: &'a Values,
    errors: Errors,
    derivation: Option<Derivation>,
    /// The base string of a refusal that was kept.
    kept: Option<String>,
    difference: Option<Parted>,
    /// Theirs was given, and is the same.
    same: bool,
}

/// The steps of section 3.4.
struct Derivation {
    method: String,
    uri: String,
    notes: Vec<String>,
    parameters: Vec<ExplainedParameter>,
    left_out: Vec<(String, String)>,
    base_string: String,
    sha256: String,
    signature_method: &'static str,
    client: String,
    /// Whether the signature fits the secrets that are stored; `None` if they are not known here.
    right: Option<bool>,
    /// What makes the client's signature or its base string, the most likely first.
    findings: Vec<Finding>,
}

/// Two base strings, cut where they part.
struct Parted {
    what: String,
    at: usize,
    same: String,
    ours: String,
    theirs: String,
}

pub(super) async fn form(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    asked.require(Right::KeysRead)?;
    let kept = kept(&console, &asked, &asked.query).await?;
    let form = Values::default()
        .with("scheme", "https")
        .with("key", asked.query.text("key"))
        .with("refusal", asked.query.text("refusal"));
    Ok(show(&asked, &form, Errors::default(), None, kept))
}

pub(super) async fn explain(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    asked.require(Right::KeysRead)?;
    let form = &asked.form;
    if let Some(kept) = kept(&console, &asked, form).await? {
        return Ok(show(&asked, form, Errors::default(), None, Some(kept)));
    }
    match derive(&console, &asked).await? {
        Ok(derivation) => Ok(show(&asked, form, Errors::default(), Some(derivation), None)),
        Err(errors) => Ok(show(&asked, form, errors, None, None)),
    }
}

fn show(
    asked: &Asked,
    form: &Values,
    errors: Errors,
    derivation: Option<Derivation>,
    kept: Option<String>,
) -> Response {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let theirs = form.given("theirs");
    let filled = kept.as_deref().zip(theirs).map(|(kept, theirs)| filled(kept, theirs));
    let ours = derivation.as_ref().map(|found| found.base_string.as_str()).or(filled.as_deref());
    let both = ours.zip(theirs);
    let difference = both.and_then(|(ours, theirs)| Parted::of(ours, theirs));
    let same = both.is_some() && difference.is_none();
    let shell = Shell::new(Some(asked), "Signature debugger");
    let page = DebuggerPage { shell, form, errors, derivation, kept, difference, same };
    page::render(status, &page)
}

/// The base string that the server built for a request that it refused.
async fn kept(console: &Console, asked: &Asked, from: &Values) -> Result<Option<String>, Refused> {
    let Some(id) = from.given("refusal") else { return Ok(None) };
    let keys = console.management().keys();
    let refusals = keys.refusals(asked.caller()?, from.given("key")).await?;
    let refusal = refusals.into_iter().find(|refusal| refusal.id == id);
    let refusal = refusal.ok_or_else(|| {
        let text = "The refused request is no longer kept. Only the latest are; send it again.";
        Refused::page(StatusCode::NOT_FOUND, text)
    })?;
    let detail: serde_json::Value = serde_json::from_str(&refusal.detail).unwrap_or_default();
    let base = detail["base_string"].as_str().map(str::to_owned);
    let text = "No base string was built for that request: it was refused before.";
    base.map(Some).ok_or_else(|| Refused::page(StatusCode::NOT_FOUND, text))
}

async fn derive(console: &Console, asked: &Asked) -> Result<Result<Derivation, Errors>, Refused> {
    let at = |field: &str, problem: &str| {
        let mut errors = Errors::default();
        errors.add(field, sentence(problem));
        Ok(Err(errors))
    };
    let form = &asked.form;
    let pasted = form.given("request").is_some();
    let captured = match read(form) {
        Ok(captured) => captured,
        Err((field, problem)) => return at(field, &problem),
    };
    let signable = match captured.signable() {
        Ok(signable) => signable,
        Err(error) => {
            let problem = format!("the URL cannot be read: {error}");
            return at(if pasted { "request" } else { "url" }, &problem);
        }
    };
    let authorization = captured.authorization();
    let field = if pasted { "request" } else { "headers" };
    let presented = match PresentedRequest::parse(&signable, &authorization, Limits::default()) {
        Ok(Some(presented)) => presented,
        Ok(None) => {
            return at(field, "it has no OAuth parameters; paste its Authorization header as well");
        }
        Err(error) => {
            return at(field, &format!("the server answers this with 400: {error}"));
        }
    };
    let headers = captured.headers.iter().map(|(name, value)| (&**name, &**value));
    let suspect = Suspect::of(&presented, &authorization)
        .with_surroundings(Surroundings::of_headers(headers));
    let keys = console.management().keys();
    let diagnosis = keys.diagnose(asked.caller()?, &presented, &suspect).await?;
    let right = diagnosis.as_ref().map(Diagnosis::is_right);
    let mut findings = diagnosis.map_or_else(Vec::new, |found| found.findings().to_vec());
    if let Some(theirs) = form.given("theirs").filter(|_| findings.is_empty()) {
        findings = suspect.by_base_string(theirs).findings().to_vec();
    }
    let explanation = presented.explain();
    let own = |(what, why): (&str, &str)| (what.to_owned(), why.to_owned());
    Ok(Ok(Derivation {
        method: captured.method.to_ascii_uppercase(),
        uri: explanation.base_string_uri().to_owned(),
        notes: explanation.uri_notes().to_vec(),
        parameters: explanation.parameters().to_vec(),
        left_out: explanation.left_out().map(own).collect(),
        base_string: explanation.base_string().as_str().to_owned(),
        sha256: explanation.base_string_sha256(),
        signature_method: explanation.signature_method().as_str(),
        client: presented.client_identifier().to_owned(),
        right,
        findings,
    }))
}

/// The request of the form: pasted whole, or by its parts.
fn read(form: &Values) -> Result<CapturedRequest, (&'static str, String)> {
    let text = form.text("request");
    if text.starts_with("curl") {
        let no_files = |path: &str| {
            Err(CaptureError {
                message: format!("the file {path:?} is not here"),
                fix: "paste what is in it in its place",
            })
        };
        return CapturedRequest::from_curl(text, no_files).map_err(in_request);
    }
    if !text.is_empty() {
        let scheme = if form.text("scheme") == "http" { Scheme::Http } else { Scheme::Https };
        return CapturedRequest::from_http(text.as_bytes(), scheme).map_err(in_request);
    }
    if form.text("url").is_empty() {
        return Err(("request", "paste a request, or fill in its parts below".to_owned()));
    }
    let mut headers = Vec::new();
    for line in form.text("headers").lines().filter(|line| !line.trim().is_empty()) {
        let Some((name, value)) = line.split_once(':') else {
            return Err(("headers", "write Name: value on each line".to_owned()));
        };
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let body = form.exact("body").as_bytes().to_vec();
    let method = match form.given("method") {
        Some(method) => method.to_owned(),
        None => if body.is_empty() { "GET" } else { "POST" }.to_owned(),
    };
    Ok(CapturedRequest { method, url: form.text("url").to_owned(), headers, body })
}

fn in_request(error: CaptureError) -> (&'static str, String) {
    ("request", error.to_string())
}

impl Parted {
    fn of(ours: &str, theirs: &str) -> Option<Self> {
        let difference = Difference::between(ours, theirs)?;
        let cut = ours.char_indices().zip(theirs.char_indices());
        let cut = cut.take_while(|((_, a), (_, b))| a == b).last();
        let cut = cut.map_or(0, |((at, c), _)| at + c.len_utf8());
        let start = ours[..cut].char_indices().rev().nth(BEFORE).map_or(0, |(at, _)| at);
        let after = |text: &str| text[cut..].chars().take(AFTER).collect();
        Some(Self {
            what: sentence(&difference.part().to_string()),
            at: difference.at(),
            same: ours[start..cut].to_owned(),
            ours: after(ours),
            theirs: after(theirs),
        })
    }
}

const BEFORE: usize = 60;
const AFTER: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_strings_are_cut_where_they_part() {
        let parted = Parted::of("GET&http%3A%2F%2Fh%2F&a%3D1", "GET&http%3A%2F%2Fh%2F&a%3D2");
        let parted = parted.unwrap();
        assert_eq!((&*parted.ours, &*parted.theirs, parted.at), ("1", "2", 26));
        assert!(parted.same.ends_with("a%3D"), "{}", parted.same);
        assert!(Parted::of("x", "x").is_none());
        let parted = Parted::of("é", "è").unwrap();
        assert_eq!((&*parted.same, &*parted.ours), ("", "é"));
        assert!(Parted::of("GET&a", "").unwrap().same.is_empty());
    }

    #[test]
    fn no_file_of_the_server_is_read() {
        let form = Values::default().with("request", "curl https://h/ -d @/etc/passwd");
        let (field, problem) = read(&form).unwrap_err();
        assert!(field == "request" && problem.contains("not here"), "{problem}");
    }
}

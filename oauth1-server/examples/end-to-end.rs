//! The protocol, end to end: a protected API on loopback, requests that are accepted, requests
//! that are refused, and why. Exits with 0 only if all went as it should.
//!
//! ```text
//! cargo run --release -p oauth1-server --example end-to-end              # the whole story
//! cargo run --release -p oauth1-server --example end-to-end -- --serve   # and stay up
//! ```
#![allow(missing_docs)]

use std::{net::SocketAddr, process::ExitCode, sync::Arc, time::SystemTime};

use axum::{Json, Router, body::Bytes, http::Method, routing::any};
use oauth1_client::{Transmission, problem_report, sign, sign_as, signable};
use oauth1_core::{
    Limits, Nonce, PresentedRequest, Problem, SignatureBaseString, Signer, Stamp, Timestamp,
};
use oauth1_server::{
    AnswerProfile, IssuedCredentials, MemoryCredentialStore, MemoryNonceStore, PublicOrigin,
    RequestVerifier, VerificationLayer, VerifiedRequest, self_test,
};
use reqwest::{Request, header::AUTHORIZATION};
use serde_json::{Value, json};
use tokio::net::TcpListener;

type Error = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("Something did not go as it should: see above.");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<bool, Error> {
    let stay = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--serve") => true,
        Some(other) => {
            return Err(format!("unknown argument {other}; there is only --serve").into());
        }
    };
    let (address, issued) = start().await?;
    let base = format!("http://{address}");
    println!("A protected API listens on {base}. Its one set of credentials:");
    println!("   App key       {}", issued.client.identifier());
    println!("   App secret    {}", issued.client.secret().expose());
    println!("   Access token  {}", issued.token.identifier());
    println!("   Token secret  {}\n", issued.token.secret().expose());

    let signer = Signer::new(issued.client.clone()).with_token(issued.token.clone());
    let mut story = Story { http: http_client()?, went_well: true };
    accepted(&mut story, &base, &signer).await?;
    refused(&mut story, &base, &signer).await?;
    derivation(&base, &signer)?;
    if stay {
        serve(&base, &issued, &signer).await?;
    }
    Ok(story.went_well)
}

/// The protected API: `/echo` says who called, what was asked, and what the body was.
async fn start() -> Result<(SocketAddr, IssuedCredentials), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let credentials = Arc::new(MemoryCredentialStore::new());
    let issued = credentials.issue()?;
    let verifier = RequestVerifier::new(
        PublicOrigin::new(&format!("http://{address}"))?,
        credentials,
        Arc::new(MemoryNonceStore::builder().first_start(true).build()?),
    )
    .with_answers(AnswerProfile::Full);
    self_test(&verifier).await?;
    let app = Router::new().route("/echo", any(echo)).route_layer(VerificationLayer::new(verifier));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok((address, issued))
}

async fn echo(oauth: VerifiedRequest, method: Method, body: Bytes) -> Json<Value> {
    Json(json!({
        "client": oauth.client_identifier(),
        "token": oauth.token_identifier(),
        "method": method.as_str(),
        "body": String::from_utf8_lossy(&body),
    }))
}

fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()
}

async fn accepted(story: &mut Story, base: &str, signer: &Signer) -> Result<(), Error> {
    println!("Accepted:");
    let request = story.http.get(format!("{base}/echo?name=J%C3%BCrgen&size=original&size=2"));
    story.expect("GET with a query", signed(request, signer)?, None).await?;

    let form = [("status", "Hello Ladies + Gentlemen, a signed OAuth request!")];
    let request = story.http.post(format!("{base}/echo")).form(&form);
    story.expect("POST of a form", signed(request, signer)?, None).await?;

    let request = story.http.post(format!("{base}/echo")).json(&json!({"amount": 12.5}));
    let hashing = signer.clone().with_body_hash(true);
    story.expect("POST of JSON with a body hash", signed(request, &hashing)?, None).await
}

async fn refused(story: &mut Story, base: &str, signer: &Signer) -> Result<(), Error> {
    println!("\nRefused:");
    let request = signed(story.http.get(format!("{base}/echo?amount=10")), signer)?;
    let again = request.try_clone().ok_or("a request without a body can be cloned")?;
    story.expect("to begin with, a request sent once", request, None).await?;
    story.expect("the same octets again", again, Some(Problem::NonceUsed)).await?;

    let mut altered = signed(story.http.get(format!("{base}/echo?amount=10")), signer)?;
    let signed_text = base_string(&altered)?;
    altered.url_mut().set_query(Some("amount=1000"));
    let received_text = base_string(&altered)?;
    story.expect("altered on its way", altered, Some(Problem::SignatureInvalid)).await?;
    match signed_text.first_difference(received_text.as_str()) {
        Some(difference) => {
            println!("     What was signed (ours) and what arrived (theirs):");
            difference.to_string().lines().for_each(|line| println!("     {line}"));
        }
        None => story.went_well = false,
    }

    let mut stale = story.http.get(format!("{base}/echo")).build()?;
    let an_hour_ago = Timestamp::from_system_time(SystemTime::now())?.seconds() - 3600;
    let stamp =
        Stamp::new(Nonce::random()?, Timestamp::from_seconds(an_hour_ago).ok_or("no time")?);
    sign_as(&mut stale, signer, Transmission::Header, &stamp)?;
    story.expect("signed an hour ago", stale, Some(Problem::TimestampRefused)).await
}

/// Each step that leads to one signature. The key is masked.
fn derivation(base: &str, signer: &Signer) -> Result<(), Error> {
    println!("\nHow the signature of GET /echo?name=J%C3%BCrgen comes about:");
    let request = Request::new(Method::GET, format!("{base}/echo?name=J%C3%BCrgen").parse()?);
    println!("{}", signer.explain(&signable(&request)?, &Stamp::now()?)?);
    Ok(())
}

async fn serve(base: &str, issued: &IssuedCredentials, signer: &Signer) -> Result<(), Error> {
    let request = Request::new(Method::GET, format!("{base}/echo?from=curl").parse()?);
    let header = signer.authorize_at(&signable(&request)?, &Stamp::now()?)?;
    println!("\nThe API stays up until Ctrl-C. This line works once, within five minutes:\n");
    println!("curl -H 'Authorization: {}' '{}'\n", header.as_str(), request.url());
    println!("This one signs afresh each time:\n");
    println!(
        "OAUTH1_CONSUMER_KEY={} OAUTH1_CONSUMER_SECRET={} OAUTH1_TOKEN={} OAUTH1_TOKEN_SECRET={} \
         cargo run -q -p oauth1-client --bin oauth1 -- request {base}/echo from==oauth1\n",
        issued.client.identifier(),
        issued.client.secret().expose(),
        issued.token.identifier(),
        issued.token.secret().expose(),
    );
    Ok(tokio::signal::ctrl_c().await?)
}

fn signed(request: reqwest::RequestBuilder, signer: &Signer) -> Result<Request, Error> {
    let mut request = request.build()?;
    sign(&mut request, signer)?;
    Ok(request)
}

/// The base string that a verifier makes of the request.
fn base_string(request: &Request) -> Result<SignatureBaseString, Error> {
    let header = request.headers()[AUTHORIZATION].as_bytes();
    let presented = PresentedRequest::parse(&signable(request)?, &[header], Limits::default())?;
    Ok(presented.ok_or("the request is signed")?.base_string())
}

struct Story {
    http: reqwest::Client,
    went_well: bool,
}

impl Story {
    /// Sends a request and tells what came back; `problem` is what should come, `None` for 200.
    async fn expect(
        &mut self,
        what: &str,
        request: Request,
        problem: Option<Problem>,
    ) -> Result<(), Error> {
        let response = self.http.execute(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.text().await?;
        let report = problem_report(&headers, body.as_bytes());
        let came = report.as_ref().map(|report| report.problem());
        let right = came == problem && status == if problem.is_some() { 401 } else { 200 };
        self.went_well &= right;
        let mark = if right { "ok" } else { "WRONG" };
        print!("  {mark} {what}: {status}");
        match came {
            Some(problem) => print!(", {problem}"),
            None => print!(", {}", body.trim()),
        }
        if let Some((first, last)) = report.and_then(|report| report.acceptable_timestamps()) {
            print!(", acceptable is {first} to {last}");
        }
        println!();
        Ok(())
    }
}

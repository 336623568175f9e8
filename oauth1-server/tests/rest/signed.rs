//! Requests that keys sign: those with a role manage, every key makes tokens for itself.

use http_body_util::Full;
use oauth1_core::{ClientCredentials, Signer, Timestamp, TokenCredentials};
use oauth1_server::{
    MemoryNonceStore, PublicOrigin, RequestVerifier, credentials::sql::SqlCredentialStore,
};
use serde_json::{Value as Json, json};

use crate::fixture::{Fixture, Kind, text};

crate::on_both!(
    keys_with_a_role_manage_what_it_permits,
    a15_an_application_makes_tokens_for_itself,
    d06_tokens_end_after_their_lifetime,
    secrets_are_in_no_log,
);

async fn make(fixture: &Fixture, who: &str, new: Json) -> Json {
    fixture.call_as(who, "POST", "/v1/keys").json(&new).send().await.expect(201).json
}

async fn keys_with_a_role_manage_what_it_permits(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let root = fixture.person("root", "super_admin", None).await;
    let admin = fixture.person("admin", "admin", Some("default")).await;
    let manager = make(&fixture, &root, json!({ "name": "manager", "role": "key_manager" })).await;
    let plain = make(&fixture, &root, json!({ "name": "plain" })).await;

    let listed = fixture.signed(&manager, "GET", "/v1/keys?limit=5").send().await.expect(200);
    assert_eq!(listed.json["items"].as_array().unwrap().len(), 2);
    fixture.signed(&manager, "GET", "/v1/audit").send().await.problem(403, "permission_denied");
    fixture.signed(&manager, "GET", "/v1/session").send().await.problem(403, "permission_denied");
    fixture.signed(&plain, "GET", "/v1/keys").send().await.problem(403, "permission_denied");
    // No cookie, so no page of others made a browser send it.
    let body = json!({ "name": "made" });
    let unsigned = fixture.signed(&manager, "POST", "/v1/keys").json(&body).send().await;
    unsigned.problem(400, "body_not_signed");
    let mut other = fixture.signed_json(&manager, "POST", "/v1/keys", &body);
    other.body = json!({ "name": "other" }).to_string().into_bytes();
    other.send().await.problem(401, "signature_refused");
    let new = fixture.signed_json(&manager, "POST", "/v1/keys", &body);
    assert_eq!(
        new.send().await.expect(201).json["created_by"],
        format!("key:{}", text(&manager, "app_key"))
    );

    // Signed for another host, twice, or wrongly.
    let call = || fixture.signed(&manager, "GET", "/v1/keys");
    let mut elsewhere = call();
    elsewhere.request = fixture.call_to("evil.example", "GET", "/v1/keys").request;
    elsewhere.send().await.problem(421, "misdirected_request");
    let first = call();
    let second = first.again();
    first.send().await.expect(200);
    second.send().await.problem(401, "signature_refused");
    let mut wrong = manager.clone();
    wrong["app_secret"] = json!("another");
    let refused = fixture.signed(&wrong, "GET", "/v1/keys").send().await;
    assert!(
        refused.problem(401, "signature_refused").header("www-authenticate").starts_with("OAuth")
    );
    let basic = fixture.call("GET", "/v1/keys").header("authorization", "Basic YTpi");
    basic.send().await.problem(401, "unauthenticated");

    // Who may not give a role may not touch a key that has it.
    let boss = make(&fixture, &root, json!({ "name": "boss", "role": "super_admin" })).await;
    let new = fixture.call_as(&admin, "POST", "/v1/keys");
    let new = new.json(&json!({ "name": "mine", "role": "super_admin" }));
    new.send().await.problem(403, "permission_denied");
    let rotate = fixture.call_as(&admin, "POST", "/v1/keys/boss/rotate").send().await;
    rotate.problem(403, "permission_denied");
    let reveal = json!({ "secret_reveal": "step_up" });
    fixture.call_as(&root, "PATCH", "/v1/settings").json(&reveal).send().await.expect(200);
    let reveal = || json!({ "secret": "app_secret" });
    let read = fixture.call_as(&admin, "POST", "/v1/keys/boss/reveal").json(&reveal()).send();
    read.await.problem(403, "permission_denied");
    let read = fixture.call_as(&admin, "POST", "/v1/keys/plain/reveal").json(&reveal()).send();
    assert_eq!(read.await.expect(200).json["value"], plain["app_secret"]);
    // A key gives no password, so it never reads a secret again.
    let read = fixture.signed_json(&boss, "POST", "/v1/keys/plain/reveal", &reveal()).send();
    read.await.problem(403, "step_up_required");
    fixture.signed(&boss, "GET", "/v1/accounts").send().await.expect(200);
    // Disabled, it is nobody's.
    let off = fixture.call_as(&root, "PATCH", "/v1/keys/boss").json(&json!({ "enabled": false }));
    off.send().await.expect(200);
    fixture.signed(&boss, "GET", "/v1/accounts").send().await.problem(401, "signature_refused");
}

/// Signed with the app key alone, for the listener that applications reach.
fn own(fixture: &Fixture, key: &Json) -> crate::fixture::Call {
    let client = ClientCredentials::new(text(key, "app_key"), text(key, "app_secret"));
    let mut request = http::Request::post("https://api.example.com/v1/tokens").body("").unwrap();
    Signer::new(client).sign(&mut request).unwrap();
    let header = request.headers()["authorization"].to_str().unwrap().to_owned();
    let mut call = fixture.call_to("api.example.com", "POST", "/v1/tokens");
    call.router = fixture.public.clone();
    call.header("authorization", &header)
}

async fn a15_an_application_makes_tokens_for_itself(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let root = fixture.person("root", "super_admin", None).await;
    let key =
        make(&fixture, &root, json!({ "name": "bot", "scopes": ["target-groups:view"] })).await;
    let other = make(&fixture, &root, json!({ "name": "other" })).await;
    let made = own(&fixture, &key).send().await.expect(201).json;
    assert_eq!((&made["app_key"], &made["scopes"]), (&key["app_key"], &key["scopes"]));
    let seconds = |made: &Json| {
        let at = |field| text(made, field).parse::<jiff::Timestamp>().unwrap().as_millisecond();
        (at("expires_at") - at("created_at")) / 1000
    };
    assert_eq!(seconds(&made), 3600);
    let shorter = own(&fixture, &key).json(&json!({ "lifetime": 60 })).send().await.expect(201);
    assert_eq!(seconds(&shorter.json), 60);
    for bad in [json!({ "lifetime": 3601 }), json!({ "lifetime": 0 }), json!({ "scopes": ["x"] })] {
        own(&fixture, &key).json(&bad).send().await.problem(422, "invalid_field");
    }
    // On the admin listener as well; not with a token, and not for who is signed in.
    let client = ClientCredentials::new(text(&key, "app_key"), text(&key, "app_secret"));
    fixture.signed_by(Signer::new(client), "POST", "/v1/tokens").send().await.expect(201);
    fixture.call_as(&root, "POST", "/v1/tokens").send().await.problem(401, "unauthenticated");
    fixture.call("POST", "/v1/tokens").send().await.problem(401, "unauthenticated");
    // Nothing else of it is there.
    let mut keys = fixture.call("GET", "/v1/keys");
    keys.router = fixture.public.clone();
    assert_eq!(keys.send().await.status, 404);
    let mut wrong = other.clone();
    wrong["app_secret"] = json!("another");
    own(&fixture, &wrong).send().await.problem(401, "signature_refused");
}

async fn d06_tokens_end_after_their_lifetime(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let root = fixture.person("root", "super_admin", None).await;
    let key = make(&fixture, &root, json!({ "name": "bot" })).await;
    let made = own(&fixture, &key).send().await.expect(201).json;
    let start: jiff::Timestamp = text(&made, "created_at").parse().unwrap();
    let start = u64::try_from(start.as_second()).unwrap();
    let store = SqlCredentialStore::open(&fixture.database.settings).await.unwrap();
    for (after, verdict) in [(3599, "ok"), (3601, "token_expired")] {
        let verifier = RequestVerifier::new(
            PublicOrigin::new("https://api.example.com").unwrap(),
            std::sync::Arc::new(store.clone()),
            std::sync::Arc::new(MemoryNonceStore::builder().first_start(true).build().unwrap()),
        );
        let now = start + after;
        let verifier = verifier.with_clock(move || Timestamp::from_seconds(now));
        let client = ClientCredentials::new(text(&key, "app_key"), text(&key, "app_secret"));
        let token = TokenCredentials::new(text(&made, "access_token"), text(&made, "token_secret"));
        let mut request = http::Request::get("https://api.example.com/").body("").unwrap();
        let nonce = oauth1_core::Nonce::random().unwrap();
        let stamp = oauth1_core::Stamp::new(nonce, Timestamp::from_seconds(now).unwrap());
        Signer::new(client).with_token(token).sign_at(&mut request, &stamp).unwrap();
        request.headers_mut().insert("host", "api.example.com".parse().unwrap());
        let request = request.map(|_| Full::new(bytes::Bytes::new()));
        let found = match verifier.verify(request).await {
            Ok(_) => "ok",
            Err(refusal) => refusal.name(),
        };
        assert_eq!(found, verdict, "after {after} s");
    }
    store.close().await;
}

async fn secrets_are_in_no_log(kind: Kind) {
    use tracing_subscriber::fmt::MakeWriter;
    #[derive(Clone, Default)]
    struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(octets);
            Ok(octets.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    impl<'a> MakeWriter<'a> for Log {
        type Writer = Self;
        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }
    let Some(fixture) = Fixture::new(kind).await else { return };
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    tracing::info!("the log is read");
    let root = fixture.person("root", "super_admin", None).await;
    let key = make(&fixture, &root, json!({ "name": "bot" })).await;
    let wrong = "a wrong password in the log";
    for (path, body) in [
        ("/v1/session", json!({ "name": wrong, "password": wrong })),
        ("/v1/session", json!({ "name": "root", "password": wrong })),
        ("/v1/setup", json!({ "code": wrong, "name": "x", "password": wrong })),
        ("/v1/keys", json!({ "name": wrong, "password": wrong })),
        ("/v1/basic-credentials", json!({ "name": "till", "password": wrong })),
    ] {
        fixture.call_as(&root, "POST", path).json(&body).send().await;
    }
    own(&fixture, &key).send().await.expect(201);
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.contains("the log is read"));
    for secret in [text(&key, "app_secret"), text(&key, "token_secret"), wrong, &root] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

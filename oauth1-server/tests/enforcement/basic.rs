//! A1–A3, X9: names and passwords, where the account permits them.

use std::time::{Duration, Instant};

use argon2::{Argon2, Params, password_hash::PasswordHasher};
use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::Request;
use oauth1_server::{
    PublicOrigin, RequestVerifier, VerificationLayer, VerifiedRequest, basic::PasswordChecker,
    catalogue::Catalogue,
};
use tower::ServiceExt;

use crate::world::{Answer, World, both, with};

fn with_basic(verifier: RequestVerifier) -> RequestVerifier {
    verifier.with_basic(PasswordChecker::new(Duration::from_secs(3600)).unwrap())
}

/// Cheap to compare, for tests.
fn hash(password: &str) -> String {
    let params = Params::new(8, 1, 1, None).unwrap();
    let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    argon2.hash_password(password.as_bytes()).unwrap().to_string()
}

async fn add(world: &World) {
    let sql = "INSERT INTO basic_credential (id, account_id, name, password_hash, created_at,
                   created_by, changed_at)
               SELECT 'b', id, 'till-7', ";
    let hash = hash("right horse");
    world.execute(&format!("{sql}'{hash}', 0, 'test', 0 FROM account LIMIT 1")).await;
    world.execute("UPDATE account SET basic_auth = TRUE").await;
}

fn request(world: &World, credentials: &str) -> Request<Body> {
    let mut request = world.request("GET", "/v1/customers");
    let value = format!("Basic {}", STANDARD.encode(credentials));
    request.headers_mut().insert("authorization", value.parse().unwrap());
    request
}

async fn send(world: &World, credentials: &str) -> Answer {
    world.send(request(world, credentials)).await
}

fn challenges(answer: &Answer) -> Vec<&str> {
    let values = answer.headers.get_all("www-authenticate").iter();
    values.map(|value| value.to_str().unwrap()).collect()
}

#[tokio::test]
async fn a01_a02_a03_basic_where_the_account_permits_it() {
    with(with_basic, async |world| {
        add(&world).await;
        for _ in 0..2 {
            let answer = send(&world, "till-7:right horse").await;
            assert_eq!(answer.status, 200, "{answer:?}");
            assert_eq!(answer.json()["basic"], "till-7");
        }
        let mut refused = vec![
            send(&world, "till-7:wrong").await,
            send(&world, "till-8:right horse").await,
            send(&world, "till-7:").await,
            send(&world, "till-7").await,
        ];
        for (off, on) in [
            ("UPDATE account SET basic_auth = FALSE", "UPDATE account SET basic_auth = TRUE"),
            (
                "UPDATE basic_credential SET enabled = FALSE",
                "UPDATE basic_credential SET enabled = TRUE",
            ),
            (
                "UPDATE basic_credential SET deleted_at = 1",
                "UPDATE basic_credential SET deleted_at = NULL",
            ),
        ] {
            world.execute(off).await;
            refused.push(send(&world, "till-7:right horse").await);
            world.execute(on).await;
            assert_eq!(send(&world, "till-7:right horse").await.status, 200, "{on}");
        }
        let sql = "UPDATE basic_credential SET password_hash = ";
        world.execute(&format!("{sql}'{}'", hash("another horse"))).await;
        refused.push(send(&world, "till-7:right horse").await);
        assert_eq!(send(&world, "till-7:another horse").await.status, 200);
        for answer in &refused {
            assert_eq!((answer.status, &answer.body), (401, &refused[0].body), "{answer:?}");
            let challenges = challenges(answer);
            assert!(challenges[0].starts_with("OAuth realm="), "{challenges:?}");
            assert!(challenges[1].starts_with("Basic realm="), "{challenges:?}");
        }
        assert_eq!(challenges(&world.send(world.request("GET", "/a")).await).len(), 2);
    })
    .await;
}

#[tokio::test]
async fn basic_is_nothing_where_it_is_not_configured_or_not_safe() {
    both(async |world| {
        add(&world).await;
        let answer = send(&world, "till-7:right horse").await;
        assert_eq!((answer.status, challenges(&answer).len()), (401, 1));
    })
    .await;
    with(with_basic, async |mut world| {
        add(&world).await;
        for (origin, expected, offered) in [
            ("http://api.example.com", 401, 1),
            ("https://api.example.com", 200, 0),
            ("http://127.0.0.1:8080", 200, 0),
            ("http://localhost:8080", 200, 0),
        ] {
            let origin = PublicOrigin::new(origin).unwrap();
            let authority = origin.to_string().split_once("//").unwrap().1.to_owned();
            let stores: std::sync::Arc<dyn oauth1_server::CredentialStore> =
                world.opened.cached.clone();
            let nonces = oauth1_server::MemoryNonceStore::builder().first_start(true);
            let nonces = std::sync::Arc::new(nonces.build().unwrap());
            world.verifier = with_basic(RequestVerifier::new(origin, stores, nonces));
            let mut request = request(&world, "till-7:right horse");
            *request.uri_mut() = "/v1/customers".parse().unwrap();
            request.headers_mut().insert("host", authority.parse().unwrap());
            let answer = world.send(request).await;
            assert_eq!(
                (answer.status, challenges(&answer).len()),
                (expected, offered),
                "{authority}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_handler_of_signed_requests_never_gets_a_basic_one() {
    with(with_basic, async |world| {
        add(&world).await;
        let app = axum::Router::new()
            .route("/v1/customers", axum::routing::get(async |_: VerifiedRequest| "signed"))
            .layer(VerificationLayer::new(world.verifier.clone()).with_unsigned_allowed(true));
        let answer = app.oneshot(request(&world, "till-7:right horse")).await.unwrap();
        assert_eq!(answer.status(), 401);
        let app = axum::Router::new()
            .route(
                "/v1/customers",
                axum::routing::get(async |signed: Option<VerifiedRequest>| {
                    signed.is_none().to_string()
                }),
            )
            .layer(VerificationLayer::new(world.verifier.clone()));
        let answer = app.oneshot(request(&world, "till-7:right horse")).await.unwrap();
        let body = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
        assert_eq!(body, "true");
        // And two kinds of credentials at once are none.
        let mut both = world.signed("GET", "/v1/customers");
        both.headers_mut().append("authorization", "Basic dTpw".parse().unwrap());
        assert!(world.send(both).await.is(400, "parameter_rejected"));
    })
    .await;
}

#[tokio::test]
async fn scopes_hold_for_basic_as_for_keys() {
    let catalogue = include_str!("../../catalogue.example.toml");
    let configure = move |verifier: RequestVerifier| {
        with_basic(verifier).with_authorizer(Catalogue::parse(catalogue).unwrap())
    };
    with(configure, async |world| {
        add(&world).await;
        for (scopes, expected) in
            [("*", 200), ("all:view", 200), ("target-groups:modify", 403), ("", 403)]
        {
            world.execute(&format!("UPDATE basic_credential SET scopes = '{scopes}'")).await;
            let answer = send(&world, "till-7:right horse").await;
            assert_eq!(answer.status, expected, "{scopes:?}");
        }
        // An authorizer that knows signed requests alone permits none of these.
        let closure =
            |_: &http::request::Parts, _: &VerifiedRequest| oauth1_server::Permission::Granted;
        let mut world = world;
        world.verifier = world.verifier.clone().with_authorizer(closure);
        assert!(send(&world, "till-7:right horse").await.is(403, "permission_denied"));
        assert_eq!(world.get("/a").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn what_others_change_about_a_basic_credential_is_heard_of() {
    with(with_basic, async |world| {
        add(&world).await;
        assert_eq!(send(&world, "till-7:right horse").await.status, 200);
        // Behind the cache's back: only the database tells.
        for (sql, expected) in [
            ("UPDATE basic_credential SET enabled = FALSE", 401),
            ("UPDATE basic_credential SET enabled = TRUE", 200),
            ("UPDATE account SET basic_auth = FALSE", 401),
        ] {
            world.fixture.execute(sql).await;
            let start = Instant::now();
            while send(&world, "till-7:right horse").await.status != expected {
                assert!(start.elapsed() < Duration::from_secs(5), "{sql}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    })
    .await;
}

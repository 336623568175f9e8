//! Console A: API clients with permission levels.

use axum::body::Body;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{Request, StatusCode, header};
use oauth1_core::TokenCredentials;
use oauth1_server::management::{
    AccountChange, Caller, KeyChange, Management, ManagementError, NewBasicCredential, NewKey,
    NewToken,
};

use crate::{
    both,
    desk::{Answer, Desk, EVERYTHING, ORIGIN, caller},
};

both! {
    a01_basic_authentication_switch
    a02_basic_authentication_default
    a03_basic_authentication_name_and_password
    a04_register_further_clients
    a05_client_name
    a06_description
    a07_token_expiry_minutes
    a08_access_permission_per_group
    a09_level_none_is_the_default
    a10_level_view_only
    a11_level_modify
    a12_attribute_of_all_post_calls
    a13_key_and_secret_are_given
    a14_the_secret_cannot_be_read_again
    a15_mint_an_access_token
}

async fn basic(desk: &Desk, name: &str, password: &str, method: &str, path: &str) -> Answer {
    let pair = BASE64_STANDARD.encode(format!("{name}:{password}"));
    let request = Request::builder().method(method).uri(format!("{ORIGIN}{path}"));
    let request = request.header(header::AUTHORIZATION, format!("Basic {pair}"));
    desk.raw(request.body(Body::empty()).unwrap()).await
}

async fn switch(desk: &Desk, on: bool) {
    let change = AccountChange { basic_auth: Some(on), ..AccountChange::default() };
    desk.management.update_account(&caller(), None, &change, None).await.unwrap();
}

async fn a01_basic_authentication_switch(desk: &Desk) {
    let new = NewBasicCredential { name: "till-7".into(), ..NewBasicCredential::default() };
    let made = desk.management.basic_credentials().create(&caller(), &new).await.unwrap();
    let password = made.password.unwrap();
    let ask = async || basic(desk, "till-7", &password, "GET", "/v1/things").await.status;
    assert_eq!(ask().await, StatusCode::UNAUTHORIZED);
    switch(desk, true).await;
    assert_eq!(ask().await, StatusCode::OK);
    switch(desk, false).await;
    assert_eq!(ask().await, StatusCode::UNAUTHORIZED);
    let switched = "SELECT count(*) FROM audit WHERE action = 'account.update'
                    AND detail LIKE '%\"basic_auth\":true%'";
    assert_eq!(desk.fixture.number(switched).await, 2);
}

async fn a02_basic_authentication_default(desk: &Desk) {
    let account = async |management: &Management, name| {
        management.create_account(&caller(), name, name).await.unwrap().basic_auth
    };
    assert!(!account(&desk.management, "off").await);
    let defaults = AccountChange { basic_auth: Some(true), ..AccountChange::default() };
    let management = desk.management.clone().with_account_defaults(defaults);
    assert!(account(&management, "on").await);
    // The account that is there from the beginning as well, until somebody has chosen.
    management.begin().await.unwrap();
    assert!(management.account(&caller(), None).await.unwrap().basic_auth);
    switch(desk, false).await;
    management.begin().await.unwrap();
    assert!(!management.account(&caller(), None).await.unwrap().basic_auth);
}

async fn a03_basic_authentication_name_and_password(desk: &Desk) {
    switch(desk, true).await;
    let new = NewBasicCredential { name: "till-7".into(), ..NewBasicCredential::default() };
    let made = desk.management.basic_credentials().create(&caller(), &new).await.unwrap();
    let password = made.password.unwrap();
    for (method, path) in [("GET", "/v1/things"), ("POST", "/v1/transactions/1")] {
        let answer = basic(desk, "till-7", &password, method, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.json()["client"], "till-7");
    }
    for (name, password) in [("till-7", "wrong"), ("till-8", password.as_str()), ("", "")] {
        let answer = basic(desk, name, password, "GET", "/v1/things").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}");
    }
}

async fn a04_register_further_clients(desk: &Desk) {
    for name in ["first", "second", "third"] {
        desk.create(NewKey { name: Some(name.into()), ..NewKey::default() }).await;
        assert_eq!(desk.keys.show(&caller(), name).await.unwrap().name, name);
    }
}

async fn a05_client_name(desk: &Desk) {
    let text = "Till Reports (north)";
    let made = desk.create(NewKey { display_name: Some(text.into()), ..NewKey::default() }).await;
    assert_eq!((&*made.key.display_name, &*made.key.name), (text, "till-reports-north"));
}

async fn a06_description(desk: &Desk) {
    let new = |n| NewKey { description: "é".repeat(n), ..NewKey::default() };
    assert_eq!(desk.create(new(280)).await.key.description.chars().count(), 280);
    assert_eq!(desk.create(new(0)).await.key.description, "");
    let error = desk.keys.create(&caller(), &new(281)).await.unwrap_err();
    assert!(error.to_string().contains("280 are allowed"), "{error}");
}

async fn a07_token_expiry_minutes(desk: &Desk) {
    assert_eq!(desk.key().await.key.token_lifetime, 60 * 60);
    for minutes in [1, 43_200] {
        let new = NewKey { token_lifetime: Some(minutes * 60), ..NewKey::default() };
        let key = desk.create(new).await.key;
        let made = desk.keys.mint(&caller(), &key.id, &NewToken::default()).await.unwrap();
        let token = made.token;
        assert_eq!(token.expires_at, Some(token.created_at + minutes * 60_000));
    }
    for seconds in [0, -60, 43_200 * 60 + 1] {
        let new = NewKey { token_lifetime: Some(seconds), ..NewKey::default() };
        let error = desk.keys.create(&caller(), &new).await.unwrap_err();
        assert!(matches!(error, ManagementError::Invalid(_)), "{error}");
    }
}

async fn a08_access_permission_per_group(desk: &Desk) {
    let key = desk.key_for(&["target-groups:view", "transaction:modify"]).await;
    for (method, path, expected) in [
        ("GET", "/v1/target-groups/7", "ok"),
        ("POST", "/v1/target-groups/7", "permission_denied"),
        ("POST", "/v1/transactions/7", "ok"),
        ("GET", "/v1/anything-else", "permission_denied"),
    ] {
        assert_eq!(desk.call(&key, method, path).await.problem(), expected, "{method} {path}");
    }
    let other = desk.key_for(&["all:view"]).await;
    assert_eq!(desk.call(&other, "GET", "/v1/anything-else").await.problem(), "ok");
    assert_eq!(desk.call(&other, "GET", "/v1/transactions/7").await.problem(), "permission_denied");
}

async fn a09_level_none_is_the_default(desk: &Desk) {
    let key = desk.create(NewKey::default()).await;
    assert_eq!(key.key.scopes, "");
    for path in ["/v1/target-groups", "/v1/transactions", "/v1/other"] {
        assert_eq!(desk.call(&key, "GET", path).await.problem(), "permission_denied", "{path}");
    }
}

async fn a10_level_view_only(desk: &Desk) {
    let key = desk.key_for(&["target-groups:view"]).await;
    for (method, allowed) in [
        ("GET", true),
        ("HEAD", true),
        ("OPTIONS", true),
        ("POST", false),
        ("PUT", false),
        ("PATCH", false),
        ("DELETE", false),
    ] {
        let answer = desk.call(&key, method, "/v1/target-groups/7").await;
        assert_eq!(answer.status == StatusCode::OK, allowed, "{method} {}", answer.status);
        assert!(allowed || answer.status == StatusCode::FORBIDDEN);
    }
    // Unless the catalogue says otherwise: this search is a POST that reads.
    let key = desk.key_for(&["transaction:view"]).await;
    assert_eq!(desk.call(&key, "POST", "/v1/transactions/search").await.problem(), "ok");
}

async fn a11_level_modify(desk: &Desk) {
    let key = desk.key_for(&["target-groups:modify"]).await;
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
        let answer = desk.call(&key, method, "/v1/target-groups/7").await;
        assert_eq!(answer.status, StatusCode::OK, "{method}");
    }
}

async fn a12_attribute_of_all_post_calls(desk: &Desk) {
    let new = NewKey {
        attributes: [("till".to_owned(), "T42".to_owned())].into(),
        scopes: EVERYTHING.map(str::to_owned).into(),
        ..NewKey::default()
    };
    let key = desk.create(new).await;
    let told = desk.call(&key, "POST", "/v1/transactions").await.json();
    assert_eq!((&told["till"], &told["attributes"]["till"]), (&"T42".into(), &"T42".into()));
    assert!(desk.call(&key, "GET", "/v1/transactions").await.json()["till"].is_null());
    // What the sender says about it does not arrive.
    for method in ["GET", "POST"] {
        let request = Request::builder().method(method).uri(format!("{ORIGIN}/v1/transactions"));
        let request = request.header("X-OAuth1-Attr-Till", "T1").body(Body::empty()).unwrap();
        let own = &key.credentials;
        let told = desk.send_as(&own.client, Some(&own.token), request).await.json();
        let expected = if method == "POST" { "T42".into() } else { serde_json::Value::Null };
        assert_eq!(told["till"], expected, "{method}");
    }
    let methods = Some(vec!["GET".to_owned()]);
    desk.change(&key, KeyChange { attribute_methods: methods, ..KeyChange::default() }).await;
    assert_eq!(desk.call(&key, "GET", "/v1/transactions").await.json()["till"], "T42");
    assert!(desk.call(&key, "POST", "/v1/transactions").await.json()["till"].is_null());
}

async fn a13_key_and_secret_are_given(desk: &Desk) {
    let key = desk.key().await;
    let secret = key.credentials.client.secret().expose();
    assert!(key.key.app_key.starts_with("ak_") && secret.starts_with("as_"), "{}", key.key.app_key);
    assert_eq!(desk.call(&key, "GET", "/v1/things").await.problem(), "ok");
}

async fn a14_the_secret_cannot_be_read_again(desk: &Desk) {
    let key = desk.key().await;
    let shown = desk.keys.show(&caller(), &key.key.name).await.unwrap();
    let audit = desk.management.audit(&caller(), &Default::default(), None, 10).await.unwrap();
    let all = format!("{shown:?} {audit:?}");
    for secret in [key.credentials.client.secret(), key.credentials.token.secret()] {
        assert!(!all.contains(secret.expose()));
    }
    let who = Caller { password_at: Some(i64::MAX / 2), ..caller() };
    let error = desk.keys.reveal(&who, &key.key.name, oauth1_server::management::Secret::App);
    assert!(matches!(error.await, Err(ManagementError::RevealForbidden)));
}

async fn a15_mint_an_access_token(desk: &Desk) {
    let key = desk.key().await;
    let (app_key, token) = (&key.key.app_key, NewToken::default());
    let made = desk.keys.mint_own(app_key, Some("192.0.2.1"), &token).await.unwrap();
    let client = &key.credentials.client;
    let answer = desk.send(client, Some(&made.credentials), "GET", "/v1/things").await;
    assert_eq!(answer.problem(), "ok");
    // Fewer rights and less time can be asked for, and not more.
    let asked = |lifetime, scopes: &[&str]| NewToken {
        lifetime: Some(lifetime),
        scopes: Some(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
    };
    let small = desk.keys.mint_own(app_key, None, &asked(60, &["target-groups:modify"])).await;
    let small: TokenCredentials = small.unwrap().credentials;
    let answer = desk.send(client, Some(&small), "GET", "/v1/things").await;
    assert_eq!(answer.problem(), "permission_denied");
    for more in [asked(3601, &["all:modify"]), asked(60, &["cloud-storage:objects"])] {
        let error = desk.keys.mint_own(app_key, None, &more).await.unwrap_err();
        assert!(matches!(error, ManagementError::Invalid(_)), "{error}");
    }
    let by_itself = format!("SELECT count(*) FROM audit WHERE actor = 'key:{app_key}'");
    assert_eq!(desk.fixture.number(&by_itself).await, 2);
}

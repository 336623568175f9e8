//! Console C: the four values of OAuth 1.0.

use axum::body::Body;
use http::{Request, StatusCode, header};
use oauth1_core::{ClientCredentials, Signer, TokenCredentials};
use oauth1_server::{
    PeerAddress,
    credentials::IdentifierStyle,
    management::{AccountChange, KeyChange, ManagementError, NewKey, Right},
};

use crate::{
    both,
    desk::{Desk, ORIGIN, caller, forbids, limited},
};

both! {
    c01_up_to_100_keys_per_account
    c02_roles_that_make_keys
    c04_edit_the_privileges_of_a_key
    c05_application_and_developer_name
    c06_category_and_permissions
    c07_preset_for_bots
    c08_four_values
    c10_no_delete
    c11_issued_for_the_account
    c12_header_on_one_line
    c13_example_values
    c14_one_key_per_application_and_environment
}

async fn c01_up_to_100_keys_per_account(desk: &Desk) {
    for n in 0..99 {
        desk.create(NewKey { name: Some(format!("key-{n}")), ..NewKey::default() }).await;
    }
    // Disabled ones count, deleted ones do not.
    desk.keys.set_enabled(&caller(), "key-7", false).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let keys = desk.keys.clone();
        tasks.spawn(async move { keys.create(&caller(), &NewKey::default()).await });
    }
    let made = tasks.join_all().await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
    for error in made.iter().filter_map(|made| made.as_ref().err()) {
        assert!(matches!(error, ManagementError::LimitReached(100)), "{error}");
    }
    desk.keys.delete(&caller(), "key-8", None).await.unwrap();
    // A key that is rotated counts once.
    let day = std::time::Duration::from_secs(24 * 3600);
    desk.keys.rotate(&caller(), "key-9", Default::default(), day).await.unwrap();
    desk.create(NewKey::default()).await;
    let error = desk.keys.create(&caller(), &NewKey::default()).await.unwrap_err();
    assert!(matches!(error, ManagementError::LimitReached(100)), "{error}");
}

async fn c02_roles_that_make_keys(desk: &Desk) {
    let roles = desk.management.roles().list(&caller()).await.unwrap();
    for (name, may) in [
        ("super_admin", true),
        ("admin", true),
        ("key_manager", true),
        ("auditor", false),
        ("member", false),
    ] {
        let role = roles.iter().find(|role| role.name == name).unwrap();
        let who = oauth1_server::management::Caller { rights: role.rights, ..limited(&[]) };
        let made = desk.keys.create(&who, &NewKey::default()).await;
        assert_eq!(made.is_ok(), may, "{name}");
        assert!(may || forbids(made, Right::KeysCreate));
    }
}

async fn c04_edit_the_privileges_of_a_key(desk: &Desk) {
    let key = desk.key_for(&["target-groups:view"]).await;
    assert_eq!(desk.call(&key, "POST", "/v1/transactions").await.problem(), "permission_denied");
    let scopes = Some(vec!["transaction:modify".to_owned()]);
    desk.change(&key, KeyChange { scopes, ..KeyChange::default() }).await;
    // The same four values.
    assert_eq!(desk.call(&key, "POST", "/v1/transactions").await.problem(), "ok");
    assert_eq!(desk.call(&key, "GET", "/v1/target-groups").await.problem(), "permission_denied");
}

async fn c05_application_and_developer_name(desk: &Desk) {
    let new = |developer: &str| NewKey {
        display_name: Some("Chat bot".into()),
        developer_name: Some(developer.into()),
        ..NewKey::default()
    };
    let key = desk.create(NewKey { description: "Answers".into(), ..new("Ada") }).await.key;
    assert_eq!((&*key.display_name, &*key.developer_name), ("Chat bot", "Ada"));
    assert_eq!(key.description, "Answers");
    for wrong in ["", "  ", &"x".repeat(101)] {
        let error = desk.keys.create(&caller(), &new(wrong)).await.unwrap_err();
        assert!(error.to_string().contains("developer_name"), "{error}");
    }
}

async fn c06_category_and_permissions(desk: &Desk) {
    let key = desk.key_for(&["agent-interactions:history"]).await;
    let (history, login) = ("/v1/agents/7/conversations/1", "/v1/agents/7/login");
    assert_eq!(desk.call(&key, "GET", history).await.problem(), "ok");
    assert_eq!(desk.call(&key, "POST", login).await.problem(), "permission_denied");
    let verdict = desk.keys.check(&caller(), &key.key.id, "POST", login, None).await.unwrap();
    assert_eq!(verdict.needs, ["agent-interactions:user-login"]);
    let both = ["agent-interactions:history", "agent-interactions:user-login"];
    let scopes = Some(both.map(str::to_owned).into());
    desk.change(&key, KeyChange { scopes, ..KeyChange::default() }).await;
    assert_eq!(desk.call(&key, "POST", login).await.problem(), "ok");
}

async fn c07_preset_for_bots(desk: &Desk) {
    for name in ["bot-login", "Bot login"] {
        let key = desk.create(NewKey { presets: vec![name.into()], ..NewKey::default() }).await;
        assert_eq!(key.key.scopes, "agent-interactions:user-login");
        assert_eq!(desk.call(&key, "POST", "/v1/agents/7/login").await.problem(), "ok");
    }
    let wrong = NewKey { presets: vec!["robot".into()], ..NewKey::default() };
    let error = desk.keys.create(&caller(), &wrong).await.unwrap_err();
    assert!(error.to_string().contains("bot-login"), "{error}");
}

async fn c08_four_values(desk: &Desk) {
    let key = desk.key().await;
    let own = &key.credentials;
    let values = [
        own.client.identifier(),
        own.client.secret().expose(),
        own.token.identifier(),
        own.token.secret().expose(),
    ];
    for (value, prefix) in values.iter().zip(["ak_", "as_", "at_", "ats_"]) {
        assert!(value.starts_with(prefix), "{prefix}");
        assert!(oauth1_server::management::has_checksum(value), "{prefix}");
    }
    assert_eq!(desk.call(&key, "GET", "/v1/things").await.problem(), "ok");
}

async fn c10_no_delete(desk: &Desk) {
    let key = desk.key().await;
    let change = AccountChange { deletion_allowed: Some(false), ..AccountChange::default() };
    desk.management.update_account(&caller(), None, &change, None).await.unwrap();
    let error = desk.keys.delete(&caller(), &key.key.id, None).await.unwrap_err();
    assert!(matches!(error, ManagementError::DeletionForbidden), "{error}");
    assert_eq!(desk.call(&key, "GET", "/v1/things").await.problem(), "ok");
}

async fn c11_issued_for_the_account(desk: &Desk) {
    let key = desk.key().await;
    assert_eq!(key.key.account, "default");
    assert!(key.key.tokens.iter().all(|token| token.resource_owner.is_none()));
    assert_eq!(desk.call(&key, "GET", "/v1/things").await.json()["client"], key.key.app_key);
    // Who made it may go; the key stays.
    let maker = oauth1_server::management::Caller { name: "person:ada".into(), ..caller() };
    let new = NewKey { scopes: vec!["all:view".into()], ..NewKey::default() };
    let key = desk.keys.create(&maker, &new).await.unwrap();
    assert_eq!(desk.call(&key, "GET", "/v1/things").await.problem(), "ok");
}

async fn c12_header_on_one_line(desk: &Desk) {
    let key = desk.key().await;
    let header = |separator: &str| {
        let own = &key.credentials;
        let signer = Signer::new(own.client.clone()).with_token(own.token.clone());
        let mut request = Request::get(format!("{ORIGIN}/v1/things")).body("").unwrap();
        signer.sign(&mut request).unwrap();
        let header = request.headers()[header::AUTHORIZATION].to_str().unwrap().to_owned();
        let (scheme, parameters) = header.split_once(' ').unwrap();
        let parameters: Vec<_> = parameters.split(',').map(str::trim).collect();
        format!("{scheme} {}", parameters.join(separator))
    };
    let send = async |value: String| {
        let request = Request::get(format!("{ORIGIN}/v1/things"));
        let request = request.header(header::AUTHORIZATION, value).body(Body::empty()).unwrap();
        desk.raw(request).await.status
    };
    for separator in [",", ", ", ",  ", " ,\t"] {
        assert_eq!(send(header(separator)).await, StatusCode::OK, "{separator:?}");
    }
    for folded in [",\r\n ", ",\n"] {
        let value = header::HeaderValue::try_from(header(folded));
        assert!(value.is_err(), "a folded header cannot even be built: {folded:?}");
    }
}

async fn c13_example_values(desk: &Desk) {
    // 32 hexadecimal digits for key and token, as that console gives them.
    let hex = |digit: char| digit.to_string().repeat(32);
    let imported = (
        ClientCredentials::new(hex('a'), hex('b').as_str()),
        TokenCredentials::new(hex('c'), hex('d').as_str()),
    );
    let new =
        NewKey { imported: Some(imported), scopes: vec!["all:view".into()], ..NewKey::default() };
    let key = desk.create(new).await;
    assert_eq!(desk.call(&key, "GET", "/v1/things").await.problem(), "ok");
    // And the same made here.
    let management = desk.management.clone().with_style(IdentifierStyle::Hex);
    let new = NewKey { scopes: vec!["all:view".into()], ..NewKey::default() };
    let key = management.keys().create(&caller(), &new).await.unwrap();
    assert!(key.key.app_key.len() == 32 && u128::from_str_radix(&key.key.app_key, 16).is_ok());
    // HMAC-SHA1, version, a UUID with dashes as the nonce, ten digits, the signature first.
    let own = &key.credentials;
    let signer = Signer::new(own.client.clone()).with_token(own.token.clone());
    let stamp = oauth1_core::Stamp::new(
        oauth1_core::Nonce::new("0f7f4b1c-5e9a-4d0e-9f6b-3a1de2a9c001").unwrap(),
        oauth1_core::Timestamp::from_seconds(crate::desk::now()).unwrap(),
    );
    let mut request = Request::get(format!("{ORIGIN}/v1/things")).body("").unwrap();
    signer.sign_at(&mut request, &stamp).unwrap();
    let header = request.headers()[header::AUTHORIZATION].to_str().unwrap().to_owned();
    let (_, parameters) = header.split_once(' ').unwrap();
    let mut parameters: Vec<_> = parameters.split(',').map(str::trim).collect();
    parameters.sort_by_key(|parameter| !parameter.starts_with("oauth_signature="));
    assert!(parameters[0].starts_with("oauth_signature=") && header.contains("0f7f4b1c-5e9a"));
    let value = format!("OAuth {}", parameters.join(","));
    let request = Request::get(format!("{ORIGIN}/v1/things"));
    let request = request.header(header::AUTHORIZATION, value).body(Body::empty()).unwrap();
    assert_eq!(desk.raw(request).await.status, StatusCode::OK);
}

async fn c14_one_key_per_application_and_environment(desk: &Desk) {
    let new = NewKey {
        environment: "staging".into(),
        scopes: vec!["all:view".into()],
        ..NewKey::default()
    };
    let key = desk.create(new).await;
    assert_eq!(key.key.environment, "staging");
    for n in 1..=4u8 {
        let own = &key.credentials;
        let mut request = Request::get(format!("{ORIGIN}/v1/things")).body(Body::empty()).unwrap();
        request.extensions_mut().insert(PeerAddress([192, 0, 2, n].into()));
        desk.send_as(&own.client, Some(&own.token), request).await;
        desk.written().await;
        let seen = desk.keys.addresses(&caller(), &key.key.id).await.unwrap();
        assert_eq!((seen.last_day, seen.hint.is_some()), (usize::from(n), n > 3));
    }
}

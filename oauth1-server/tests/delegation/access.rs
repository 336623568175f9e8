//! What was granted: seen, used, limited and ended.

use oauth1_server::{
    endpoints::Times,
    management::{NewToken, PersonChange},
};

use crate::{
    desk::{AUTHORIZE, Answer, Desk, INITIATE, TOKEN, client, system, to},
    on_both,
};

on_both! {
    a_resource_owner_sees_and_ends_what_he_granted,
    nobody_ends_what_others_granted,
    a_person_who_is_disabled_grants_nothing_any_more,
    nobody_grants_more_than_he_may,
    the_operator_ends_it_as_well,
    what_was_granted_ends_with_its_time,
    a_deleted_key_leaves_nothing,
    secrets_are_sealed_and_sealed_anew,
}

/// The row ids on the page.
fn ids(page: &Answer) -> Vec<String> {
    let parts = page.body.split("name=\"id\" value=\"").skip(1);
    parts.map(|part| part.split('"').next().unwrap().to_owned()).collect()
}

async fn a_resource_owner_sees_and_ends_what_he_granted(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let page = desk.page(&cookie, "/oauth/grants").await;
    assert!(page.status == 200 && page.body.contains("No application has access"), "{page:?}");
    let (first, second) = (desk.grant(&cookie).await.token(), desk.grant(&cookie).await.token());
    let page = desk.page(&cookie, "/oauth/grants").await;
    let listed = ids(&page);
    assert_eq!(listed.len(), 2);
    assert!(page.body.contains("The printer") && page.body.contains("Grace &#60;Hopper&#62;"));
    assert!(page.body.contains("Photos: see and change, Prints: see"), "{page:?}");
    // The newest is the first.
    let answer = desk.submit(&cookie, "/oauth/grants", &[("id", &listed[0])]).await;
    assert_eq!((answer.status, answer.location()), (303, "/oauth/grants?done=access-revoked"));
    desk.call(&second, "GET", "/photos").await.is(401, "token_revoked");
    assert_eq!(desk.call(&first, "GET", "/photos").await.status, 200);
    let page = desk.page(&cookie, "/oauth/grants?done=access-revoked").await;
    assert_eq!(ids(&page), &listed[1..]);
    assert!(page.body.contains("Its access has ended."), "{page:?}");
    // Once is enough.
    let answer = desk.submit(&cookie, "/oauth/grants", &[("id", &listed[0])]).await;
    assert_eq!(answer.status, 404);
}

async fn nobody_ends_what_others_granted(desk: Desk) {
    desk.person("ada", None).await;
    desk.person("eve", None).await;
    let ada = desk.sign_in("ada").await;
    let token = desk.grant(&ada).await.token();
    let listed = ids(&desk.page(&ada, "/oauth/grants").await);
    let eve = desk.sign_in("eve").await;
    assert!(ids(&desk.page(&eve, "/oauth/grants").await).is_empty());
    assert_eq!(desk.submit(&eve, "/oauth/grants", &[("id", &listed[0])]).await.status, 404);
    assert_eq!(desk.call(&token, "GET", "/photos").await.status, 200);
}

async fn a_person_who_is_disabled_grants_nothing_any_more(desk: Desk) {
    let id = desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let token = desk.grant(&cookie).await.token();
    let set = async |enabled| {
        let change = PersonChange { enabled: Some(enabled), ..PersonChange::default() };
        desk.management.people().update(&system(), &id, &change, None).await.unwrap();
    };
    set(false).await;
    desk.call(&token, "GET", "/photos").await.is(401, "token_revoked");
    let page = desk.page(&cookie, "/oauth/grants").await;
    assert_eq!(page.status, 303, "signed out");
    set(true).await;
    assert_eq!(desk.call(&token, "GET", "/photos").await.status, 200);
    desk.management.people().delete(&system(), &id, None).await.unwrap();
    desk.call(&token, "GET", "/photos").await.is(401, "token_revoked");
}

/// The application may change photos and see prints; who grants it access may only do the first.
async fn nobody_grants_more_than_he_may(desk: Desk) {
    let id = desk.person("ada", Some(&["photos:modify"])).await;
    let cookie = desk.sign_in("ada").await;
    let asked = desk.initiate("oob").await;
    let path = format!("{AUTHORIZE}?oauth_token={}", asked.identifier());
    let page = desk.page(&cookie, &path).await;
    assert!(page.body.contains("Photos: see and change"), "{page:?}");
    assert!(!page.body.contains("Prints"), "{page:?}");
    let token = desk.grant(&cookie).await.token();
    assert_eq!(desk.call(&token, "POST", "/photos").await.status, 200);
    desk.call(&token, "GET", "/prints").await.is(403, "permission_denied");
    // Later changes hold for what was granted before.
    let change =
        PersonChange { scopes: Some(vec!["photos:view".to_owned()]), ..PersonChange::default() };
    desk.management.people().update(&system(), &id, &change, None).await.unwrap();
    desk.call(&token, "POST", "/photos").await.is(403, "permission_denied");
    assert_eq!(desk.call(&token, "GET", "/photos").await.status, 200);
    // To change includes to see, and who may do nothing of it has nothing to grant.
    let signer = client(&desk.key).with_callback(to("oob"));
    let asked = desk.post(&signer, INITIATE, &[("scope", "photos:modify")]).await;
    let change =
        PersonChange { scopes: Some(vec!["prints:modify".to_owned()]), ..PersonChange::default() };
    desk.management.people().update(&system(), &id, &change, None).await.unwrap();
    let path = format!("{AUTHORIZE}?oauth_token={}", asked.form()["oauth_token"]);
    let page = desk.page(&cookie, &path).await;
    assert!(page.status == 403 && page.body.contains("nothing that you may do"), "{page:?}");
    let answer = desk.decide(&cookie, &asked.form()["oauth_token"], "allow").await;
    assert_eq!(answer.status, 403);
    let token = desk.grant(&cookie).await.token();
    assert_eq!(desk.call(&token, "GET", "/prints").await.status, 200);
    desk.call(&token, "GET", "/photos").await.is(403, "permission_denied");
}

async fn the_operator_ends_it_as_well(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let token = desk.grant(&cookie).await.token();
    let keys = desk.management.keys();
    let listed = keys.tokens(&system(), "printer", None, 50).await.unwrap().tokens;
    let found = listed.iter().find(|found| found.access_token == token.identifier()).unwrap();
    assert_eq!(found.resource_owner.as_deref(), Some("ada"));
    keys.revoke(&system(), "printer", token.identifier()).await.unwrap();
    desk.call(&token, "GET", "/photos").await.is(401, "token_revoked");
    assert!(ids(&desk.page(&cookie, "/oauth/grants").await).is_empty());
    // Tokens that nobody granted are none of a person's affair.
    let own = keys.mint(&system(), "printer", &NewToken::default()).await.unwrap();
    assert_eq!(desk.call(&own.credentials, "GET", "/photos").await.status, 200);
}

async fn what_was_granted_ends_with_its_time(desk: Desk) {
    let times = Times { authorization: Some(3_600), ..Times::default() };
    let desk = desk.with(times, |endpoints| endpoints);
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let answer = desk.grant(&cookie).await;
    let form = answer.form();
    assert!(form["oauth_expires_in"].parse::<i64>().unwrap() <= 3_600, "{form:?}");
    assert!(!form.contains_key("oauth_session_handle"), "what cannot be renewed has none");
    desk.fixture.execute("UPDATE token SET expires_at = 1 WHERE delegation_id IS NOT NULL").await;
    desk.fixture.execute("UPDATE delegation SET expires_at = 1").await;
    desk.management.keys().set_enabled(&system(), "printer", true).await.unwrap();
    desk.call(&answer.token(), "GET", "/photos").await.is(401, "token_expired");
    assert!(ids(&desk.page(&cookie, "/oauth/grants").await).is_empty());
}

async fn a_deleted_key_leaves_nothing(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let token = desk.grant(&cookie).await.token();
    let waiting = desk.initiate("oob").await;
    desk.management.keys().delete(&system(), "printer", None).await.unwrap();
    for table in ["temporary", "secret WHERE token_id IS NOT NULL OR client_id IS NOT NULL"] {
        assert_eq!(desk.fixture.number(&format!("SELECT count(*) FROM {table}")).await, 0);
    }
    desk.call(&token, "GET", "/photos").await.is(401, "consumer_key_unknown");
    assert!(ids(&desk.page(&cookie, "/oauth/grants").await).is_empty());
    assert_eq!(desk.decide(&cookie, waiting.identifier(), "allow").await.status, 404);
    let signer = client(&desk.key).with_token(token);
    desk.post(&signer, TOKEN, &[("x_auth_mode", "client_auth")]).await.is(400, "parameter_absent");
}

async fn secrets_are_sealed_and_sealed_anew(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let temporary = desk.initiate("oob").await;
    let code = desk.allow(&cookie, &temporary).await;
    let at_rest = desk.fixture.at_rest().await;
    let holds = |text: &str| at_rest.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(temporary.identifier()), "the test would find it");
    assert!(!holds(temporary.secret().expose()) && !holds(&code));
    let store = desk.fixture.open().await;
    let done = store.rekey(oauth1_server::credentials::sql::NewMasterKey::Random, |_| true);
    assert!(done.await.unwrap().unwrap().file_written);
    store.close().await;
    let token = desk.exchange(&temporary, &code).await.token();
    assert_eq!(desk.call(&token, "GET", "/photos").await.status, 200);
}

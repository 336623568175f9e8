//! Names and passwords instead of a visit (xAuth): off, unless an application is named.

use oauth1_server::endpoints::Times;

use crate::{
    desk::{Answer, Desk, PASSWORD, TOKEN, client},
    on_both,
};

on_both! {
    nobody_may_unless_he_is_named,
    a_password_is_exchanged_for_a_token,
    wrong_passwords_are_told_apart_by_nobody_and_throttled,
}

fn form<'a>(name: &'a str, password: &'a str) -> [(&'a str, &'a str); 3] {
    [("x_auth_mode", "client_auth"), ("x_auth_username", name), ("x_auth_password", password)]
}

async fn post(desk: &Desk, form: &[(&str, &str)]) -> Answer {
    desk.post(&client(&desk.key), TOKEN, form).await
}

fn named(desk: Desk) -> Desk {
    let app_key = desk.key.key.app_key.clone();
    desk.with(Times::default(), |endpoints| endpoints.with_xauth(vec![app_key]))
}

async fn nobody_may_unless_he_is_named(desk: Desk) {
    desk.person("ada", None).await;
    post(&desk, &form("ada", PASSWORD)).await.is(403, "permission_denied");
    let desk = desk
        .with(Times::default(), |endpoints| endpoints.with_xauth(vec!["ak_of_another".to_owned()]));
    post(&desk, &form("ada", PASSWORD)).await.is(403, "permission_denied");
}

async fn a_password_is_exchanged_for_a_token(desk: Desk) {
    desk.person("ada", Some(&["photos:modify"])).await;
    let desk = named(desk);
    let answer = post(&desk, &form("ada", PASSWORD)).await;
    let values = answer.form();
    assert_eq!((&*values["screen_name"], &*values["x_auth_expires"]), ("ada", "0"));
    let token = answer.token();
    assert_eq!(desk.call(&token, "POST", "/photos").await.status, 200);
    desk.call(&token, "GET", "/prints").await.is(403, "permission_denied");
    // It is seen and ended as what was granted on a page.
    let cookie = desk.sign_in("ada").await;
    let page = desk.page(&cookie, "/oauth/grants").await;
    assert!(page.body.contains("The printer"), "{page:?}");
    for bad in [
        &[("x_auth_mode", "client_auth")][..],
        &[("x_auth_mode", "other"), ("x_auth_username", "ada"), ("x_auth_password", PASSWORD)],
    ] {
        post(&desk, bad).await.is(400, "parameter_rejected");
    }
}

async fn wrong_passwords_are_told_apart_by_nobody_and_throttled(desk: Desk) {
    desk.person("ada", None).await;
    let desk = named(desk);
    let stranger = post(&desk, &form("nobody", PASSWORD)).await;
    let wrong = post(&desk, &form("ada", "wrong")).await;
    stranger.is(401, "permission_denied");
    assert_eq!((stranger.status, &stranger.body), (wrong.status, &wrong.body));
    let mut last = wrong;
    for _ in 0..10 {
        last = post(&desk, &form("ada", "wrong")).await;
        if last.status == 429 {
            break;
        }
    }
    assert_eq!(last.status, 429, "{last:?}");
    assert!(last.headers.contains_key("retry-after"));
    // The right one has to wait as well, here and at the page.
    assert_eq!(post(&desk, &form("ada", PASSWORD)).await.status, 429);
    let sign_in = [("name", "ada"), ("password", PASSWORD), ("next", "")];
    assert_eq!(desk.submit("", "/oauth/authorize/sign-in", &sign_in).await.status, 429);
}

//! Administrators at work at the same time, beside requests.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::StatusCode;
use oauth1_server::management::{
    KeyChange, KeyFilter, KeyOrder, KeyState, ManagementError, NewKey, NewToken, Right, Rotation,
};

use crate::{
    both,
    desk::{Desk, caller, limited},
};

both! {
    a_deleted_key_is_never_accepted_again
    of_changes_made_of_one_version_one_is_made
    two_rotations_at_once_leave_two_secrets
    the_tokens_of_a_key_are_bounded
    lists_are_ordered_filtered_and_searched
    accounts_are_told_apart
    nobody_touches_a_key_that_may_more
}

async fn a_deleted_key_is_never_accepted_again(desk: &Desk) {
    let gone = Arc::new(AtomicBool::new(false));
    for _ in 0..5 {
        let key = desk.key().await;
        gone.store(false, Ordering::SeqCst);
        let first = tokio::sync::Notify::new();
        let requests = async {
            let mut refused = 0;
            while refused < 20 {
                tokio::task::yield_now().await;
                let before = gone.load(Ordering::SeqCst);
                match desk.call(&key, "GET", "/v1/things").await.status {
                    StatusCode::OK => {
                        assert!(!before, "accepted after the deletion was done");
                        first.notify_one();
                    }
                    StatusCode::UNAUTHORIZED => refused += 1,
                    other => panic!("{other}"),
                }
            }
        };
        let deletion = async {
            first.notified().await;
            tokio::time::sleep(Duration::from_millis(30)).await;
            desk.keys.delete(&caller(), &key.key.id, None).await.unwrap();
            gone.store(true, Ordering::SeqCst);
        };
        tokio::join!(requests, deletion);
    }
}

async fn of_changes_made_of_one_version_one_is_made(desk: &Desk) {
    let key = desk.key().await.key;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..16 {
        let (keys, key) = (desk.keys.clone(), key.clone());
        tasks.spawn(async move {
            let change =
                KeyChange { description: Some(format!("change {n}")), ..KeyChange::default() };
            keys.update(&caller(), &key.id, &change, Some(key.version)).await
        });
    }
    let done = tasks.join_all().await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
    for error in done.iter().filter_map(|done| done.as_ref().err()) {
        assert!(matches!(error, ManagementError::Conflict { found: 2 }), "{error}");
    }
}

async fn two_rotations_at_once_leave_two_secrets(desk: &Desk) {
    let key = desk.key().await;
    let day = Duration::from_secs(24 * 3600);
    let who = caller();
    let rotate = || desk.keys.rotate(&who, &key.key.id, Rotation::AppSecret, day);
    let (first, second) = tokio::join!(rotate(), rotate());
    let secrets = [first.unwrap(), second.unwrap()].map(|rotated| rotated.app_secret.unwrap());
    let count = "SELECT count(*) FROM secret WHERE client_id IS NOT NULL";
    assert_eq!(desk.fixture.number(count).await, 2);
    // Those two are the two that were given out; the first one of all is gone.
    for (secret, good) in
        [(&secrets[0], true), (&secrets[1], true), (key.credentials.client.secret(), false)]
    {
        let client = crate::desk::with_secret(&key, secret);
        let token = Some(&key.credentials.token);
        let answer = desk.send(&client, token, "GET", "/v1/things").await;
        assert_eq!(answer.status == StatusCode::OK, good);
    }
}

async fn the_tokens_of_a_key_are_bounded(desk: &Desk) {
    let key = desk.key().await.key;
    let digits: Vec<_> = (0..10).map(|n| format!("SELECT '{n}' AS n")).collect();
    let digits = digits.join(" UNION ALL ");
    let sql = format!(
        "INSERT INTO token (id, client_id, identifier, own, expires_at, created_at, changed_at)
         SELECT 'x' || a.n || b.n || c.n, client.id, 'x' || a.n || b.n || c.n, FALSE,
                9999999999999, 1, 1
         FROM client, ({digits}) a, ({digits}) b, ({digits}) c"
    );
    assert_eq!(desk.fixture.execute(&sql).await, 1000);
    let error = desk.keys.mint(&caller(), &key.id, &NewToken::default()).await.unwrap_err();
    assert!(error.to_string().contains("1000 tokens"), "{error}");
}

async fn lists_are_ordered_filtered_and_searched(desk: &Desk) {
    for (name, text, environment) in [
        ("bills", "Billing bot", "production"),
        ("till", "Till north", "staging"),
        ("archive", "Bill archive", "production"),
        ("zebra", "100% of_it", ""),
    ] {
        desk.create(NewKey {
            name: Some(name.into()),
            display_name: Some(text.into()),
            environment: environment.into(),
            ..NewKey::default()
        })
        .await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    desk.keys.set_enabled(&caller(), "till", false).await.unwrap();
    let names = async |filter: KeyFilter| {
        // Page by page, of one key each.
        let (mut names, mut after) = (Vec::new(), None);
        loop {
            let page = desk.keys.list(&caller(), &filter, after.as_deref(), 1).await.unwrap();
            names.extend(page.keys.into_iter().map(|key| key.name));
            after = page.next;
            if after.is_none() {
                break names;
            }
        }
    };
    let all = KeyFilter::default;
    let order = |order| KeyFilter { order, ..all() };
    let search = |text: &str| KeyFilter { search: Some(text.into()), ..all() };
    assert_eq!(names(all()).await, ["zebra", "archive", "till", "bills"]);
    assert_eq!(names(order(KeyOrder::Name)).await, ["archive", "bills", "till", "zebra"]);
    assert_eq!(names(order(KeyOrder::LastUsed)).await.len(), 4);
    assert_eq!(names(order(KeyOrder::Expires)).await.len(), 4);
    let disabled = KeyFilter { state: Some(KeyState::Disabled), ..all() };
    assert_eq!(names(disabled).await, ["till"]);
    let production = KeyFilter { environment: Some("production".into()), ..all() };
    assert_eq!(names(production).await, ["archive", "bills"]);
    assert_eq!(names(search("bill")).await, ["archive", "bills"]);
    assert_eq!(names(search("BILL arch")).await, ["archive"]);
    assert_eq!(names(search("north till")).await, ["till"]);
    assert_eq!(names(search("100%")).await, ["zebra"]);
    for nothing in ["%", "", "nowhere", "ill", "bill' OR 1=1"] {
        assert_eq!(names(search(nothing)).await, [""; 0], "{nothing}");
    }
    desk.keys.delete(&caller(), "bills", None).await.unwrap();
    assert_eq!(names(search("bill")).await, ["archive"]);
    let wrong = desk.keys.list(&caller(), &all(), Some("nowhere"), 5).await.unwrap_err();
    assert!(matches!(wrong, ManagementError::Invalid(_)), "{wrong}");
}

async fn accounts_are_told_apart(desk: &Desk) {
    let other = desk.management.create_account(&caller(), "other", "Other").await.unwrap();
    let here = desk.key().await.key;
    let new = NewKey { account: Some("other".into()), ..NewKey::default() };
    let there = desk.create(new).await.key;
    let inside = oauth1_server::management::Caller { account: Some(other.id), ..caller() };
    for name in [&here.id, &here.app_key, &here.name] {
        let error = desk.keys.show(&inside, name).await.unwrap_err();
        assert!(matches!(error, ManagementError::Unknown { .. }), "{error}");
        let error = desk.keys.delete(&inside, name, None).await.unwrap_err();
        assert!(matches!(error, ManagementError::Unknown { .. }), "{error}");
    }
    let page = desk.keys.list(&inside, &KeyFilter::default(), None, 10).await.unwrap();
    assert_eq!(page.keys.iter().map(|key| &key.id).collect::<Vec<_>>(), [&there.id]);
    let new = NewKey { account: Some("default".into()), ..NewKey::default() };
    let error = desk.keys.create(&inside, &new).await.unwrap_err();
    assert!(matches!(error, ManagementError::Unknown { .. }), "{error}");
    let audit = desk.management.audit(&inside, &Default::default(), None, 50).await.unwrap();
    assert!(audit.entries.iter().all(|entry| entry.subject_id != here.id));
    assert!(audit.entries.iter().any(|entry| entry.subject_id == there.id));
}

async fn nobody_touches_a_key_that_may_more(desk: &Desk) {
    let boss = NewKey { role: Some("super_admin".into()), ..NewKey::default() };
    let boss = desk.create(boss).await.key;
    let rights = Right::ALL.into_iter().filter(|right| !right.is_super()).collect::<Vec<_>>();
    let (admin, keys, hour) = (limited(&rights), &desk.keys, Duration::from_secs(3600));
    let refused = |error: ManagementError| matches!(error, ManagementError::Refused(_));
    let rename = KeyChange { description: Some("mine".into()), ..KeyChange::default() };
    assert!(refused(keys.update(&admin, &boss.id, &rename, None).await.unwrap_err()));
    assert!(refused(keys.rotate(&admin, &boss.id, Rotation::Both, hour).await.unwrap_err()));
    assert!(refused(keys.regenerate(&admin, &boss.id).await.unwrap_err()));
    assert!(refused(keys.mint(&admin, &boss.id, &NewToken::default()).await.unwrap_err()));
    assert!(refused(keys.delete(&admin, &boss.id, None).await.unwrap_err()));
    let new = NewKey { role: Some("super_admin".into()), ..NewKey::default() };
    assert!(refused(keys.create(&admin, &new).await.unwrap_err()));
    assert_eq!(keys.show(&admin, &boss.id).await.unwrap().version, 1);
    // For itself, an application needs nobody's rights.
    keys.mint_own(&boss.app_key, None, &NewToken::default()).await.unwrap();
}

//! Console E: applications with API assignments.

use std::time::Duration;

use oauth1_server::management::{
    AccountChange, Caller, KeyChange, KeyFilter, ManagementError, NewKey, NewRole, Right,
};

use crate::{
    both,
    desk::{Desk, EVERYTHING, caller, forbids, limited},
};

both! {
    e01_a_custom_role
    e02_without_the_permission_nothing_is_there
    e03_extra_assignment_by_the_super_administrator
    e04_list_and_create
    e05_as_many_applications_as_you_wish
    e06_names_have_no_spaces
    e07_assign_apis_and_change_them_later
    e08_a_change_is_known_everywhere_within_seconds
    e11_delete_leaves_the_audit_log
    e12_catalogue
}

async fn e01_a_custom_role(desk: &Desk) {
    let new = NewRole {
        name: "credentials".into(),
        display_name: Some("Application credentials".into()),
        permissions: vec!["keys.read".into(), "keys.create".into()],
        ..NewRole::default()
    };
    let role = desk.management.roles().create(&caller(), &new).await.unwrap();
    let who = Caller { rights: role.rights, ..limited(&[]) };
    let key = desk.keys.create(&who, &NewKey::default()).await.unwrap();
    assert!(forbids(desk.keys.delete(&who, &key.key.id, None).await, Right::KeysDelete));
}

async fn e02_without_the_permission_nothing_is_there(desk: &Desk) {
    let key = desk.key().await;
    let stranger = limited(&[Right::AuditRead]);
    assert!(forbids(desk.keys.show(&stranger, &key.key.id).await, Right::KeysRead));
    let list = desk.keys.list(&stranger, &KeyFilter::default(), None, 5).await;
    assert!(forbids(list, Right::KeysRead));
}

async fn e03_extra_assignment_by_the_super_administrator(desk: &Desk) {
    let scope = "cloud-storage:objects";
    let new = NewKey { scopes: vec![scope.into()], ..NewKey::default() };
    let error = desk.keys.create(&caller(), &new).await.unwrap_err();
    assert!(error.to_string().contains("super administrator"), "{error}");
    let admin = limited(&[Right::KeysCreate, Right::OrgSettings, Right::UsersManage]);
    let refused = desk.management.assign(&admin, None, scope, true).await;
    assert!(forbids(refused, Right::AssignmentsManage));
    // Not even the whole group gives it away.
    let group = desk.key_for(&["cloud-storage:modify"]).await;
    let path = "/v1/cloud-storage/objects/1";
    assert_eq!(desk.call(&group, "GET", path).await.problem(), "permission_denied");

    desk.management.assign(&caller(), None, scope, true).await.unwrap();
    assert_eq!(desk.call(&group, "GET", path).await.problem(), "ok");
    let key = desk.keys.create(&admin, &new).await.unwrap();
    assert_eq!(desk.call(&key, "PUT", path).await.problem(), "ok");
    desk.management.assign(&caller(), None, scope, false).await.unwrap();
    assert_eq!(desk.call(&key, "PUT", path).await.problem(), "permission_denied");
    let other = desk.management.assign(&caller(), None, "all:modify", true).await.unwrap_err();
    assert!(matches!(other, ManagementError::Invalid(_)), "{other}");
}

async fn e04_list_and_create(desk: &Desk) {
    let filter = KeyFilter::default();
    assert!(desk.keys.list(&caller(), &filter, None, 5).await.unwrap().keys.is_empty());
    let made = desk.key().await;
    let page = desk.keys.list(&caller(), &filter, None, 5).await.unwrap();
    assert_eq!(page.keys[0].app_key, made.key.app_key);
    assert_eq!(page.next, None);
}

async fn e05_as_many_applications_as_you_wish(desk: &Desk) {
    let change = AccountChange { max_keys: Some(0), ..AccountChange::default() };
    desk.management.update_account(&caller(), None, &change, None).await.unwrap();
    for n in 0..120 {
        let scopes = vec![EVERYTHING[n % 3].to_owned()];
        desk.create(NewKey { scopes, ..NewKey::default() }).await;
    }
    let filter = KeyFilter { scope: Some("all:modify".into()), ..KeyFilter::default() };
    let page = desk.keys.list(&caller(), &filter, None, 200).await.unwrap();
    assert_eq!(page.keys.len(), 40);
}

async fn e06_names_have_no_spaces(desk: &Desk) {
    let new = NewKey { name: Some("two words".into()), ..NewKey::default() };
    let error = desk.keys.create(&caller(), &new).await.unwrap_err();
    assert!(error.to_string().to_lowercase().contains("no spaces allowed"), "{error}");
}

async fn e07_assign_apis_and_change_them_later(desk: &Desk) {
    let key = desk.key_for(&["transaction:view"]).await;
    let change = |scopes: &[&str]| KeyChange {
        scopes: Some(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
        ..KeyChange::default()
    };
    desk.change(&key, change(&["transaction:view", "target-groups:view"])).await;
    assert_eq!(desk.call(&key, "GET", "/v1/target-groups/1").await.problem(), "ok");
    desk.change(&key, change(&["target-groups:view"])).await;
    assert_eq!(desk.call(&key, "GET", "/v1/transactions/1").await.problem(), "permission_denied");
    let shown = desk.keys.show(&caller(), &key.key.id).await.unwrap();
    assert_eq!(
        (&*shown.scopes, &*shown.tokens[0].scopes),
        ("target-groups:view", "target-groups:view")
    );
}

async fn e08_a_change_is_known_everywhere_within_seconds(desk: &Desk) {
    let key = desk.key().await;
    assert_eq!(desk.call(&key, "GET", "/v1/things").await.problem(), "ok");
    // Another process, which this one's cache knows nothing of.
    let other = desk.fixture.open().await;
    let keys = oauth1_server::management::KeyService::new(other.clone());
    keys.set_enabled(&caller(), &key.key.id, false).await.unwrap();
    let mut known = false;
    for _ in 0..100 {
        known = desk.call(&key, "GET", "/v1/things").await.problem() != "ok";
        if known {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(known, "5 seconds have passed");
    other.close().await;
}

async fn e11_delete_leaves_the_audit_log(desk: &Desk) {
    let key = desk.key().await;
    desk.keys.delete(&caller(), &key.key.id, None).await.unwrap();
    let filter = oauth1_server::management::AuditFilter {
        subject_id: Some(key.key.id.clone()),
        ..Default::default()
    };
    let page = desk.management.audit(&caller(), &filter, None, 10).await.unwrap();
    let actions: Vec<_> = page.entries.iter().map(|entry| &*entry.action).collect();
    assert_eq!(actions, ["key.delete", "key.create"]);
    assert!(page.entries.iter().all(|entry| entry.subject == key.key.app_key));
}

async fn e12_catalogue(desk: &Desk) {
    let groups = desk.management.catalogue().groups();
    let names: Vec<_> = groups.iter().map(|group| &*group.name).collect();
    let expected = ["target-groups", "transaction", "all", "agent-interactions", "cloud-storage"];
    assert_eq!(names, expected);
    assert!(groups.iter().all(|group| group.docs.is_some()));
}

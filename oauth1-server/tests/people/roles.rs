//! Roles of accounts.

use oauth1_server::management::{
    Caller, ManagementError, NewPerson, NewRole, Right, Rights, RoleChange,
};

use crate::fixture::{Fixture, Kind, system};

crate::on_both!(
    e01_custom_roles_permit_what_they_say,
    d09_nobody_makes_a_role_with_more_than_he_has,
    roles_in_use_and_built_in_roles_stay,
    roles_of_an_account_are_its_own,
);

fn role(name: &str, permissions: &[&str]) -> NewRole {
    NewRole {
        name: name.into(),
        permissions: permissions.iter().map(|p| (*p).to_owned()).collect(),
        ..NewRole::default()
    }
}

fn with(rights: &[Right]) -> Caller {
    Caller { rights: rights.iter().copied().collect::<Rights>(), ..Caller::system("test") }
}

async fn e01_custom_roles_permit_what_they_say(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let roles = fixture.management.roles();
    let new = role("app-credentials", &["keys.read", "keys.create"]);
    let made = roles.create(&system(), &new).await.unwrap();
    assert_eq!(made.rights.iter().collect::<Vec<_>>(), [Right::KeysRead, Right::KeysCreate]);
    let token = fixture.person("ada", "app-credentials", None).await;
    fixture.call_as(&token, "GET", "/v1/keys").send().await.expect(200);
    fixture.call_as(&token, "GET", "/v1/audit").send().await.problem(403, "permission_denied");
    // What the role permits is what its people may do from now on.
    let change =
        RoleChange { permissions: Some(vec!["audit.read".into()]), ..RoleChange::default() };
    roles.update(&system(), "app-credentials", &change, Some(made.version)).await.unwrap();
    fixture.call_as(&token, "GET", "/v1/keys").send().await.problem(403, "permission_denied");
    fixture.call_as(&token, "GET", "/v1/audit").send().await.expect(200);
}

async fn d09_nobody_makes_a_role_with_more_than_he_has(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let roles = fixture.management.roles();
    for super_right in ["assignments.manage", "accounts.manage"] {
        let made = roles.create(&system(), &role("mine", &[super_right])).await;
        assert!(matches!(made, Err(ManagementError::Refused(_))), "{made:?}");
    }
    let unknown = roles.create(&system(), &role("mine", &["keys.raed"])).await;
    assert!(matches!(unknown, Err(ManagementError::Invalid(_))));
    let some = with(&[Right::UsersManage, Right::KeysRead]);
    let made = roles.create(&some, &role("mine", &["keys.read", "keys.reveal"])).await;
    assert!(matches!(made, Err(ManagementError::Refused(_))), "{made:?}");
    roles.create(&some, &role("mine", &["keys.read"])).await.unwrap();
    let change = |names: &[&str]| RoleChange {
        permissions: Some(names.iter().map(|p| (*p).to_owned()).collect()),
        ..RoleChange::default()
    };
    let more = roles.update(&some, "mine", &change(&["keys.delete"]), None).await;
    assert!(matches!(more, Err(ManagementError::Refused(_))));
    // Nor does he take away what others gave.
    roles.update(&system(), "mine", &change(&["keys.delete"]), None).await.unwrap();
    for result in [
        roles.update(&some, "mine", &change(&["keys.read"]), None).await,
        roles.delete(&some, "mine", None).await,
    ] {
        assert!(matches!(result, Err(ManagementError::Refused(_))), "{result:?}");
    }
    let none = roles.list(&with(&[Right::KeysRead])).await;
    assert!(matches!(none, Err(ManagementError::Forbidden(Right::UsersManage))));
}

async fn roles_in_use_and_built_in_roles_stay(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let roles = fixture.management.roles();
    for built_in in ["super_admin", "admin", "key_manager", "auditor", "member"] {
        let change = RoleChange { display_name: Some("x".into()), ..RoleChange::default() };
        for result in [
            roles.update(&system(), built_in, &change, None).await,
            roles.delete(&system(), built_in, None).await,
        ] {
            assert!(matches!(result, Err(ManagementError::Refused(_))), "{result:?}");
        }
    }
    roles.create(&system(), &role("ops", &["keys.read"])).await.unwrap();
    let taken = roles.create(&system(), &role("ops", &["keys.read"])).await;
    assert!(matches!(taken, Err(ManagementError::NameTaken(_))));
    let new = NewPerson { name: "ada".into(), role: "ops".into(), ..NewPerson::default() };
    fixture.management.people().create(&system(), &new).await.unwrap();
    let used = roles.delete(&system(), "ops", None).await;
    assert!(matches!(used, Err(ManagementError::Blocked(_))), "{used:?}");
    fixture.management.people().delete(&system(), "ada", None).await.unwrap();
    roles.delete(&system(), "ops", None).await.unwrap();
    let gone = fixture.management.people().create(&system(), &new).await;
    assert!(matches!(gone, Err(ManagementError::Unknown { .. })));
}

async fn roles_of_an_account_are_its_own(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let (management, roles) = (&fixture.management, fixture.management.roles());
    let mut callers = Vec::new();
    for name in ["acme", "umbrella"] {
        let account = management.create_account(&system(), name, name).await.unwrap();
        callers.push(Caller { account: Some(account.id), ..Caller::system(name) });
    }
    for caller in &callers {
        roles.create(caller, &role("ops", &["keys.read"])).await.unwrap();
    }
    // A role of all accounts would be hidden by those.
    let taken = roles.create(&system(), &role("ops", &["keys.read"])).await;
    assert!(matches!(taken, Err(ManagementError::NameTaken(_))));
    roles.create(&system(), &role("shared", &["keys.read"])).await.unwrap();
    let taken = roles.create(&callers[0], &role("shared", &["keys.read"])).await;
    assert!(matches!(taken, Err(ManagementError::NameTaken(_))));
    let theirs = roles.delete(&callers[0], "shared", None).await;
    assert!(matches!(theirs, Err(ManagementError::Refused(_))));
    let mine = roles.show(&callers[0], "ops").await.unwrap();
    let other = roles.show(&callers[1], &mine.id).await;
    assert!(matches!(other, Err(ManagementError::Unknown { .. })));
    // The role of the person's account, whoever gives it.
    for account in ["acme", "umbrella"] {
        let new = NewPerson {
            name: format!("of-{account}"),
            role: "ops".into(),
            account: Some(account.into()),
            ..NewPerson::default()
        };
        management.people().create(&system(), &new).await.unwrap();
        let account_of = format!(
            "SELECT count(*) FROM person p JOIN role r ON r.id = p.role_id
             WHERE p.name = 'of-{account}' AND r.account_id = p.account_id"
        );
        assert_eq!(fixture.database.number(&account_of).await, 1);
    }
    let all = NewPerson { name: "all".into(), role: "ops".into(), ..NewPerson::default() };
    assert!(management.people().create(&system(), &all).await.is_err());
}

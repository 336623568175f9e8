//! Who may make, change and remove people.

use oauth1_server::management::{
    Caller, ManagementError, NewBasicCredential, NewPerson, Person, PersonChange, PersonService,
};

use crate::fixture::{Fixture, Kind, PASSWORD, system};

crate::on_both!(
    x8_nobody_gives_more_than_he_has,
    somebody_is_always_a_super_administrator,
    super_administrators_do_not_remove_each_other_at_once,
    names_are_unique_and_come_back,
    people_of_one_account_see_no_others,
    passwords_have_rules,
    everything_is_in_the_audit_log,
);

async fn make(fixture: &Fixture, name: &str, role: &str, account: Option<&str>) -> Person {
    let new = NewPerson {
        name: name.into(),
        role: role.into(),
        account: account.map(str::to_owned),
        ..NewPerson::default()
    };
    fixture.management.people().create(&system(), &new).await.unwrap()
}

/// A person as one who asks.
fn caller(person: &Person) -> Caller {
    Caller { person: Some(person.id.clone()), rights: person.rights, ..Caller::system("person") }
}

fn to_role(role: &str) -> PersonChange {
    PersonChange { role: Some(role.into()), ..PersonChange::default() }
}

fn disabled() -> PersonChange {
    PersonChange { enabled: Some(false), ..PersonChange::default() }
}

async fn x8_nobody_gives_more_than_he_has(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let people = fixture.management.people();
    let root = make(&fixture, "root", "super_admin", None).await;
    let admin = make(&fixture, "admin", "admin", None).await;
    let clerk = make(&fixture, "clerk", "key_manager", None).await;
    let new = |role: &str| NewPerson {
        name: format!("by-admin-{}", role.replace('_', "-")),
        role: role.into(),
        ..NewPerson::default()
    };
    let as_admin = caller(&admin);
    for role in ["admin", "key_manager", "auditor", "member"] {
        people.create(&as_admin, &new(role)).await.unwrap();
    }
    let refused = |result: Result<Person, ManagementError>| {
        assert!(matches!(result, Err(ManagementError::Refused(_))), "{result:?}");
    };
    refused(people.create(&as_admin, &new("super_admin")).await);
    refused(people.update(&as_admin, "clerk", &to_role("super_admin"), None).await);
    refused(people.update(&as_admin, "admin", &to_role("super_admin"), None).await);
    // Nor does he become one by taking over who is.
    refused(people.set_password(&as_admin, "root", &PASSWORD.to_owned().into()).await);
    refused(people.update(&as_admin, "root", &to_role("auditor"), None).await);
    refused(people.update(&as_admin, "root", &disabled(), None).await);
    refused(people.delete(&as_admin, "root", None).await);
    let as_clerk = caller(&clerk);
    let forbidden = people.create(&as_clerk, &new("auditor")).await;
    assert!(matches!(forbidden, Err(ManagementError::Forbidden(_))));
    assert!(matches!(people.list(&as_clerk, None, 10).await, Err(ManagementError::Forbidden(_))));
    people.update(&caller(&root), "clerk", &to_role("admin"), None).await.unwrap();
    let unknown = people.update(&caller(&root), "clerk", &to_role("no_such"), None).await;
    assert!(matches!(unknown, Err(ManagementError::Unknown { .. })));
    // A super administrator works in all accounts.
    let bound = NewPerson { account: Some("default".into()), ..new("super_admin") };
    let bound = people.create(&caller(&root), &bound).await;
    assert!(matches!(bound, Err(ManagementError::Invalid(_))));
}

async fn somebody_is_always_a_super_administrator(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let people = fixture.management.people();
    let root = make(&fixture, "root", "super_admin", None).await;
    let blocked = |result: Result<Person, ManagementError>| {
        assert!(matches!(result, Err(ManagementError::Blocked(_))), "{result:?}");
    };
    // Not even from the command line.
    blocked(people.delete(&system(), "root", None).await);
    blocked(people.update(&system(), "root", &disabled(), None).await);
    blocked(people.update(&system(), "root", &to_role("admin"), None).await);
    let second = make(&fixture, "second", "super_admin", None).await;
    // Himself nobody removes, even if there is another.
    for result in [
        people.delete(&caller(&root), "root", None).await,
        people.update(&caller(&root), "root", &disabled(), None).await,
        people.update(&caller(&root), "root", &to_role("admin"), None).await,
    ] {
        assert!(matches!(result, Err(ManagementError::Refused(_))), "{result:?}");
    }
    people.update(&caller(&second), "root", &disabled(), None).await.unwrap();
    blocked(people.delete(&system(), "second", None).await);
    // Who is disabled already counts for nothing.
    people.delete(&caller(&second), "root", None).await.unwrap();
}

async fn super_administrators_do_not_remove_each_other_at_once(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let mut all = Vec::new();
    for n in 0..8 {
        all.push(make(&fixture, &format!("root-{n}"), "super_admin", None).await);
    }
    let gone: Vec<_> = all
        .into_iter()
        .map(|person| {
            let people: PersonService = fixture.management.people();
            tokio::spawn(async move { people.delete(&system(), &person.id, None).await.is_ok() })
        })
        .collect();
    let mut count = 0;
    for gone in gone {
        count += u32::from(gone.await.unwrap());
    }
    assert_eq!(count, 7);
    let left = "SELECT count(*) FROM person WHERE deleted_at IS NULL";
    assert_eq!(fixture.database.number(left).await, 1);
}

async fn names_are_unique_and_come_back(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let people = fixture.management.people();
    let first = make(&fixture, "ada", "auditor", None).await;
    let again = NewPerson { name: "ada".into(), role: "auditor".into(), ..NewPerson::default() };
    let taken = people.create(&system(), &again).await;
    assert!(matches!(taken, Err(ManagementError::NameTaken(_))));
    people.delete(&system(), "ada", None).await.unwrap();
    let gone = people.show(&system(), "ada").await;
    assert!(matches!(gone, Err(ManagementError::Unknown { .. })));
    let second = people.create(&system(), &again).await.unwrap();
    assert_ne!(first.id, second.id);
    let page = people.list(&system(), None, 1).await.unwrap();
    assert_eq!((page.people.len(), page.next), (1, None));
    make(&fixture, "bob", "auditor", None).await;
    let page = people.list(&system(), None, 1).await.unwrap();
    let rest = people.list(&system(), page.next.as_deref(), 1).await.unwrap();
    assert_eq!((&*page.people[0].name, &*rest.people[0].name, rest.next), ("ada", "bob", None));
}

async fn people_of_one_account_see_no_others(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let management = &fixture.management;
    let acme = management.create_account(&system(), "acme", "Acme").await.unwrap();
    make(&fixture, "ada", "admin", Some("acme")).await;
    make(&fixture, "bob", "auditor", Some("default")).await;
    make(&fixture, "root", "super_admin", None).await;
    let ada = Caller { account: Some(acme.id.clone()), ..Caller::system("person:ada") };
    let page = management.people().list(&ada, None, 10).await.unwrap();
    assert_eq!(page.people.iter().map(|p| &*p.name).collect::<Vec<_>>(), ["ada"]);
    for name in ["bob", "root"] {
        let people = management.people();
        let gone = |result: Result<Person, ManagementError>| {
            assert!(matches!(result, Err(ManagementError::Unknown { .. })), "{result:?}");
        };
        gone(people.show(&ada, name).await);
        gone(people.update(&ada, name, &disabled(), None).await);
        gone(people.delete(&ada, name, None).await);
        gone(people.set_password(&ada, name, &PASSWORD.to_owned().into()).await);
    }
    // What he makes belongs to his account.
    let new = NewPerson { name: "eve".into(), role: "auditor".into(), ..NewPerson::default() };
    let eve = management.people().create(&ada, &new).await.unwrap();
    assert_eq!(eve.account.as_deref(), Some("acme"));
    let new = NewBasicCredential { name: "till".into(), ..NewBasicCredential::default() };
    let till = management.basic_credentials().create(&ada, &new).await.unwrap();
    assert_eq!(till.credential.account, "acme");
}

async fn passwords_have_rules(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let people = fixture.management.people();
    make(&fixture, "a-rather-long-name", "auditor", None).await;
    for bad in ["", "eleven char", "A-Rather-Long-Name", &"x".repeat(1001)] {
        let (caller, password) = (system(), bad.to_owned().into());
        let set = people.set_password(&caller, "a-rather-long-name", &password);
        let error = set.await.unwrap_err();
        assert!(matches!(&error, ManagementError::Invalid(field) if field.field == "password"));
        assert!(bad.is_empty() || !error.to_string().contains(bad));
    }
    people
        .set_password(&system(), "a-rather-long-name", &PASSWORD.to_owned().into())
        .await
        .unwrap();
    let hashed = "SELECT count(*) FROM person WHERE password_hash LIKE '$argon2id$v=19$%'";
    assert_eq!(fixture.database.number(hashed).await, 1);
}

async fn everything_is_in_the_audit_log(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let (people, basic) = (fixture.management.people(), fixture.management.basic_credentials());
    make(&fixture, "ada", "auditor", None).await;
    people.update(&system(), "ada", &to_role("admin"), None).await.unwrap();
    people.update(&system(), "ada", &disabled(), None).await.unwrap();
    people.set_password(&system(), "ada", &PASSWORD.to_owned().into()).await.unwrap();
    people.delete(&system(), "ada", None).await.unwrap();
    let new = NewBasicCredential { name: "till".into(), ..NewBasicCredential::default() };
    let made = basic.create(&system(), &new).await.unwrap();
    basic.set_enabled(&system(), "till", false, None).await.unwrap();
    basic.set_password(&system(), "till", Some(&PASSWORD.to_owned().into())).await.unwrap();
    basic.delete(&system(), "till", None).await.unwrap();
    for action in [
        "person.create",
        "person.update",
        "person.disable",
        "person.password",
        "person.delete",
        "basic.create",
        "basic.disable",
        "basic.password",
        "basic.delete",
    ] {
        let sql =
            format!("SELECT count(*) FROM audit WHERE action = '{action}' AND actor = 'test'");
        assert_eq!(fixture.database.number(&sql).await, 1, "{action}");
    }
    for secret in [PASSWORD, made.password.as_ref().unwrap(), "argon2"] {
        let sql = format!("SELECT count(*) FROM audit WHERE detail LIKE '%{secret}%'");
        assert_eq!(fixture.database.number(&sql).await, 0, "a password is in the audit log");
    }
    let kept = "SELECT count(*) FROM person WHERE password_hash IS NOT NULL";
    assert_eq!(fixture.database.number(kept).await, 0);
}

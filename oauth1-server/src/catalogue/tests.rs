use super::*;

const EXAMPLE: &str = include_str!("../../catalogue.example.toml");

fn example() -> Catalogue {
    Catalogue::parse(EXAMPLE).unwrap()
}

fn allowed(catalogue: &Catalogue, scopes: &str, assigned: &str, request: &str) -> bool {
    let (method, path) = request.split_once(' ').unwrap();
    let (scopes, assigned) = (Scopes::parse(scopes), Scopes::parse(assigned));
    matches!(catalogue.decide(&scopes, &assigned, method, path), Decision::Allowed { .. })
}

#[test]
fn an_empty_catalogue_permits_everything() {
    let catalogue = Catalogue::default();
    assert!(catalogue.is_empty() && catalogue.check_scope("what ever").is_ok());
    assert!(allowed(&catalogue, "", "", "DELETE /a/../b"));
}

#[test]
fn levels_and_others() {
    let catalogue = example();
    for (scopes, request, expected) in [
        ("", "GET /v1/target-groups", false),
        ("target-groups:view", "GET /v1/target-groups", true),
        ("target-groups:view", "HEAD /v1/target-groups/7", true),
        ("target-groups:view", "POST /v1/target-groups", false),
        ("target-groups:modify", "GET /v1/target-groups", true),
        ("target-groups:modify", "PURGE /v1/target-groups", true),
        ("transaction:modify", "POST /v1/returns", true),
        ("transaction:modify", "DELETE /v1/returns", false),
        ("all:modify", "GET /v1/target-groups", false),
        ("all:view", "GET /v1/customers", true),
        ("all:view", "GET /", true),
        ("all:view", "POST /v1/customers", false),
        // Named by a privilege, with another method: it is no other path.
        ("all:modify", "GET /v1/agents/7/login", false),
        ("*", "DELETE /v1/customers", true),
        ("all:modify", "GET /v1/a/../customers", false),
    ] {
        assert_eq!(allowed(&catalogue, scopes, "", request), expected, "{scopes} {request}");
    }
}

#[test]
fn privileges_and_what_they_name() {
    let catalogue = example();
    let storage = "cloud-storage:objects";
    for (scopes, assigned, request, expected) in [
        ("transaction:view", "", "POST /v1/transactions/search", true),
        ("transaction:modify", "", "POST /v1/transactions/search", true),
        ("transaction:search", "", "POST /v1/transactions/search", true),
        ("transaction:search", "", "GET /v1/transactions/search", false),
        ("agent-interactions:user-login", "", "POST /v1/agents/7/login", true),
        ("agent-interactions:modify", "", "POST /v1/agents/7/login", false),
        ("agent-interactions:view", "", "GET /v1/agents/7/conversations/1", true),
        ("cloud-storage:objects", "", "GET /v1/cloud-storage/a", false),
        ("cloud-storage:modify", "", "GET /v1/cloud-storage/a", false),
        ("*", "", "GET /v1/cloud-storage/a", false),
        ("*", storage, "GET /v1/cloud-storage/a", false),
        ("cloud-storage:objects", storage, "GET /v1/cloud-storage/a", true),
        ("cloud-storage:modify", storage, "PUT /v1/cloud-storage/a", true),
        ("cloud-storage:view", storage, "GET /v1/cloud-storage/a", false),
        ("", storage, "GET /v1/cloud-storage/a", false),
    ] {
        let found = allowed(&catalogue, scopes, assigned, request);
        assert_eq!(found, expected, "{scopes} [{assigned}] {request}");
    }
}

#[test]
fn a_denial_says_what_would_do() {
    let catalogue = example();
    let none = Scopes::default();
    let decide = |method, path| catalogue.decide(&none, &none, method, path);
    assert_eq!(decide("GET", "/v1/x"), Decision::Denied { needs: vec!["all:view"] });
    let needs = vec!["agent-interactions:user-login"];
    assert_eq!(decide("POST", "/v1/agents/7/login"), Decision::Denied { needs });
    assert_eq!(decide("GET", "/v1/agents/7/login"), Decision::NoRule);
    assert_eq!(decide("GET", "/v1/%2e%2e/x"), Decision::NoRule);
}

#[test]
fn scopes_are_checked_and_explained() {
    let catalogue = example();
    for scope in catalogue.scopes() {
        assert_eq!(catalogue.check_scope(scope), Ok(()), "{scope}");
    }
    for (scope, why) in [
        ("target-group:view", "did you mean \"target-groups:view\"?"),
        ("transaction", "transaction:view, transaction:modify, transaction:search"),
        ("Bot login", "stands for agent-interactions:user-login"),
        ("*", "groups are target-groups"),
        ("none", "groups are target-groups"),
    ] {
        let error = catalogue.check_scope(scope).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
    assert_eq!(catalogue.needing_assignment("cloud-storage:modify"), ["cloud-storage:objects"]);
    assert_eq!(catalogue.needing_assignment("cloud-storage:objects"), ["cloud-storage:objects"]);
    assert_eq!(catalogue.needing_assignment("cloud-storage:view"), [""; 0]);
    assert_eq!(catalogue.needing_assignment("transaction:modify"), [""; 0]);
    assert_eq!(*catalogue.preset("bot-login").unwrap().title, *"Bot login");
    assert!(catalogue.preset("Bot login").is_some() && catalogue.preset("x").is_none());
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let error = Catalogue::parse(
        "[[group]]\nname = \"A\"\npath = [\"/a\"]\n\
         [[group]]\nname = \"b\"\npaths = [\"/b*\", \"c\"]\nview_methods = [\"get\"]\nothers = 1\n\
         [[group.privilege]]\nname = \"view\"\nlevel = \"all\"\nrules = [\"/x\"]\n\
         [[group]]\nname = \"b\"\n\
         [[preset]]\nname = \"p\"\nscopes = [\"b:vie\"]\n",
    );
    let all = error.unwrap_err().to_string();
    for part in [
        "group \"A\": path: there is no such field; did you mean paths?",
        "group \"A\": name: must be 1 to 63",
        "group \"A\": paths: the group permits nothing",
        "group \"b\": paths: \"/b*\"",
        "group \"b\": paths: \"c\": a path begins with /",
        "group \"b\": view_methods: \"get\" is no method",
        "group \"b\": others: must be true or false",
        "group \"b\", privilege \"view\": name: view, modify and none are levels",
        "privilege \"view\": level: must be",
        "privilege \"view\": rules: \"/x\": must be METHOD PATH",
        "group \"b\": there is another group of this name",
        "preset \"p\": scopes: there is no scope \"b:vie\"; did you mean",
    ] {
        assert!(all.contains(part), "{part}\n{all}");
    }
    let error = Catalogue::parse("[[group]]\nname = \n").unwrap_err().to_string();
    assert!(error.starts_with("line 2: "), "{error}");
    assert!(Catalogue::parse("").unwrap().is_empty());
}

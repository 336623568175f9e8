//! T-SCOPE: what each scope permits, over the example catalogue, and nothing else.

use std::sync::Arc;

use oauth1_server::catalogue::Catalogue;

use crate::world::{World, both, with};

fn catalogue() -> Arc<Catalogue> {
    Arc::new(Catalogue::parse(include_str!("../../catalogue.example.toml")).unwrap())
}

async fn with_catalogue(test: impl AsyncFn(World)) {
    let catalogue = catalogue();
    with(move |verifier| verifier.with_authorizer(catalogue.clone()), test).await;
}

async fn set_scopes(world: &World, client: &str, token: &str) {
    world.set(&format!("scopes = '{client}'")).await;
    let sql = "UPDATE token SET scopes = ";
    world
        .execute(&format!("{sql}'{token}' WHERE identifier = '{}'", world.key.token.identifier()))
        .await;
}

/// Each request, and every single scope that permits it. Written by hand: the catalogue is not
/// asked what it thinks.
const MATRIX: &[(&str, &[&str])] = &[
    ("GET /v1/target-groups", TARGET_GROUPS),
    ("GET /v1/target-groups/7/members", TARGET_GROUPS),
    ("HEAD /v1/target-groups", TARGET_GROUPS),
    ("POST /v1/target-groups", &["target-groups:modify"]),
    ("DELETE /v1/target-groups/7", &["target-groups:modify"]),
    ("GET /v1/target%2Dgroups", TARGET_GROUPS),
    ("GET /v1/%74arget-groups/7%20a", TARGET_GROUPS),
    ("GET /v1/transactions/9", &["transaction:view", "transaction:modify"]),
    ("PUT /v1/returns/9", &["transaction:modify"]),
    ("DELETE /v1/returns/9", &[]),
    (
        "POST /v1/transactions/search",
        &["transaction:view", "transaction:modify", "transaction:search"],
    ),
    ("POST /v1/agents/5/login", &["agent-interactions:user-login"]),
    ("GET /v1/agents/5/login", &[]),
    (
        "GET /v1/agents/5/conversations/1",
        &["agent-interactions:view", "agent-interactions:modify", "agent-interactions:history"],
    ),
    ("GET /v1/customers", OTHERS),
    ("POST /v1/customers", &["all:modify"]),
    ("GET /", OTHERS),
    // Named by no rule: whoever decodes them may read another path.
    ("GET /v1/target-groups%2F7", &[]),
    ("GET /v1/customers/../target-groups", &[]),
    ("GET /v1/customers/%2e%2E/target-groups", &[]),
    ("GET /v1//target-groups", &[]),
    ("GET //v1/target-groups", &[]),
    ("GET /v1/target-groups/", &[]),
    ("GET /v1/customers%5Ca", &[]),
    ("GET /v1/customers%00", &[]),
    ("GET /v1/customers/..;/target-groups", &[]),
    // Not assigned to the account.
    ("GET /v1/cloud-storage/a", &[]),
];
const TARGET_GROUPS: &[&str] = &["target-groups:view", "target-groups:modify"];
const OTHERS: &[&str] = &["all:view", "all:modify"];

#[tokio::test]
async fn t_scope_the_whole_matrix() {
    with_catalogue(async |world| {
        let catalogue = catalogue();
        for scope in catalogue.scopes().chain([""]) {
            set_scopes(&world, scope, scope).await;
            for (request, permitted) in MATRIX {
                let (method, path) = request.split_once(' ').unwrap();
                let answer = world.send(world.signed(method, path)).await;
                let expected = if permitted.contains(&scope) { 200 } else { 403 };
                assert_eq!(answer.status, expected, "{scope:?} {request} {answer:?}");
                if expected == 403 && method != "HEAD" {
                    assert_eq!(answer.problem, "permission_denied", "{request}");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn t_scope_a_token_narrows_its_client_and_never_widens_it() {
    with_catalogue(async |world| {
        for (client, token, post) in [
            ("target-groups:modify", "target-groups:modify", 200),
            ("target-groups:modify", "target-groups:view", 403),
            ("target-groups:view", "target-groups:modify", 403),
            ("target-groups:modify", "", 403),
            ("", "target-groups:modify", 403),
        ] {
            set_scopes(&world, client, token).await;
            let answer = world.send(world.signed("POST", "/v1/target-groups")).await;
            assert_eq!(answer.status, post, "{client:?} {token:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn e03_an_assignment_is_needed_and_is_enough_together_with_the_scope() {
    with_catalogue(async |world| {
        let request = || world.signed("GET", "/v1/cloud-storage/a");
        set_scopes(&world, "cloud-storage:modify", "cloud-storage:modify").await;
        assert_eq!(world.send(request()).await.status, 403);
        world
            .execute(
                "INSERT INTO assignment (account_id, scope, created_at, created_by)
                 SELECT account_id, 'cloud-storage:objects', 0, 'test' FROM client LIMIT 1",
            )
            .await;
        assert_eq!(world.send(request()).await.status, 200, "on the next request");
        set_scopes(&world, "all:modify", "all:modify").await;
        assert_eq!(world.send(request()).await.status, 403);
        set_scopes(&world, "cloud-storage:objects", "cloud-storage:objects").await;
        world.execute("DELETE FROM assignment").await;
        assert_eq!(world.send(request()).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn the_person_that_a_key_acts_as_limits_it() {
    with_catalogue(async |world| {
        set_scopes(&world, "all:modify", "all:modify").await;
        world
            .execute(
                "INSERT INTO person (id, name, display_name, role_id, scopes, created_at,
                     created_by, changed_at)
                 VALUES ('p', 'ada', 'Ada', '00000000-0000-7000-8000-000000000004', 'all:view',
                     0, 'test', 0)",
            )
            .await;
        world.set("acts_as = 'p'").await;
        let post = async || world.send(world.signed("POST", "/v1/customers")).await;
        assert!(post().await.is(403, "permission_denied"));
        assert_eq!(world.get("/v1/customers").await.status, 200);
        world.execute("UPDATE person SET scopes = '*'").await;
        assert_eq!(post().await.status, 200);
        for refused in ["enabled = FALSE", "enabled = TRUE, deleted_at = 1"] {
            world.execute(&format!("UPDATE person SET {refused}")).await;
            assert!(post().await.is(401, "consumer_key_refused"), "{refused}");
        }
        world.execute("UPDATE person SET deleted_at = NULL").await;
        assert_eq!(post().await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn without_a_catalogue_everything_is_permitted() {
    both(async |world| {
        assert_eq!(world.send(world.signed("DELETE", "/any/../thing")).await.status, 200);
    })
    .await;
}

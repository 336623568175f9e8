//! The description of the routes, against the routes.

use serde_json::Value as Json;

use crate::fixture::{Fixture, Kind};

crate::on_both!(every_operation_is_there_and_no_other);

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The committed copy, which people and other programs read.
#[test]
fn the_committed_copy_is_the_document() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let document = format!("{:#}\n", oauth1_server::rest::document());
    if std::env::var_os("OAUTH1_WRITE_OPENAPI").is_some() {
        std::fs::write(file, &document).unwrap();
    }
    let committed = std::fs::read_to_string(file).unwrap();
    assert!(
        committed == document,
        "openapi.json is out of date; run this test with OAUTH1_WRITE_OPENAPI=1"
    );
}

/// Every reference leads somewhere, and no schema is there for nothing.
#[test]
fn references_are_complete() {
    let document = oauth1_server::rest::document();
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut rest = text.as_str();
    while let Some((_, after)) = rest.split_once("#/components/schemas/") {
        let (name, after) = after.split_once('"').unwrap();
        assert!(schemas.contains_key(name), "{name}");
        rest = after;
    }
    for name in schemas.keys() {
        let reference = format!("#/components/schemas/{name}\"");
        assert!(text.contains(&reference), "{name} is used nowhere");
    }
}

async fn every_operation_is_there_and_no_other(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let root = fixture.person("root", "super_admin", None).await;
    let served = fixture.call("GET", "/v1/openapi.json").send().await.expect(200).json;
    assert_eq!(served, oauth1_server::rest::document());
    for (path, item) in served["paths"].as_object().unwrap() {
        for method in METHODS {
            let operation = &item[method];
            let concrete = path.replace('{', "no-such-").replace('}', "");
            let upper = method.to_uppercase();
            if operation.is_null() {
                let reply = fixture.call_as(&root, &upper, &concrete).send().await;
                reply.problem(405, "method_not_allowed");
                continue;
            }
            let documented = |status: u16, what: &str| {
                let known = operation["responses"].get(status.to_string()).is_some();
                assert!(known, "{upper} {path} answers {status} {what}");
            };
            let parameters = operation["parameters"].as_array().unwrap();
            for name in path.split('/').filter_map(|part| part.strip_prefix('{')) {
                let name = name.trim_end_matches('}');
                assert!(parameters.iter().any(|p| p["in"] == "path" && p["name"] == name));
            }

            // Nobody asks: refused, unless the document says that anybody may.
            let reply = fixture.call(&upper, &concrete).send().await;
            documented(reply.status.as_u16(), "to nobody");
            assert_ne!(reply.status, 405);
            if operation["security"] != serde_json::json!([{}]) {
                reply.problem(401, "unauthenticated");
            }
            // A parameter that nobody knows.
            let odd = format!("{concrete}?no_such_parameter=1");
            let reply = fixture.call_as(&root, &upper, &odd).send().await;
            documented(reply.status.as_u16(), "to an unknown parameter");
            if path != "/v1/tokens" {
                reply.problem(400, "invalid_parameter");
            }
            // Each parameter of the document is known.
            for parameter in parameters.iter().filter(|p| p["in"] == "query") {
                let name = parameter["name"].as_str().unwrap();
                let reply =
                    fixture.call_as(&root, &upper, &format!("{concrete}?{name}=")).send().await;
                documented(reply.status.as_u16(), "to a parameter");
                assert!(!reply.text.contains("is not known"), "{upper} {path} {name}");
            }
            if let Some(schema) = body_schema(&served, operation) {
                fields(&fixture, &root, &upper, &concrete, schema, &documented).await;
            }
        }
        assert!(item.as_object().unwrap().keys().all(|key| METHODS.contains(&key.as_str())));
    }
}

/// Each field of a body is known, and no other.
async fn fields(
    fixture: &Fixture,
    root: &str,
    method: &str,
    path: &str,
    schema: &Json,
    documented: &dyn Fn(u16, &str),
) {
    if path == "/v1/tokens" {
        return;
    }
    // A wrong type: nothing is done, and each field is named once.
    let names: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    let wrong: Json = names
        .iter()
        .map(|name| (name.clone(), Json::from(-0.5)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let mut odd = wrong;
    odd["no_such_field"] = Json::from(1);
    let reply = fixture.call_as(root, method, path).json(&odd).send().await;
    documented(reply.status.as_u16(), "to wrong fields");
    let reply = reply.problem(422, "invalid_field");
    let mut named: Vec<_> = reply.json["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap().to_owned())
        .collect();
    named.sort();
    let mut expected = names;
    expected.push("no_such_field".to_owned());
    expected.sort();
    assert_eq!(named, expected, "{method} {path}");
}

fn body_schema<'a>(document: &'a Json, operation: &Json) -> Option<&'a Json> {
    let content = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    let name = content.as_str()?.rsplit('/').next()?;
    Some(&document["components"]["schemas"][name])
}

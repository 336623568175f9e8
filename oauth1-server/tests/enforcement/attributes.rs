//! A12: default attributes for the methods that they are for, and never the sender's.

use serde_json::{Value, json};

use crate::world::{World, both};

async fn headers(world: &World, method: &str) -> (Value, Value) {
    let mut request = world.signed(method, "/a");
    for name in ["x-oauth1-attr-till", "X-OAUTH1-ATTR-other", "x_oauth1_attr_till", "x-plain"] {
        request.headers_mut().append(
            http::HeaderName::try_from(name).unwrap(),
            http::HeaderValue::from_static("forged"),
        );
    }
    let answer = world.send(request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    (answer.json()["till"].clone(), answer.json()["headers"].clone())
}

#[tokio::test]
async fn a12_a_till_is_bound_to_all_post_requests() {
    both(async |world| {
        let plain = json!(["x-plain", "forged"]);
        assert_eq!(headers(&world, "POST").await, (Value::Null, json!([plain])));
        world.set("attributes = '{\"till\":\"T42\"}'").await;
        let set = json!([plain, ["x-oauth1-attr-till", "T42"]]);
        assert_eq!(headers(&world, "POST").await, (json!("T42"), set));
        assert_eq!(headers(&world, "GET").await, (Value::Null, json!([plain])));
        world.set("attribute_methods = 'GET PUT'").await;
        assert_eq!(headers(&world, "POST").await.0, Value::Null);
        assert_eq!(headers(&world, "GET").await.0, json!("T42"));
        world.set("attributes = '{\"till\":\"caf\u{e9} 100%\"}'").await;
        let encoded = json!([plain, ["x-oauth1-attr-till", "caf%C3%A9 100%25"]]);
        assert_eq!(headers(&world, "PUT").await, (json!("caf\u{e9} 100%"), encoded));
    })
    .await;
}

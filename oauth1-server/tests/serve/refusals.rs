//! What a key's owner reads of refused requests: the mistake, and nothing that helps to sign.

use serde_json::Value;

use crate::process::{Place, wait_until};

#[test]
fn the_mistake_behind_a_refused_signature_is_kept() {
    let place = Place::new();
    let keys = place.keys();
    let server = place.serve(&[]);
    let signed = String::from_utf8(server.signed(&keys, "GET", "", b"")).unwrap();
    let sent = signed.replace("GET /echo ", "GET /echo?page=canary ");
    let answer = server.send(sent.as_bytes());
    assert_eq!(answer.status, 401);
    // Whoever sent it hears no more than before.
    for word in ["query", "left", "mistake"] {
        assert!(!answer.text.contains(word), "{}", answer.text);
    }
    let mut kept = Value::Null;
    wait_until("the refusal is kept", || {
        let output = server.place.run(&["keys", "refusals", "test", "--json"]);
        kept = serde_json::from_slice(&output.stdout).unwrap();
        kept["refusals"][0]["detail"]["mistake"].is_string()
    });
    let detail = &kept["refusals"][0]["detail"];
    assert_eq!(detail["mistake"], "query-left-out");
    assert_eq!(detail["clause"], "RFC 5849 section 3.4.1.3.1");
    assert!(detail["problem"].as_str().unwrap().contains("left the query out"), "{detail}");
    assert!(detail["fix"].as_str().unwrap().contains("the whole URL"), "{detail}");
    assert!(!kept.to_string().contains("canary"), "{kept}");
}

//! What a key's owner reads of refused requests: the mistake, and nothing that helps to sign.

use serde_json::{Value, json};

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
        kept["refusals"][0]["detail"]["mistakes"].is_array()
    });
    let detail = &kept["refusals"][0]["detail"];
    assert_eq!(detail["mistakes"], json!(["query-left-out"]));
    assert_eq!(detail["clauses"], json!(["RFC 5849 section 3.4.1.3.1"]));
    assert!(detail["problem"].as_str().unwrap().contains("left the query out"), "{detail}");
    assert!(detail["fix"].as_str().unwrap().contains("the whole URL"), "{detail}");
    assert!(!kept.to_string().contains("canary"), "{kept}");

    // Two mistakes at once.
    let empty = "Content-Length: 0\r\n";
    let signed = String::from_utf8(server.signed(&keys, "GET", empty, b"")).unwrap();
    server.send(signed.replace("GET /echo ", "POST /echo?page=canary ").as_bytes());
    wait_until("both mistakes are kept", || {
        let output = server.place.run(&["keys", "refusals", "test", "--json"]);
        kept = serde_json::from_slice(&output.stdout).unwrap();
        kept["refusals"][0]["detail"]["mistakes"].as_array().is_some_and(|found| found.len() == 2)
    });
    let mistakes = kept["refusals"][0]["detail"]["mistakes"].to_string();
    assert!(mistakes.contains("query-left-out") && mistakes.contains("other-method"), "{kept}");
    let listed = server.place.run(&["keys", "refusals", "test"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("(other-method)") && !listed.contains("canary"), "{listed}");
}

#[test]
fn the_owner_of_a_key_lets_senders_hear_the_mistakes() {
    let place = Place::new();
    let keys = place.keys();
    let server = place.serve(&[]);
    let send = || {
        let signed = String::from_utf8(server.signed(&keys, "GET", "", b"")).unwrap();
        server.send(signed.replace("GET /echo ", "GET /echo?page=canary ").as_bytes())
    };
    assert!(!send().text.contains("query-left-out"));
    let opened = server.place.run(&["keys", "explain", "test", "--for", "10m"]);
    assert!(opened.status.success(), "{opened:?}");
    let told = send();
    assert_eq!(told.status, 401);
    assert!(told.text.contains("query-left-out") && !told.text.contains("canary"), "{told:?}");
    let shown = server.place.run(&["keys", "show", "test"]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("Explained until"));
    let closed = server.place.run(&["keys", "explain", "test", "--off"]);
    assert!(closed.status.success(), "{closed:?}");
    assert!(!send().text.contains("query-left-out"));
    let long = server.place.run(&["keys", "explain", "test", "--for", "2h"]);
    assert!(String::from_utf8_lossy(&long.stderr).contains("an hour at most"), "{long:?}");
}

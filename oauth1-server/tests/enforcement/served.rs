//! The program itself: forwarded addresses, scopes, passwords, metrics, and what is written when
//! it ends.

use argon2::{Argon2, Params, password_hash::PasswordHasher};
use base64::{Engine, engine::general_purpose::STANDARD};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use crate::process::{Keys, Place, Server};

async fn connect(place: &Place) -> SqliteConnection {
    let path = place.0.join("oauth1-data/credentials.sqlite3");
    SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap()
}

async fn execute(place: &Place, sql: &str) {
    let mut connection = connect(place).await;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn number(place: &Place, sql: &str) -> i64 {
    let mut connection = connect(place).await;
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap()
}

fn status(server: &Server, keys: &Keys, method: &str, forwarded: &str) -> u16 {
    let line = format!("X-Forwarded-For: {forwarded}\r\n");
    server.send(&server.signed(keys, method, &line, b"")).status
}

fn stop(mut server: Server) -> Place {
    server.signal("TERM");
    assert_eq!(server.wait(), Some(0));
    std::mem::replace(&mut server.place, Place::new())
}

#[tokio::test]
async fn addresses_scopes_and_passwords_as_they_are_served() {
    let place = Place::new();
    let keys = place.keys();
    let hash = Argon2::new(
        argon2::Algorithm::Argon2id,
        argon2::Version::V0x13,
        Params::new(8, 1, 1, None).unwrap(),
    );
    let hash = hash.hash_password(b"right horse").unwrap().to_string();
    let sql = format!(
        "UPDATE client SET ip_allow = '192.0.2.0/24', scopes = 'all:view';
         UPDATE token SET scopes = 'all:view';
         UPDATE account SET basic_auth = 1, version = 2;
         INSERT INTO basic_credential (id, account_id, name, password_hash, created_at, created_by,
             changed_at) SELECT 'b', id, 'till-7', '{hash}', 0, 'test', 0 FROM account"
    );
    execute(&place, &sql).await;
    std::fs::write(place.0.join("api.toml"), include_str!("../../catalogue.example.toml")).unwrap();

    let settings = ["server.trusted_proxies=127.0.0.1", "catalogue.file=api.toml"];
    let server = place.serve(&settings);
    assert_eq!(status(&server, &keys, "GET", "192.0.2.9"), 200);
    assert_eq!(status(&server, &keys, "GET", "203.0.113.1"), 403);
    assert_eq!(status(&server, &keys, "GET", "192.0.2.9, 203.0.113.1"), 403, "the nearest one");
    assert_eq!(status(&server, &keys, "GET", "nonsense"), 403);
    assert_eq!(status(&server, &keys, "DELETE", "192.0.2.9"), 403, "it may only view");
    let basic = |password: &str| {
        let credentials = STANDARD.encode(format!("till-7:{password}"));
        let host = server.address;
        server.send(
            format!(
                "GET /echo HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {credentials}\r\n\r\n"
            )
            .as_bytes(),
        )
    };
    let answer = basic("right horse");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.text.contains("\"authentication\":\"basic\""), "{answer:?}");
    assert_eq!(basic("wrong").status, 401);
    let metrics = server.admin_get("/metrics").unwrap().text;
    for labels in [
        "result=\"ok\",method=\"HMAC-SHA1\"",
        "result=\"address_refused\"",
        "result=\"scope_denied\"",
        "result=\"ok\",method=\"basic\"",
        "result=\"basic_refused\",method=\"basic\"",
    ] {
        assert!(metrics.contains(labels), "{labels}\n{metrics}");
    }
    let place = stop(server);
    for (sql, expected) in [
        ("SELECT count(*) FROM client WHERE last_used_address = '192.0.2.9'", 1),
        ("SELECT count(*) FROM token WHERE last_used_address = '192.0.2.9'", 1),
        ("SELECT count(*) FROM basic_credential WHERE last_used_at > 0", 1),
        ("SELECT count(*) FROM refusal WHERE reason = 'address_refused' AND client_id <> ''", 3),
        ("SELECT count(*) FROM refusal WHERE detail LIKE '%it needs all:modify%'", 1),
        ("SELECT count(*) FROM refusal WHERE detail LIKE '%\"basic_name\":\"till-7\"%'", 1),
    ] {
        assert_eq!(number(&place, sql).await, expected, "{sql}");
    }

    // Whoever is not trusted says nothing about addresses, and passwords can be left out at all.
    let server = place.serve(&["policy.basic=false"]);
    assert_eq!(status(&server, &keys, "GET", "192.0.2.9"), 403);
    let answer = server.send(
        format!(
            "GET /echo HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic dTpw\r\n\r\n",
            server.address
        )
        .as_bytes(),
    );
    assert_eq!((answer.status, answer.text.contains("Basic realm")), (401, false), "{answer:?}");
}

#[tokio::test]
async fn settings_that_cannot_be_are_told() {
    let place = Place::new();
    std::fs::write(place.0.join("api.toml"), "[[group]]\nname = \"a b\"\npath = 1\n").unwrap();
    for (setting, words) in [
        ("server.trusted_proxies=10.0.0.1/8", &["write 10.0.0.0/8"][..]),
        ("policy.basic=maybe", &["true or false"]),
        ("catalogue.file=nowhere.toml", &["nowhere.toml"]),
        ("catalogue.file=api.toml", &["did you mean paths?", "must be 1 to 63"]),
    ] {
        let output = place.run(&["config", "check", "--set", setting]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(words.iter().all(|word| text.contains(word)), "{setting}: {text}");
    }
}

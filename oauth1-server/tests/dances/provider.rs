//! The request sequences of the test vectors, put to our own server from outside: everything that
//! RFC 5849 demands, recommends or leaves open, and the problem codes.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use oauth1_core::ClientCredentials;
use oauth1_server::credentials::seal::MasterKeys;
use oauth1_test_vectors::{
    provider::{self, Report, Settings, Verdict},
    sequence::Level,
};
use torture::services::Postgres;

use crate::{
    process::{Place, Server},
    site::{CALLBACK, OWNER, PASSWORD, create_key, create_owner},
};

#[test]
fn every_sequence_holds_on_sqlite_with_answers_in_full() {
    let report = run(Place::new(), &["policy.answers=full"]);
    assert_eq!(report.findings(Level::May).count(), 0, "{}", report.to_text());
}

#[test]
fn every_sequence_holds_on_postgresql_with_minimal_answers() {
    let database = match Postgres::start() {
        Ok(database) => database,
        Err(missing) => return missing.skip(),
    };
    let url = format!("postgres://postgres@{}/postgres", database.address());
    let place = Place::new();
    let master_key = place.0.join("master.key");
    let mut options = OpenOptions::new();
    let mut file = options.create_new(true).write(true).mode(0o600).open(&master_key).unwrap();
    file.write_all(MasterKeys::random().unwrap().to_text().as_bytes()).unwrap();
    let settings = format!("[credentials]\nurl = \"{url}\"\nmaster_key_file = {master_key:?}\n");
    std::fs::write(place.0.join("oauth1-server.toml"), settings).unwrap();
    let migrated = place.run(&["migrate"]);
    assert!(migrated.status.success(), "{migrated:?}");
    run(place, &[]);
}

fn run(place: Place, settings: &[&str]) -> Report {
    let client = |name: &str| {
        let made = create_key(&place, name);
        let text = |member: &str| made[member].as_str().unwrap().to_owned();
        ClientCredentials::new(text("app_key"), text("app_secret"))
    };
    let (first, second) = (client("first"), client("second"));
    create_owner(&place);
    let server: Server = place.serve(settings);
    let owner = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/peers/approve.py");
    let owner = format!(
        "no_proxy='*' OAUTH1_OWNER='{OWNER}' OAUTH1_OWNER_PASSWORD='{PASSWORD}' python3 '{}'",
        owner.display()
    );
    let settings = Settings {
        second: Some(second),
        approve: owner.clone(),
        deny: format!("{owner} --deny"),
        strict: true,
        ..Settings::new(&format!("http://{}", server.address), CALLBACK, first)
    };
    let report = provider::run(&settings).unwrap();
    println!("{}", report.summary());
    let text = report.to_text();
    assert_eq!(report.count(Verdict::Passed), report.cases.len(), "{text}\n{}", server.log());
    assert!(report.cases.len() > 100, "{text}");
    report
}

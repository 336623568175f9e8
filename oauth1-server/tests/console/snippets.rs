//! The snippets of the card are run as they stand.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value as Json;

use crate::{card, desk::at_console, webdriver::missing_here};

/// The title of each snippet, and its element.
pub const TITLES: [(&str, &str); 5] = [
    ("curl", "snippet-curl"),
    ("Python", "snippet-python"),
    ("JavaScript", "snippet-javascript"),
    ("Rust", "snippet-rust"),
    ("Postman", "snippet-postman"),
];

#[tokio::test]
async fn snippets_run_as_they_stand() {
    at_console(async |desk| {
        // In a shell and in languages, quotes are dangerous, but they are only in the name.
        card::create(&desk.browser, "Till 7's \"test\" $(id)").await;
        let key = card::four_values(&desk.browser).await;
        let root = desk.site.root().to_owned();
        let app_key = key["app_key"].as_str().unwrap();
        let python = env::var_os("OAUTH1_PEER_PYTHON").map_or("python3".into(), PathBuf::from);
        for (id, program, file, needs) in [
            (
                "snippet-curl",
                PathBuf::from("bash"),
                "first.sh",
                vec!["-c", "command -v curl openssl"],
            ),
            ("snippet-python", python, "first.py", vec!["-c", "import requests_oauthlib"]),
            ("snippet-javascript", "node".into(), "first.mjs", vec!["--version"]),
        ] {
            if !runs(&program, &needs) {
                missing_here(&format!("{} cannot run {id}: {needs:?}", program.display()));
                continue;
            }
            let path = root.join(file);
            fs::write(&path, desk.browser.text_of(id).await).unwrap();
            let said = run(&program, &path);
            assert!(said.contains(&format!("\"client\":\"{app_key}\"")), "{id}: {said}");
        }
        let command = desk.browser.text_of("copy-command").await;
        assert!(command.contains("oauth1 "), "{command}");
        // What Postman is given is JSON.
        let postman = desk.browser.text_of("snippet-postman").await;
        let postman: Json = serde_json::from_str(&postman).unwrap();
        assert!(postman.to_string().contains(app_key), "{postman}");
    })
    .await;
}

fn runs(program: &Path, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn run(program: &Path, file: &Path) -> String {
    let mut command = Command::new(program);
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
    {
        command.env_remove(name);
    }
    let output = command.arg(file).stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

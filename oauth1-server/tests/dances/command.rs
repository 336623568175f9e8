//! Our own command, as a person uses it: `oauth1 login`, then `oauth1 request`.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    library::approval,
    process::{self, Place},
    site::{OWNER, create_key, create_owner},
};

#[test]
fn our_command_logs_in_and_requests() {
    let Some(program) = process::oauth1() else { return };
    let place = Place::new();
    let made = create_key(&place, "ours");
    create_owner(&place);
    let server = place.serve(&[]);
    let site = format!("http://{}", server.address);
    let home = server.place.0.join("command");
    let oauth1 = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        for (name, _) in env::vars().filter(|(name, _)| name.starts_with("OAUTH1_")) {
            command.env_remove(name);
        }
        command.args(arguments).env("OAUTH1_CONFIG_DIR", &home);
        command
    };

    let mut login =
        oauth1(&["login", "--provider", "oauth1-server", "--site", &site, "--headless"])
            .env("OAUTH1_CONSUMER_KEY", made["app_key"].as_str().unwrap())
            .env("OAUTH1_CONSUMER_SECRET", made["app_secret"].as_str().unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
    let mut said = BufReader::new(login.stderr.take().unwrap()).lines().map(Result::unwrap);
    let authorize = said.find_map(|line| {
        let word = line.split_whitespace().find(|word| word.contains("?oauth_token="))?;
        Some(word.to_owned())
    });
    let code = approval(&authorize.unwrap(), "allow");
    writeln!(login.stdin.take().unwrap(), "{code}").unwrap();
    let rest: Vec<_> = said.collect();
    assert!(login.wait().unwrap().success(), "{rest:?}");

    // The profile is all that it needs now.
    let output = oauth1(&["request", &format!("{site}/echo")]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let echo: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(echo["resource_owner"], OWNER);
}

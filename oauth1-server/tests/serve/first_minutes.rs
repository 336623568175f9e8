//! "The first five minutes" of the README: its commands are run by a shell, line by line, and what
//! they print is what stands there, but for keys, nonces, times, signatures and the directory.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::process::{Place, free, oauth1, wait_until};

/// A command and what it prints.
struct Step {
    command: String,
    recorded: Vec<String>,
}

/// The `console` block below the heading.
fn recorded() -> Vec<Step> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let (_, section) = readme.split_once("\n## The first five minutes\n").unwrap();
    let (_, block) = section.split_once("```console\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => {
                steps.push(Step { command: command.to_owned(), recorded: Vec::new() });
            }
            None => steps.last_mut().unwrap().recorded.push(line.to_owned()),
        }
    }
    steps
}

/// With `…` for what is another one each time: keys, nonces, signatures and times.
fn anonymous(text: &str) -> String {
    let mut text = text.to_owned();
    for marker in ["ak_", "at_", "oauth_nonce=\"", "oauth_signature=\""] {
        let mut kept = String::new();
        while let Some(at) = text.find(marker) {
            let rest = text.split_off(at + marker.len());
            let value = |c: char| c.is_ascii_alphanumeric() || "%+/=".contains(c);
            kept += &text;
            kept.push('…');
            text = rest.trim_start_matches(value).to_owned();
        }
        text = kept + &text;
    }
    let digits = |piece: &str| piece.len() == 10 && piece.bytes().all(|b| b.is_ascii_digit());
    let pieces = text.split_inclusive(|c: char| !c.is_ascii_digit()).map(|piece| {
        let end = piece.trim_end_matches(|c: char| !c.is_ascii_digit()).len();
        let (number, rest) = piece.split_at(end);
        if digits(number) { format!("…{rest}") } else { piece.to_owned() }
    });
    pieces.collect()
}

/// A line of `…` stands for any number of lines.
fn matches(recorded: &[String], printed: &[&str]) -> bool {
    match recorded {
        [] => printed.is_empty(),
        [any, rest @ ..] if any == "…" => {
            (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..]))
        }
        [line, rest @ ..] => printed.split_first().is_some_and(|(first, others)| {
            anonymous(line) == anonymous(first) && matches(rest, others)
        }),
    }
}

struct Shell {
    place: Place,
    program: std::path::PathBuf,
    /// As in the README, and as it is here.
    ports: [(&'static str, u16); 3],
    background: Vec<Child>,
}

impl Shell {
    fn new(program: std::path::PathBuf) -> Self {
        let ports = ["127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:8317"];
        let ports = ports.map(|address| (address, free().port()));
        Self { place: Place::new(), program, ports, background: Vec::new() }
    }

    fn here(&self, place: usize) -> String {
        format!("127.0.0.1:{}", self.ports[place].1)
    }

    fn command(&self, line: &str) -> Command {
        let proxy = format!("oauth1 proxy --listen {}", self.here(2));
        let mut line = line.replace("oauth1 proxy", &proxy);
        for (place, (address, _)) in self.ports.iter().enumerate() {
            line = line.replace(address, &self.here(place));
        }
        let mut command = self.place.shell(&line);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OAUTH1_")) {
            command.env_remove(name);
        }
        let directories = [env!("CARGO_BIN_EXE_oauth1-server").as_ref(), &*self.program]
            .map(|program: &Path| program.parent().unwrap().to_owned());
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = directories.into_iter().chain(std::env::split_paths(&path));
        command
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("HOME", &self.place.0)
            .env_remove("XDG_CONFIG_HOME")
            .env("OAUTH1_SERVER__NONCES__MIRROR", &self.place.0)
            .env("OAUTH1_SERVER__SERVER__LISTEN", self.here(0))
            .env("OAUTH1_SERVER__SERVER__ADMIN_LISTEN", self.here(1));
        command
    }

    /// What was printed, under the addresses of the README.
    fn as_recorded(&self, octets: &[u8]) -> String {
        let mut text = String::from_utf8(octets.to_vec()).unwrap();
        text = text.replace(self.place.0.to_str().unwrap(), "/home/you");
        for (place, (address, port)) in self.ports.iter().enumerate() {
            text = text.replace(&self.here(place), address);
            let (_, recorded) = address.split_once(':').unwrap();
            text = text.replace(&format!("port {port} "), &format!("port {recorded} "));
        }
        text
    }

    fn run(&mut self, step: &Step) {
        let Step { command, recorded } = step;
        let printed = match command.strip_suffix(" &") {
            None => {
                let output = self.command(&format!("({command}) 2>&1")).output().unwrap();
                self.as_recorded(&output.stdout)
            }
            Some(line) => {
                let log = self.place.0.join(format!("background-{}", self.background.len()));
                let mut child = self.command(&format!("exec {line}"));
                let file = fs::File::create(&log).unwrap();
                child.stderr(file.try_clone().unwrap()).stdout(file).stdin(Stdio::null());
                self.background.push(child.spawn().unwrap());
                let lines = || fs::read_to_string(&log).unwrap().lines().count();
                wait_until("all of it is printed", || lines() >= recorded.len());
                if line.starts_with("oauth1-server") {
                    wait_until("the server is ready", || {
                        let ready = format!("curl -sf http://{}/readyz", self.here(1));
                        self.command(&ready).output().unwrap().status.success()
                    });
                }
                self.as_recorded(&fs::read(&log).unwrap())
            }
        };
        let printed: Vec<_> = printed.lines().collect();
        assert!(matches(recorded, &printed), "$ {command}\n{}", printed.join("\n"));
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        for child in &mut self.background {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn the_first_five_minutes_are_as_recorded() {
    let Some(program) = oauth1() else { return };
    let steps = recorded();
    assert!(steps.len() >= 8, "too few commands are left: {}", steps.len());
    let mut shell = Shell::new(program);
    for step in &steps {
        shell.run(step);
    }
}

#[test]
fn another_output_is_not_taken_for_the_recorded_one() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let recorded = lines("a\n…\nkey ak_1 \"timestamp\":1795275887,\n");
    for (printed, same) in [
        ("a\nkey ak_zZ9 \"timestamp\":1595275889,", true),
        ("a\nb\nc\nkey ak_zZ9 \"timestamp\":1595275889,", true),
        ("a\nkey ak_zZ9 \"timestamp\":1595275889", false),
        ("a\nkey ax_zZ9 \"timestamp\":1795275887,", false),
        ("b\nkey ak_1 \"timestamp\":1795275887,", false),
        ("a\nb", false),
        ("a\nkey ak_1 \"timestamp\":1795275887,\nmore", false),
    ] {
        let printed: Vec<_> = printed.lines().collect();
        assert_eq!(matches(&recorded, &printed), same, "{printed:?}");
    }
}

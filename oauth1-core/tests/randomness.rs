//! T-RNG: nonces and secrets come from the operating system, and from nowhere else.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{fs, path::Path};

/// Where randomness that can be guessed would come from.
const OTHERS: [&str; 9] = [
    "fastrand",
    "oorandom",
    "SmallRng",
    "StdRng",
    "ThreadRng",
    "thread_rng",
    "rand::rng(",
    "rand::random",
    "RandomState",
];

fn sources(directory: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // What tests draw has to come again.
            if path.file_name().unwrap() != "tests" {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn no_source_but_the_system_is_named() {
    let mut found = Vec::new();
    for package in ["oauth1-core", "oauth1-client", "oauth1-server"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package).join("src");
        if folder.is_dir() {
            sources(&folder, &mut found);
        }
    }
    assert!(found.iter().any(|(_, text)| text.contains("SysRng")), "nothing was looked at");
    for (path, text) in &found {
        let other = OTHERS.iter().find(|other| text.contains(**other));
        assert_eq!(other, None, "{path}");
    }
}

#[cfg(all(unix, feature = "random"))]
#[test]
fn forked_processes_draw_other_nonces() {
    use std::{
        collections::HashSet,
        io::{Read, Write},
        os::unix::net::UnixStream,
    };

    use fork::Fork;
    use oauth1_core::Nonce;

    const COUNT: usize = 10_000;
    let drawn = || (0..COUNT).map(|_| Nonce::random().unwrap().to_string());
    // What a generator of the process's own would carry over.
    let before: Vec<_> = drawn().collect();
    let (mut ours, mut theirs) = UnixStream::pair().unwrap();
    match fork::fork().unwrap() {
        Fork::Child => {
            for nonce in drawn() {
                let _ = theirs.write_all(nonce.as_bytes());
            }
            drop(theirs);
            std::process::exit(0);
        }
        Fork::Parent(child) => {
            drop(theirs);
            let here: Vec<_> = drawn().collect();
            let mut text = String::new();
            ours.read_to_string(&mut text).unwrap();
            let _ = fork::waitpid(child);
            let length = here[0].len();
            assert_eq!(text.len(), COUNT * length);
            let there = text.as_bytes().chunks(length).map(|nonce| nonce.to_vec());
            let here = before.into_iter().chain(here).map(String::into_bytes);
            let all: HashSet<_> = here.chain(there).collect();
            assert_eq!(all.len(), 3 * COUNT);
        }
    }
}

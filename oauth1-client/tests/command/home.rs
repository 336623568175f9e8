//! A home of its own for each test, so that nobody's real profiles are touched.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{
    Oauth1, Run, oauth1,
    server::{APP_SECRET, TOKEN_SECRET},
};

/// A directory that goes away with the test.
pub(crate) struct Home(PathBuf);

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Home {
    pub(crate) fn new() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("oauth1-home-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// With the profile `work`, which is active and has the canary credentials.
    pub(crate) fn with_profile() -> Self {
        let home = Self::new();
        home.add("work", &["--app-key", "app", "--token", "token", "--secrets-stdin"]).exits(0);
        home
    }

    pub(crate) fn add(&self, name: &str, args: &[&str]) -> Run {
        let secrets = format!("{APP_SECRET}\n{TOKEN_SECRET}\n");
        let run = self.run(["profile", "add", name]).args(args.iter().copied());
        run.stdin(&secrets).run()
    }

    /// A run of the command that knows of this home, and has no credentials in its environment.
    pub(crate) fn run<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Oauth1 {
        let mut run = oauth1(args).env("HOME", self.0.to_str().unwrap());
        for name in ["CONSUMER_KEY", "CONSUMER_SECRET", "TOKEN", "TOKEN_SECRET"] {
            run = run.without(&format!("OAUTH1_{name}"));
        }
        run
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file of the profiles.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(".config/oauth1").join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    /// Writes a file of somebody else's program.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

pub(crate) fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

//! Secrets are only where they must be: a search of everything that the server writes.

mod provoke;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use oauth1_core::{ClientCredentials, TokenCredentials};

use super::{
    Measured, Trouble, finding,
    shared::{master_key, migrate},
};
use crate::{
    Setup,
    harness::{
        canary::{Canaries, Hit},
        client,
        forge::Keys,
        server::{Server, Site},
    },
    report::Finding,
    services::{Postgres, Redis},
};
use provoke::Provoker;

/// S1: secrets in logs, databases, answers, or anywhere.
pub(super) async fn anywhere(setup: &Setup) -> Finding {
    let what = "keys made, listed, rotated, disabled; requests good, replayed, wrong and malformed; kill -9, restart, rekey, SIGTERM; at log.level=trace, once embedded (text log), once with PostgreSQL that logs every statement and Redis (JSON log). Then searched: data directories with database and WAL, logs, output, answers, /metrics, /readyz, pg_dump, Redis MONITOR and RDB, cmdline and environ, for secrets, master keys, passwords and computed signatures, raw, percent-encoded, Base64, hex".to_owned();
    let goal = "0 hits outside of the files that hold them; each pattern found where it is planted";
    finding("S1", what, goal, both(setup).await)
}

/// A key with its secrets as text.
struct Secrets {
    keys: Keys,
    app_secret: String,
    token_secret: String,
}

/// What is searched for, and what is searched.
struct Search {
    canaries: Canaries,
    /// Where outputs go, which are searched with the rest.
    outputs: PathBuf,
    /// Files that hold a secret on purpose, and the beginning of its name.
    holders: Vec<(PathBuf, &'static str)>,
    requests: (usize, usize),
}

async fn both(setup: &Setup) -> Measured {
    let (embedded, good) = embedded(setup).await?;
    let (shared, also) = shared(setup).await?;
    Ok((format!("embedded: {embedded}; shared: {shared}"), good && also))
}

async fn embedded(setup: &Setup) -> Measured {
    let site = Site::new(&setup.program)?
        .with("log.level=trace")
        .with("log.refusals_per_second=100000")
        .with("policy.answers=full");
    let mut search = Search::new(&site)?;
    search.whole_life(&site, "0").await?;
    search.output(&site, &["rekey"])?;
    search.master_key(&site.data.join("master.key"))?;
    search.finish(&[site.root(), site.memory()], "")
}

async fn shared(setup: &Setup) -> Measured {
    let postgres = Postgres::start_with(&[
        "fsync=off",
        "log_statement=all",
        "log_parameter_max_length=-1",
        "log_parameter_max_length_on_error=-1",
    ])?;
    let redis = Redis::start(&[])?;
    let site = Site::new(&setup.program)?;
    let mut search = Search::new(&site)?;
    let (of_redis, of_postgres) = ("canaryRedisPassword7", "canaryPostgresPassword7");
    redis.command(&["ACL", "SETUSER", "app", "on", &format!(">{of_redis}"), "~*", "+@all"])?;
    let master = site.root().join("keys");
    fs::create_dir_all(&master)?;
    let key_file = master_key(&master)?;
    let redis_url = format!("redis://app:{of_redis}@{}/", redis.address());
    let postgres_url = format!("postgres://postgres:{of_postgres}@{}/postgres", postgres.address());
    let mut site = site.with("log.level=trace").with("log.format=json").with("nonces.store=redis");
    for (setting, name, url, password) in [
        ("nonces.url_file", "password of Redis", redis_url, of_redis),
        ("credentials.url_file", "password of PostgreSQL", postgres_url, of_postgres),
    ] {
        let file = master.join(setting);
        fs::write(&file, url)?;
        search.canaries.add(name, password.as_bytes());
        search.holders.push((file.clone(), name));
        site = site.with(&format!("{setting}={}", file.display()));
    }
    let site = site.with(&format!("credentials.master_key_file={}", key_file.display()));
    let monitor = redis.monitor(&search.outputs.join("monitor"))?;
    migrate(&site)?;
    search.whole_life(&site, "24h").await?;
    drop(monitor);
    redis.command(&["SAVE"])?;
    let dump = postgres.dump()?;
    search.keep("dump", dump.as_bytes())?;
    search.master_key(&key_file)?;
    let what = format!("dump of {} KiB", dump.len() / 1024);
    search.finish(&[site.root(), site.memory(), postgres.directory(), redis.directory()], &what)
}

impl Search {
    fn new(site: &Site) -> Result<Self, Trouble> {
        let outputs = site.root().join("outputs");
        fs::create_dir_all(&outputs)?;
        let canaries = Canaries::default();
        Ok(Self { canaries, outputs, holders: Vec::new(), requests: (0, 0) })
    }

    /// From the first key to the orderly end.
    async fn whole_life(&mut self, site: &Site, grace: &str) -> Result<(), Trouble> {
        let first = self.create(site, "first")?;
        let disabled = self.create(site, "disabled")?;
        self.create(site, "unused")?;
        let mut provoker = Provoker::new();
        let mut server = site.start().await?;
        self.output(site, &["keys", "disable", "disabled"])?;
        provoker.run(server.address, &first, &disabled, &mut self.canaries).await?;
        self.look(site, &server).await?;
        server.kill();

        let mut server = site.restart(&server).await?;
        // What is printed once, on purpose, is not kept.
        let rotated =
            self.made(site, &["rotate", "first", "--grace", grace, "--json"], "rotated")?;
        provoker.run(server.address, &rotated, &first, &mut self.canaries).await?;
        self.output(site, &["keys", "delete", "unused", "--yes"])?;
        self.look(site, &server).await?;
        server.stop(std::time::Duration::from_secs(20)).await?;
        self.requests = (provoker.sent, provoker.accepted);
        self.keep("answers", &provoker.answers)
    }

    fn create(&mut self, site: &Site, name: &str) -> Result<Secrets, Trouble> {
        self.made(site, &["create", "--name", name, "--json"], name)
    }

    /// Runs a command that makes secrets, which are searched for from now on.
    fn made(&mut self, site: &Site, words: &[&str], name: &str) -> Result<Secrets, Trouble> {
        let output = site.command("keys").args(words).output()?;
        self.keep(&format!("errors-{name}"), &output.stderr)?;
        let values: serde_json::Value = serde_json::from_slice(&output.stdout)
            .map_err(|_| Trouble::Broken(String::from_utf8_lossy(&output.stderr).into_owned()))?;
        let text = |name: &str| {
            let value = values[name].as_str().map(str::to_owned);
            value.ok_or(Trouble::Broken(format!("keys gave no {name}")))
        };
        let (app_secret, token_secret) = (text("app_secret")?, text("token_secret")?);
        self.canaries.add(&format!("app secret of {name}"), app_secret.as_bytes());
        self.canaries.add(&format!("token secret of {name}"), token_secret.as_bytes());
        let keys = Keys {
            client: ClientCredentials::new(text("app_key")?, app_secret.as_str()),
            token: TokenCredentials::new(text("access_token")?, token_secret.as_str()),
        };
        Ok(Secrets { keys, app_secret, token_secret })
    }

    /// Keeps everything that can be looked at while it runs.
    async fn look(&self, site: &Site, server: &Server) -> Result<(), Trouble> {
        for words in [
            &["keys", "list"][..],
            &["keys", "list", "--json"],
            &["keys", "show", "first"],
            &["keys", "show", "first", "--json"],
            &["config", "print"],
            &["config", "check"],
        ] {
            self.output(site, words)?;
        }
        for path in ["/metrics", "/readyz?verbose", "/livez"] {
            self.keep("admin", &client::get(server.admin, path).await?.body)?;
        }
        for file in ["cmdline", "environ"] {
            self.keep(file, &fs::read(format!("/proc/{}/{file}", server.child.id()))?)?;
        }
        Ok(())
    }

    /// Runs a command that is to succeed, and keeps what it says.
    fn output(&self, site: &Site, words: &[&str]) -> Result<(), Trouble> {
        let output = site.command(words[0]).args(&words[1..]).output()?;
        let said = [output.stdout, output.stderr].concat();
        if !output.status.success() {
            return Err(Trouble::Broken(String::from_utf8_lossy(&said).into_owned()));
        }
        self.keep("output", &said)
    }

    fn keep(&self, name: &str, octets: &[u8]) -> Result<(), Trouble> {
        let number = fs::read_dir(&self.outputs)?.count();
        Ok(fs::write(self.outputs.join(format!("{name}-{number}")), octets)?)
    }

    /// Takes the keys of a file that must be in that file only.
    fn master_key(&mut self, file: &Path) -> Result<(), Trouble> {
        let text = fs::read_to_string(file)?;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if line.starts_with('#') {
                continue;
            }
            let octets = STANDARD.decode(line);
            let octets =
                octets.map_err(|_| Trouble::Broken(format!("{}: no key", file.display())))?;
            self.canaries.add("master key", &octets);
        }
        self.holders.push((file.to_owned(), "master key"));
        Ok(())
    }

    fn finish(self, roots: &[&Path], also: &str) -> Measured {
        let (mut hits, mut files, mut size) = (BTreeSet::new(), 0, 0);
        for root in roots {
            let (found, count, octets) = self.canaries.find_below(root)?;
            hits.extend(found);
            files += count;
            size += octets;
        }
        let held = |(place, name, _): &Hit, (file, holds): &(PathBuf, &str)| {
            Path::new(place) == file && name.starts_with(holds)
        };
        // The search has read those files, so it would have found more.
        for holder in &self.holders {
            if !hits.iter().any(|hit| held(hit, holder)) {
                return Err(Trouble::Broken(format!("nothing was found in {holder:?}")));
            }
        }
        hits.retain(|hit| !self.holders.iter().any(|holder| held(hit, holder)));
        self.canaries.check(&self.outputs.join("planted"))?;
        let (secrets, patterns) = self.canaries.count();
        let (sent, accepted) = self.requests;
        let mut figures = format!(
            "{secrets} secrets, {patterns} patterns, each found when planted; {sent} requests ({accepted} accepted); {files} files, {} KiB {also}: {} hits",
            size / 1024,
            hits.len()
        );
        for (place, name, form) in hits.iter().take(20) {
            figures += &format!("\n{place}: {name}, {form}");
        }
        Ok((figures, hits.is_empty() && accepted > 0 && sent > accepted))
    }
}

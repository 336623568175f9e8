//! T-LOG-1 and T-REST with a real server: what is managed through `/v1` and by commands, and
//! requests of every kind, leave no secret in the log, in metrics, at rest, or in later answers.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod commands;
mod desk;
mod flow;
mod requests;
mod routes;

use std::{collections::BTreeSet, fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use torture::{
    harness::{canary::Hit, server::Site},
    services::Postgres,
};

use desk::Desk;
use routes::TYPED_AS_NAME;

#[tokio::test]
async fn t_rest_t_log_1_sqlite() {
    let desk = Desk::open(site()).await;
    whole_life(desk, None).await;
}

#[tokio::test]
async fn t_rest_t_log_1_postgres() {
    // It logs every statement with its values, and so must not be told any secret.
    let settings = ["fsync=off", "log_statement=all", "log_parameter_max_length=-1"];
    let postgres = match Postgres::start_with(&settings) {
        Ok(postgres) => postgres,
        Err(missing) => return missing.skip(),
    };
    let site = site();
    let key = site.root().join("master.key");
    write_key(&key);
    let site = site
        .with(&format!("credentials.url={}", postgres.url()))
        .with(&format!("credentials.master_key_file={}", key.display()))
        .with("log.format=json");
    let migrated = site.command("migrate").output().unwrap();
    assert!(migrated.status.success(), "{migrated:?}");
    let desk = Desk::open(site).await;
    whole_life(desk, Some(&postgres)).await;
}

fn site() -> Site {
    let site = Site::new(Path::new(env!("CARGO_BIN_EXE_oauth1-server"))).unwrap();
    let catalogue = site.root().join("catalogue.toml");
    fs::write(&catalogue, CATALOGUE).unwrap();
    site.with("log.level=trace")
        .with("log.refusals_per_second=100000")
        .with("policy.answers=full")
        .with("server.origin=https://api.example.com")
        .with("accounts.secret_reveal=true")
        .with("delegation.token_lifetime=1h")
        .with(&format!("catalogue.file={}", catalogue.display()))
}

async fn whole_life(mut desk: Desk, postgres: Option<&Postgres>) {
    desk.first_person(postgres.is_none()).await;
    let keys = desk.routes().await;
    desk.commands();
    desk.requests(&keys).await;
    desk.three_legs().await;
    desk.look_at_everything(&keys).await;
    desk.commands_look(&keys.bot);
    // With the write-ahead log, which ends with the server.
    let (hits, ..) = desk.canaries.find_below(&desk.site.data).unwrap();
    assert!(hits.is_empty(), "{hits:#?}");
    desk.server.stop(std::time::Duration::from_secs(30)).await.unwrap();

    let log = desk.take_setup_line(postgres.is_none());
    for said in ["request refused", "request answered", "INSERT INTO", "POST"] {
        assert!(log.contains(said), "the log is read at trace: {said}");
    }
    let tables = rows(&desk, postgres).await;
    for known in ["oauth-till", "canary-bot", "key.reveal", "scope_denied", "$argon2id$"] {
        assert!(tables.contains(known), "all rows were read: {known}");
    }
    desk.keep("rows", tables.as_bytes());
    let mut roots = vec![desk.site.root(), desk.site.memory()];
    roots.extend(postgres.map(Postgres::directory));
    let mut hits = BTreeSet::<Hit>::new();
    for root in roots {
        let (found, files, size) = desk.canaries.find_below(root).unwrap();
        assert!(files > 0 || root == desk.site.memory(), "{}", root.display());
        println!("{}: {files} files, {} KiB", root.display(), size / 1024);
        hits.extend(found);
    }
    // Names are looked up, so a database that logs all values is told them.
    let log_of_postgres = postgres.map(|postgres| postgres.directory().join("log"));
    hits.retain(|(place, name, _)| {
        Some(Path::new(place)) != log_of_postgres.as_deref() || !name.starts_with(TYPED_AS_NAME)
    });
    assert!(hits.is_empty(), "{hits:#?}");
    // Hashes of passwords are in the tables, and nowhere else.
    for text in [&log, &desk.outputs()] {
        assert!(!text.contains("argon2id$"));
    }

    // The search would have found each of them.
    let (secrets, patterns) = desk.canaries.count();
    println!("{secrets} secrets, {patterns} patterns");
    assert!(secrets == desk.secrets.len() && secrets > 50, "{secrets}");
    desk.canaries.check(&desk.site.root().join("planted")).unwrap();
    desk.plant(postgres).await;
    let found = desk.canaries.find("rows", rows(&desk, postgres).await.as_bytes());
    let found: BTreeSet<_> = found.into_iter().map(|(_, name, _)| name).collect();
    let missing: Vec<_> = desk.secrets.iter().filter(|(name, _)| !found.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// All rows of all tables, as text; octets in hexadecimal.
async fn rows(desk: &Desk, postgres: Option<&Postgres>) -> String {
    if let Some(postgres) = postgres {
        return postgres.dump().unwrap();
    }
    let mut all = String::new();
    let mut database = database(desk).await;
    let tables = "SELECT t.name, group_concat('quote(' || c.name || ')', ' || '' '' || ')
                  FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'
                  GROUP BY t.name";
    for table in sqlx::query(tables).fetch_all(&mut database).await.unwrap() {
        let (name, columns): (String, String) = (table.get(0), table.get(1));
        let sql = AssertSqlSafe(format!("SELECT {columns} FROM {name}"));
        for row in sqlx::query(sql).fetch_all(&mut database).await.unwrap() {
            all += &format!("{name}: {}\n", row.get::<String, _>(0));
        }
    }
    database.close().await.unwrap();
    all
}

async fn database(desk: &Desk) -> SqliteConnection {
    let file = desk.site.data.join("credentials.sqlite3");
    SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap()
}

impl Desk {
    /// Writes every secret into a row.
    async fn plant(&self, postgres: Option<&Postgres>) {
        for (_, secret) in &self.secrets {
            let secret = secret.replace('\'', "''");
            let sql = format!("UPDATE account SET display_name = display_name || '\n{secret}'");
            match postgres {
                Some(postgres) => drop(postgres.query(&sql).unwrap()),
                None => {
                    let mut database = database(self).await;
                    sqlx::query(AssertSqlSafe(sql)).execute(&mut database).await.unwrap();
                    database.close().await.unwrap();
                }
            }
        }
    }

    /// Takes the one line out of the log that is to hold the setup code; the rest of it.
    fn take_setup_line(&self, printed: bool) -> String {
        let file = self.site.root().join(format!("log-{}", self.server.address.port()));
        let log = fs::read_to_string(&file).unwrap();
        let is_setup = |line: &&str| line.starts_with("Make the first administrator at ");
        let line: Vec<_> = log.lines().filter(is_setup).collect();
        assert_eq!(line.len(), usize::from(printed));
        let code = |line: &&str| !self.canaries.find("line", line.as_bytes()).is_empty();
        assert!(line.iter().all(code), "the code is searched for");
        let rest: String =
            log.lines().filter(|line| !is_setup(line)).flat_map(|line| [line, "\n"]).collect();
        fs::write(&file, &rest).unwrap();
        rest
    }
}

fn write_key(path: &Path) {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).unwrap();
    let random: [u8; 32] = rand::random();
    file.write_all(STANDARD.encode(random).as_bytes()).unwrap();
}

const CATALOGUE: &str = r#"
[[group]]
name = "echo"
title = "Echo"
docs = "https://docs.example.com/echo"
paths = ["/echo"]
"#;

//! The journal on the real file system: processes that are killed, locks, permissions, figures.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Instant, SystemTime},
};

use oauth1_core::{
    ClientCredentials, Limits, PresentedRequest, SharedSecret, SignableRequest, SignatureMethod,
    SignatureVerified, Signer, Stamp, Timestamp, VerificationKey,
};
use oauth1_server::{
    MemoryNonceStore, NonceOutcome, NonceStore, NonceStoreError, TimestampWindow, UsedNonce,
    replay::{JournalError, JournalLevel, JournalNonceStore, JournalNonceStoreBuilder},
};

/// The directory of a test, with a mirror of its own; empty at the beginning, gone at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let this =
            Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("oauth1-journal-{name}")));
        this.clear();
        this
    }

    fn clear(&self) {
        let _ = fs::remove_dir_all(&self.0);
        let _ = fs::remove_dir_all(mirror(&self.0));
    }
}

impl std::ops::Deref for Place {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.clear();
    }
}

fn mirror(path: &Path) -> PathBuf {
    Path::new("/dev/shm").join(path.file_name().unwrap())
}

fn builder(path: &Path) -> JournalNonceStoreBuilder {
    let mirror = mirror(path);
    fs::create_dir_all(&mirror).unwrap();
    JournalNonceStore::builder(path).mirror(mirror).first_start(true)
}

fn open(path: &Path) -> Result<JournalNonceStore, JournalError> {
    builder(path).capacity(1 << 24).quota(1 << 24).open()
}

fn now() -> Timestamp {
    Timestamp::from_system_time(SystemTime::now()).unwrap()
}

/// A proof, made the only way there is: by a signature.
fn proof() -> SignatureVerified {
    let request = SignableRequest::new("GET", "http://a.example/").unwrap();
    let signer = Signer::new(ClientCredentials::new("client", "secret"));
    let header = signer.authorize_at(&request, &Stamp::now().unwrap()).unwrap();
    let header = [header.as_str().as_bytes()];
    let presented = PresentedRequest::parse(&request, &header, Limits::default()).unwrap().unwrap();
    let secret = SharedSecret::new("secret");
    let key = VerificationKey::shared(SignatureMethod::HmacSha1, &secret, None).unwrap();
    presented.verify_signature(&key).unwrap()
}

/// A client, which waits for each answer.
struct Client {
    runtime: tokio::runtime::Runtime,
    proof: SignatureVerified,
}

impl Client {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { runtime, proof: proof() }
    }

    fn send(
        &self,
        store: &dyn NonceStore,
        timestamp: Timestamp,
        nonce: &str,
    ) -> Result<NonceOutcome, NonceStoreError> {
        let used = UsedNonce { client: "c", token: "t", timestamp, nonce };
        let window = TimestampWindow::default().around(now());
        self.runtime.block_on(store.record(used, window, &self.proof))
    }
}

/// This test once more, as another process with a task.
fn again(test: &str, task: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env("JOURNAL_TASK", task);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn task() -> Option<PathBuf> {
    std::env::var_os("JOURNAL_TASK").map(PathBuf::from)
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

#[test]
fn what_a_killed_process_acknowledged_is_known_and_there_is_no_fence() {
    let client = Client::new();
    if let Some(path) = task() {
        let store = open(&path).unwrap();
        say("");
        for i in 0_u64.. {
            let timestamp = now();
            let nonce = format!("{}-{i}", std::process::id());
            assert_eq!(client.send(&store, timestamp, &nonce).unwrap(), NonceOutcome::Fresh);
            say(&format!("ack {} {nonce}", timestamp.seconds()));
        }
    }
    let path = Place::new("kill");
    let mut acknowledged = Vec::new();
    let kills = std::env::var("JOURNAL_KILLS").map_or(5, |kills| kills.parse().unwrap());
    for cycle in 1..=kills {
        let mut child =
            again("what_a_killed_process_acknowledged_is_known_and_there_is_no_fence", &path)
                .spawn()
                .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let before = acknowledged.len();
        let mut note = |line: String| {
            // The last line may have been cut off: nobody was told.
            if let Some((timestamp, nonce)) =
                line.strip_prefix("ack ").and_then(|l| l.split_once(' '))
            {
                acknowledged.push((timestamp.parse().unwrap(), nonce.to_owned()));
            }
        };
        for line in lines.by_ref().take(1_500 * (cycle % 5 + 1)) {
            note(line.unwrap());
        }
        child.kill().unwrap();
        lines.map_while(Result::ok).filter(|line| line.ends_with(char::is_numeric)).for_each(note);
        child.wait().unwrap();
        assert!(acknowledged.len() - before > 1_000, "{}", acknowledged.len() - before);

        let store = open(&path).unwrap();
        assert_eq!(store.fence(), None);
        let last = acknowledged.len() - 1;
        for (i, (timestamp, nonce)) in acknowledged.iter().enumerate() {
            let timestamp = Timestamp::from_seconds(*timestamp).unwrap();
            let outcome = client.send(&store, timestamp, nonce).unwrap();
            // The last line may end within the number.
            assert!(outcome == NonceOutcome::Replayed || i == last, "{timestamp:?} {nonce}");
        }
        assert_eq!(
            client.send(&store, now(), &format!("new {cycle}")).unwrap(),
            NonceOutcome::Fresh
        );
    }
    println!("{} acknowledged, all known after {kills} kills", acknowledged.len());
}

#[test]
fn a_second_process_is_refused_and_the_first_goes_on() {
    if let Some(path) = task() {
        say(&format!("opened: {}", open(&path).map(|_| ()).unwrap_err()));
        return;
    }
    let (client, path) = (Client::new(), Place::new("lock"));
    let store = open(&path).unwrap();
    let second =
        again("a_second_process_is_refused_and_the_first_goes_on", &path).output().unwrap();
    let said = String::from_utf8(second.stdout).unwrap();
    assert!(said.contains("is in use by another process"), "{said}");
    assert!(matches!(open(&path), Err(JournalError::Locked(_))));
    assert_eq!(client.send(&store, now(), "n").unwrap(), NonceOutcome::Fresh);
    drop(store);
    assert_eq!(open(&path).unwrap().fence(), None);
}

#[test]
fn a_directory_that_others_may_use_is_refused() {
    let path = Place::new("permissions");
    drop(open(&path).unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let header = path.join("journal");
    assert_eq!((mode(&path), mode(&header)), (0o700, 0o600));
    fs::set_permissions(&header, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(open(&path), Err(JournalError::Permissions(file)) if file == header));
    fs::set_permissions(&header, fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(&*path, fs::Permissions::from_mode(0o720)).unwrap();
    assert!(matches!(open(&path), Err(JournalError::Permissions(file)) if file == *path));
    fs::set_permissions(&*path, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(open(&path).unwrap().fence(), None);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_system_that_is_not_local_is_refused() {
    // Nothing is created there: opening its directory is enough to see what it is.
    let opened = JournalNonceStore::builder("/proc/self").open();
    assert!(matches!(opened, Err(JournalError::FileSystem { kind: 0x9FA0, .. })), "{opened:?}");
}

#[test]
fn copied_files_are_a_fence() {
    let (client, path) = (Client::new(), Place::new("copy"));
    let store = open(&path).unwrap();
    let timestamp = now();
    assert_eq!(client.send(&store, timestamp, "before").unwrap(), NonceOutcome::Fresh);
    let copy = Place::new("copy-of");
    fs::create_dir(&*copy).unwrap();
    for file in fs::read_dir(&*path).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    assert_eq!(client.send(&store, timestamp, "after").unwrap(), NonceOutcome::Fresh);
    drop(store);
    fs::set_permissions(&*copy, fs::Permissions::from_mode(0o700)).unwrap();
    let old = Place::new("copy-old");
    fs::rename(&*path, &*old).unwrap();
    fs::rename(&*copy, &*path).unwrap();
    let store = open(&path).unwrap();
    let (fence, reason) = store.fence().unwrap();
    assert!(fence.seconds() >= now().seconds() + 299, "{fence:?} {reason}");
    for nonce in ["before", "after"] {
        let outcome = client.send(&store, timestamp, nonce);
        assert!(
            matches!(outcome, Err(NonceStoreError::Fenced { retry_after: 290.. })),
            "{outcome:?}"
        );
    }
}

#[test]
fn an_empty_directory_is_a_fence_unless_it_is_said_to_be_the_first_start() {
    let path = Place::new("empty");
    let store = builder(&path).first_start(false).open().unwrap();
    assert!(store.fence().is_some());
    drop(store);
    let path = Place::new("first");
    drop(open(&path).unwrap());
    // It is not the first one any more, whatever is said.
    fs::remove_dir_all(&*path).unwrap();
    let store = open(&path).unwrap();
    assert!(store.fence().is_some());
}

#[test]
fn a_window_of_more_than_an_hour_is_refused() {
    let window = TimestampWindow { past: 3_600, future: 1 };
    let opened = builder(&Place::new("window")).window(window).open();
    assert!(matches!(opened, Err(JournalError::Window)));
}

#[test]
fn at_the_level_power_nonces_are_known_after_the_next_start() {
    let (client, path) = (Client::new(), Place::new("power"));
    let open = || builder(&path).level(JournalLevel::Power).open().unwrap();
    let (store, timestamp) = (open(), now());
    for i in 0..50 {
        assert_eq!(client.send(&store, timestamp, &format!("n{i}")).unwrap(), NonceOutcome::Fresh);
    }
    drop(store);
    let store = open();
    assert_eq!(store.fence(), None);
    for i in 0..50 {
        let outcome = client.send(&store, timestamp, &format!("n{i}")).unwrap();
        assert_eq!(outcome, NonceOutcome::Replayed);
    }
}

/// Prints what one nonce costs, and how fast a million are read back. `JOURNAL_NONCES` sets how
/// many; the figures mean something in a release build.
#[test]
fn figures_of_many_nonces() {
    let nonces = std::env::var("JOURNAL_NONCES").map_or(1_000_000, |n| n.parse().unwrap());
    let (client, path) = (Client::new(), Place::new("figures"));
    let timestamp = now();
    let record = |store: &dyn NonceStore, nonces: u32| {
        let started = Instant::now();
        for i in 0..nonces {
            let outcome = client.send(store, timestamp, &format!("nonce-{i}")).unwrap();
            assert_eq!(outcome, NonceOutcome::Fresh);
        }
        started.elapsed() / nonces
    };
    let synced = Place::new("figures-power");
    let synced = record(&builder(&synced).level(JournalLevel::Power).open().unwrap(), 100);
    let memory = MemoryNonceStore::builder()
        .first_start(true)
        .capacity(1 << 24)
        .quota(1 << 24)
        .build()
        .unwrap();
    let memory = record(&memory, nonces);
    let store = open(&path).unwrap();
    let process = record(&store, nonces);
    drop(store);
    let octets: u64 =
        fs::read_dir(&*path).unwrap().map(|f| f.unwrap().metadata().unwrap().len()).sum();
    let started = Instant::now();
    let store = open(&path).unwrap();
    let opening = started.elapsed();
    assert_eq!((store.fence(), store.len()), (None, u64::from(nonces)));
    assert_eq!(client.send(&store, timestamp, "nonce-0").unwrap(), NonceOutcome::Replayed);
    println!("one nonce: {process:?}, in memory {memory:?}, synced {synced:?}");
    println!("{nonces} nonces: {octets} octets, opened again in {opening:?}");
}

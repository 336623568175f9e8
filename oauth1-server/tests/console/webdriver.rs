//! Chromium, driven by chromedriver: one driver for all tests of the program, a browser for each.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::{Value as Json, json};
use tokio::sync::{Semaphore, SemaphorePermit};
use torture::harness::server::free_address;

/// One browser with a directory of its own. Both are gone when it is dropped.
pub struct Session {
    path: String,
    driver: &'static Driver,
    http: Client,
    directory: PathBuf,
    _permit: SemaphorePermit<'static>,
}

/// Something on a page.
#[derive(Clone, Debug)]
pub struct Element(pub Json);

struct Driver {
    address: SocketAddr,
    directory: PathBuf,
}

impl Session {
    /// `None`, said aloud, where there is no browser.
    pub async fn open() -> Option<Self> {
        static DRIVER: OnceLock<Result<Driver, String>> = OnceLock::new();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        // A browser takes a processor and 300 MiB.
        static AT_ONCE: Semaphore = Semaphore::const_new(2);
        let driver = match DRIVER.get_or_init(Driver::start) {
            Ok(driver) => driver,
            Err(missing) => {
                missing_here(missing);
                return None;
            }
        };
        let permit = AT_ONCE.acquire().await.unwrap();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory = driver.directory.join(count.to_string());
        let mut arguments: Vec<String> = FLAGS.map(str::to_owned).into();
        arguments.push(format!("--user-data-dir={}", directory.display()));
        let wanted = json!({
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": arguments },
        });
        let http = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let mut session = Self { path: String::new(), driver, http, directory, _permit: permit };
        let body = json!({ "capabilities": { "alwaysMatch": wanted } });
        let made = session.post("/session", body).await;
        session.path = format!("/session/{}", made["sessionId"].as_str().unwrap());
        Some(session)
    }

    /// A command of the WebDriver protocol.
    pub async fn command(&self, name: &str, body: Json) -> Json {
        self.post(&format!("{}/{name}", self.path), body).await
    }

    /// A command of the DevTools protocol.
    pub async fn devtools(&self, command: &str, parameters: Json) -> Json {
        self.command("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    /// The value of a script of ours, which runs even where those of pages do not.
    pub async fn script(&self, script: &str, arguments: &[Json]) -> Json {
        self.command("execute/sync", json!({ "script": script, "args": arguments })).await
    }

    /// The same, where the page may be about to go.
    pub async fn try_script(&self, script: &str) -> Result<Json, String> {
        let body = json!({ "script": script, "args": [] });
        let answer = self.http.post(self.url(&format!("{}/execute/sync", self.path)));
        let answer: Json = answer.json(&body).send().await.unwrap().json().await.unwrap();
        let value = &answer["value"];
        if value["error"].is_string() { Err(value.to_string()) } else { Ok(value.clone()) }
    }

    pub async fn read(&self, name: &str) -> Json {
        let url = self.url(&format!("{}/{name}", self.path));
        self.value(self.http.get(url).send().await, name).await
    }

    pub async fn on(&self, element: &Element, what: &str, body: Json) -> Json {
        self.try_on(element, what, body).await.unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    /// The same, where the element may be covered or gone.
    pub async fn try_on(&self, element: &Element, what: &str, body: Json) -> Result<Json, String> {
        let id = element.0.as_object().and_then(|object| object.values().next()).unwrap();
        let path = format!("{}/element/{}/{what}", self.path, id.as_str().unwrap());
        let answer = self.http.post(self.url(&path)).json(&body).send().await;
        let answer: Json = answer.unwrap().json().await.unwrap();
        let value = &answer["value"];
        if value["error"].is_string() { Err(value.to_string()) } else { Ok(value.clone()) }
    }

    async fn post(&self, path: &str, body: Json) -> Json {
        let answer = self.http.post(self.url(path)).json(&body).send().await;
        self.value(answer, &format!("{path} {body}")).await
    }

    async fn value(&self, answer: reqwest::Result<reqwest::Response>, what: &str) -> Json {
        let answer = answer.unwrap_or_else(|error| panic!("{what}: {error}"));
        let status = answer.status();
        let mut answer: Json = answer.json().await.unwrap();
        let value = answer["value"].take();
        let error = format!("{}: {}", value["error"], value["message"]);
        assert!(status.is_success(), "{what:.300}: {error}");
        value
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.driver.address)
    }
}

/// Says aloud what cannot be tested here; fails where everything has to be.
pub fn missing_here(what: &str) {
    assert_ne!(env::var("CI").as_deref(), Ok("true"), "{what}");
    // Not by println, which is kept back of tests that pass.
    let _ = writeln!(std::io::stdout(), "\nSKIPPED: {what}");
}

impl Drop for Session {
    fn drop(&mut self) {
        // Without the runtime, which may be unwinding.
        let ended = TcpStream::connect(self.driver.address).and_then(|mut stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            let host = self.driver.address;
            write!(
                stream,
                "DELETE {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
                self.path
            )?;
            stream.read(&mut [0; 512])
        });
        if ended.is_err() && !thread::panicking() {
            eprintln!("the browser did not end: {ended:?}");
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

impl Driver {
    fn start() -> Result<Self, String> {
        for program in ["chromium", "chromedriver"] {
            let found = env::split_paths(&env::var_os("PATH").unwrap_or_default())
                .any(|directory| directory.join(program).is_file());
            if !found {
                return Err(format!(
                    "{program} is missing: apt-get install chromium chromium-driver"
                ));
            }
        }
        let address = free_address()?;
        let directory = env::temp_dir().join(format!("console-browsers-{}", std::process::id()));
        fs::create_dir_all(&directory).map_err(|error| error.to_string())?;
        // The shell ends the driver and its browsers when this program ends, however it ends:
        // then nobody holds the other end of its input. setsid gives them a group of their own.
        let mut keeper = Command::new("setsid");
        keeper.args(["sh", "-c", KEEPER, "keeper", &address.port().to_string()]);
        keeper.arg(&directory).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Whoever starts browsers with a proxy starts them all with it.
        let unproxied: BTreeMap<_, _> = env::vars_os()
            .filter(|(name, _)| !name.to_string_lossy().to_lowercase().ends_with("_proxy"))
            .collect();
        let child = keeper.env_clear().envs(unproxied).spawn().map_err(|e| e.to_string())?;
        // Never waited for, and its input never closed, while this program runs.
        std::mem::forget(child);
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            if start.elapsed() > PATIENCE {
                return Err("chromedriver does not answer".into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Self { address, directory })
    }
}

const KEEPER: &str = r#"
trap : TERM
chromedriver --port="$1" & read -r _
kill -s TERM -- "-$$"; sleep 1; rm -rf -- "$2"; kill -s KILL -- "-$$"
"#;

const FLAGS: [&str; 12] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-features=Translate,OptimizationHints,MediaRouter,PasswordLeakDetection",
    "--window-size=1280,900",
];

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(60);

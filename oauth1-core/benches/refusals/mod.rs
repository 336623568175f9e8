//! Refused requests of clients that make mistakes, as `test-vectors/reference/mistakes.py` makes
//! them, and how many of them are explained.

use std::{
    collections::BTreeMap,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use oauth1_core::{
    Limits, SharedSecret,
    captured::CapturedRequest,
    diagnose::{Diagnosis, Surroundings, Suspect},
};
use serde_json::Value;

/// One refused request, and what was done wrong in it.
pub struct Refusal {
    pub mistakes: Vec<String>,
    pub request: CapturedRequest,
    client_secret: SharedSecret,
    token_secret: Option<SharedSecret>,
}

/// So many with one mistake, with two, and with another secret; an error if there is no Python.
pub fn refusals(seed: u32, singles: u32, pairs: u32, wrong: u32) -> std::io::Result<Vec<Refusal>> {
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/reference/mistakes.py");
    let arguments = [seed, singles, pairs, wrong].map(|number| number.to_string());
    let output = Command::new("python3").arg(script).args(arguments).output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    Ok(lines.lines().map(|line| refusal(&serde_json::from_str(line).unwrap())).collect())
}

fn refusal(line: &Value) -> Refusal {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let pair = |pair: &Value| (text(&pair[0]), text(&pair[1]));
    Refusal {
        mistakes: line["mistakes"].as_array().unwrap().iter().map(text).collect(),
        request: CapturedRequest {
            method: text(&line["method"]),
            url: text(&line["url"]),
            headers: line["headers"].as_array().unwrap().iter().map(pair).collect(),
            body: text(&line["body"]).into_bytes(),
        },
        client_secret: SharedSecret::new(text(&line["client_secret"])),
        token_secret: line["token_secret"].as_str().map(SharedSecret::new),
    }
}

impl Refusal {
    pub fn diagnose(&self) -> Diagnosis {
        let (signable, authorization) =
            (self.request.signable().unwrap(), self.request.authorization());
        let headers = self.request.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
        let suspect = Suspect::parse(&signable, &authorization, Limits::default());
        let suspect = suspect.unwrap_or_else(|error| panic!("{error}: {:?}", self.request));
        let suspect = suspect.unwrap().with_surroundings(Surroundings::of_headers(headers));
        suspect.by_secrets(&self.client_secret, self.token_secret.as_ref())
    }
}

/// How well requests of one kind were explained.
#[derive(Default)]
pub struct Score {
    pub asked: usize,
    /// The first explanation is what was done.
    pub exact: usize,
    /// One of the explanations is.
    pub among: usize,
    pub named: usize,
    pub times: Vec<Duration>,
    /// What was done and what was said, where that was another thing; how often.
    pub confused: BTreeMap<(String, String), usize>,
}

impl Score {
    pub fn ask(&mut self, refusal: &Refusal) {
        let start = Instant::now();
        let diagnosis = refusal.diagnose();
        self.times.push(start.elapsed());
        self.asked += 1;
        let mut done = refusal.mistakes.clone();
        done.sort_unstable();
        let said: Vec<_> = diagnosis
            .findings()
            .iter()
            .map(|finding| {
                let mut ids: Vec<_> = finding.mistakes().iter().map(|m| m.id.to_owned()).collect();
                ids.sort_unstable();
                ids
            })
            .collect();
        self.named += usize::from(!said.is_empty());
        self.among += usize::from(said.contains(&done));
        if said.first() == Some(&done) {
            self.exact += 1;
        } else {
            let said = said.first().map_or_else(|| "nothing".to_owned(), |ids| ids.join(" + "));
            *self.confused.entry((done.join(" + "), said)).or_default() += 1;
        }
    }

    pub fn percent(&self, part: usize) -> f64 {
        100.0 * part as f64 / self.asked.max(1) as f64
    }
}

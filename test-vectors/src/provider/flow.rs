//! One case: its steps, one after the other.

use oauth1_core::SharedSecret;

use super::answer::{Answer, Said};
use super::http::Http;
use super::judge::{Came, judge};
use super::redact::Redactor;
use super::report::{CaseReport, Finding};
use super::request::{Prepared, authorize_url};
use super::values::{Done, Memory};
use super::{Settings, owner};
use crate::sequence::{Case, Step, What};

/// Runs the steps of a case until one of them lacks what an earlier one did not bring.
pub(super) fn run(
    case: &Case,
    settings: &Settings,
    http: &Http,
    redactor: &Redactor,
) -> CaseReport {
    let mut report = CaseReport::new(case);
    let mut flow = Flow { settings, http, redactor, memory: Memory::default() };
    for (at, step) in case.steps.iter().enumerate() {
        let came = match flow.done(step) {
            Ok((came, done)) => {
                if let Some(name) = &step.name {
                    flow.memory.keep(name, done);
                }
                came
            }
            Err(Stop::NotReached(why)) => {
                report.stopped = Some(format!("step {} was not reached: {why}", at + 1));
                break;
            }
            Err(Stop::OwnerFailed(why)) => {
                report.owner_failed = Some(format!("step {}: {}", at + 1, redactor.text(&why)));
                break;
            }
        };
        for expectation in &step.expect {
            let Some(what) = expectation.what() else { continue };
            let judged = judge(what, step.endpoint, &came, settings, &flow.memory);
            // Status and form of an answer that should be another one say nothing more.
            let settled = matches!(what, What::Outcome(_)) && !judged.held;
            report.findings.push(Finding {
                step: at + 1,
                endpoint: step.endpoint,
                level: expectation.level,
                clause: expectation.clause.clone(),
                expected: redactor.text(&judged.expected),
                came: redactor.text(&judged.came),
                held: judged.held,
            });
            if settled {
                break;
            }
        }
    }
    report
}

/// Why a case went no further.
enum Stop {
    NotReached(String),
    OwnerFailed(String),
}

struct Flow<'a> {
    settings: &'a Settings,
    http: &'a Http,
    redactor: &'a Redactor,
    memory: Memory,
}

impl Flow<'_> {
    fn done(&self, step: &Step) -> Result<(Came, Done), Stop> {
        if let Some(decision) = step.owner {
            let url = authorize_url(step, self.settings, &self.memory).map_err(Stop::NotReached)?;
            let said = owner::decide(self.settings, decision, &url).map_err(Stop::OwnerFailed)?;
            let verifier = said.verifier().map(SharedSecret::new);
            if let Some(code) = &verifier {
                self.redactor.learn(code);
            }
            return Ok((Came::Said(said), Done { verifier, ..Done::default() }));
        }
        let prepare = || match &step.repeat {
            Some(name) => self.memory.request(name).cloned(),
            None => Prepared::new(step, self.settings, &self.memory),
        };
        let request = prepare().map_err(Stop::NotReached)?;
        let answers = if let Some(times) = step.times {
            let mut answers = vec![self.http.send(&request)];
            for _ in 1..times {
                answers.push(self.http.send(&prepare().map_err(Stop::NotReached)?));
            }
            answers
        } else if let Some(copies) = step.copies {
            self.http.send_all(&vec![request.clone(); copies])
        } else if let Some(parallel) = step.parallel {
            let all: Result<Vec<_>, _> = (0..parallel).map(|_| prepare()).collect();
            self.http.send_all(&all.map_err(Stop::NotReached)?)
        } else {
            vec![self.http.send(&request)]
        };
        let mut issued = None;
        for answer in answers.iter().flatten() {
            if let Some(credentials) = Answer::credentials(answer) {
                self.redactor.learn(&credentials.secret);
                issued.get_or_insert(credentials);
            }
        }
        let done = Done { request: Some(request), issued, ..Done::default() };
        let came = if step.count() > 1 { Came::Answers(answers) } else { Came::one(answers) };
        Ok((came, done))
    }
}

impl Came {
    /// The answer to a single request.
    fn one(mut answers: Vec<Result<Answer, String>>) -> Self {
        match answers.pop() {
            Some(Ok(answer)) => Self::Answer(answer),
            Some(Err(error)) => Self::NoAnswer(error),
            None => Self::Said(Said::Nothing),
        }
    }
}

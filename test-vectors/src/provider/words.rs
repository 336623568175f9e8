//! Expectations and what came, in words. Secrets are taken out afterwards.

use super::answer::{Answer, Said};
use super::judge::Came;
use crate::sequence::{Endpoint, Outcome, What};

/// An expectation; its values filled in.
pub(super) fn expectation(what: What<'_>, expected: &str) -> String {
    let among = |list: &[String]| list.join(" or ");
    match what {
        What::Outcome(Outcome::Granted) => "granted".to_owned(),
        What::Outcome(Outcome::Refused) => "refused".to_owned(),
        What::Granted(count) => format!("{count} granted"),
        What::Status(list) => {
            let list: Vec<_> = list.iter().map(u16::to_string).collect();
            format!("status {}", among(&list))
        }
        What::ContentType(name) => format!("the media type {name}"),
        What::Parameter(name, value) => format!("{name}={value}, once"),
        What::Problem(list) => format!("oauth_problem {}", among(list)),
        What::Challenge(scheme) => format!("a WWW-Authenticate field for {scheme}"),
        What::Redirect(_) => format!("a redirect to {expected}, parameters appended"),
        What::NoRedirectTo(_) => format!("no redirect to {expected}"),
        What::RedirectParameter(name, _) => format!("{name}={expected} in the redirect, once"),
        What::DifferentFrom(name) => format!("others than those of {name:?}"),
    }
}

/// What came of a step.
pub(super) fn came(came: &Came, endpoint: Endpoint) -> String {
    match came {
        Came::Answer(answer) => of_answer(answer, endpoint),
        Came::NoAnswer(error) => error.clone(),
        Came::Answers(answers) => of_answers(answers, endpoint),
        Came::Said(said) => of_said(said),
    }
}

fn of_answer(answer: &Answer, endpoint: Endpoint) -> String {
    let status = answer.status;
    let granted = if answer.is_granted(endpoint) { "granted" } else { "refused" };
    let media_type = answer.media_type().unwrap_or_else(|| "no media type".to_owned());
    let problem = answer.problem().map(|problem| format!(", oauth_problem {problem}"));
    let body = answer.body.expose();
    format!("{granted}: status {status}{}, {media_type}: {body}", problem.unwrap_or_default())
}

fn of_answers(answers: &[Result<Answer, String>], endpoint: Endpoint) -> String {
    let (mut kinds, mut granted): (Vec<(String, usize)>, usize) = (Vec::new(), 0);
    for answer in answers {
        let kind = match answer {
            Err(error) => error.clone(),
            Ok(answer) => {
                granted += usize::from(answer.is_granted(endpoint));
                let problem = answer.problem().map(|problem| format!(" {problem}"));
                format!("status {}{}", answer.status, problem.unwrap_or_default())
            }
        };
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((kind, 1)),
        }
    }
    let kinds: Vec<_> = kinds.iter().map(|(kind, count)| format!("{count} × {kind}")).collect();
    format!("{granted} of {} granted: {}", answers.len(), kinds.join(", "))
}

fn of_said(said: &Said) -> String {
    match said {
        Said::Redirect(uri) => format!("a redirect to {uri}"),
        Said::Code(_) => "a verification code".to_owned(),
        Said::Nothing => "neither a redirect nor a verification code".to_owned(),
    }
}

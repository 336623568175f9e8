//! Whether what came is what was expected, and both in words.

use super::answer::{Answer, Issued, Said, only};
use super::values::{Memory, fill};
use super::{Settings, words};
use crate::sequence::{Endpoint, Outcome, What};

/// What came of a step.
pub(super) enum Came {
    /// An answer.
    Answer(Answer),
    /// None.
    NoAnswer(String),
    /// Those to several requests.
    Answers(Vec<Result<Answer, String>>),
    /// What the resource owner's command printed.
    Said(Said),
}

/// An expectation and what came, in words.
pub(super) struct Judged {
    pub(super) expected: String,
    pub(super) came: String,
    pub(super) held: bool,
}

/// Looks at one thing.
pub(super) fn judge(
    what: What<'_>,
    endpoint: Endpoint,
    came: &Came,
    settings: &Settings,
    memory: &Memory,
) -> Judged {
    let filled = |value: &str| fill(value, settings, memory).unwrap_or_default();
    let expected = match what {
        What::Redirect(uri) | What::NoRedirectTo(uri) => Some(filled(uri)),
        What::RedirectParameter(_, value) => Some(filled(value)),
        _ => None,
    };
    let expected = expected.as_deref().unwrap_or_default();
    let held = match came {
        Came::Answer(answer) => answer_is(what, endpoint, answer, memory),
        Came::NoAnswer(_) => false,
        Came::Answers(answers) => answers_are(what, endpoint, answers),
        Came::Said(said) => said_is(what, said, expected, memory),
    };
    Judged { expected: words::expectation(what, expected), came: words::came(came, endpoint), held }
}

fn answer_is(what: What<'_>, endpoint: Endpoint, answer: &Answer, memory: &Memory) -> bool {
    match what {
        What::Outcome(outcome) => answer.is_granted(endpoint) == (outcome == Outcome::Granted),
        What::Status(among) => among.contains(&answer.status),
        What::ContentType(name) => answer.media_type().as_deref() == Some(name),
        What::Parameter(name, value) => answer.parameter(name).as_deref() == Some(value),
        What::Problem(among) => answer.problem().is_some_and(|problem| among.contains(&problem)),
        What::Challenge(scheme) => answer.challenges(scheme),
        What::DifferentFrom(name) => {
            let differ = |a: &Issued, b: &Issued| {
                a.identifier != b.identifier && a.secret.expose() != b.secret.expose()
            };
            let other = memory.issued(name).ok();
            answer.credentials().zip(other).is_some_and(|(own, other)| differ(&own, other))
        }
        What::Granted(_)
        | What::Redirect(_)
        | What::NoRedirectTo(_)
        | What::RedirectParameter(..) => false,
    }
}

/// Of several: the outcome of each, the number of those granted, or what the others said.
fn answers_are(what: What<'_>, at: Endpoint, answers: &[Result<Answer, String>]) -> bool {
    let each = |test: &dyn Fn(&Answer) -> bool| {
        answers.iter().all(|answer| answer.as_ref().is_ok_and(test))
    };
    match what {
        What::Outcome(outcome) => {
            each(&|answer| answer.is_granted(at) == (outcome == Outcome::Granted))
        }
        What::Granted(count) => {
            let granted = answers.iter().flatten().filter(|answer| answer.is_granted(at)).count();
            granted == count
        }
        What::Status(among) => {
            each(&|answer| answer.is_granted(at) || among.contains(&answer.status))
        }
        What::Problem(among) => each(&|answer| {
            answer.is_granted(at) || answer.problem().is_some_and(|found| among.contains(&found))
        }),
        _ => false,
    }
}

fn said_is(what: What<'_>, said: &Said, expected: &str, memory: &Memory) -> bool {
    match what {
        What::Outcome(outcome) => said.verifier().is_some() == (outcome == Outcome::Granted),
        What::Redirect(_) => matches!(said, Said::Redirect(uri) if appended(uri, expected)),
        What::NoRedirectTo(_) => !matches!(said, Said::Redirect(uri) if uri.starts_with(expected)),
        What::RedirectParameter(name, _) => said.parameter(name).as_deref() == Some(expected),
        What::DifferentFrom(name) => {
            let other = memory.verifier(name).ok();
            said.verifier().zip(other).is_some_and(|(own, other)| own != other.expose())
        }
        _ => false,
    }
}

/// Whether the URI is the callback with parameters appended to its query, and each of those of
/// section 2.2 once at most.
fn appended(uri: &str, callback: &str) -> bool {
    let Some(rest) = uri.strip_prefix(callback) else { return false };
    let added = if callback.ends_with(['?', '&']) {
        rest
    } else if rest.is_empty() {
        ""
    } else if let Some(added) = rest.strip_prefix(if callback.contains('?') { '&' } else { '?' }) {
        added
    } else {
        return false;
    };
    let once = |name: &str| !added.contains(name) || only(added.as_bytes(), name).is_some();
    once("oauth_token") && once("oauth_verifier")
}

#[cfg(test)]
mod tests {
    use oauth1_core::{ClientCredentials, SharedSecret};

    use super::*;
    use crate::provider::values::Done;

    fn held(what: What<'_>, endpoint: Endpoint, came: &Came) -> bool {
        let client = ClientCredentials::new("key", "secret");
        let settings = Settings::new("http://a", "http://b/cb?x=1", client);
        let mut memory = Memory::default();
        let issued = Issued { identifier: "t".into(), secret: SharedSecret::new("s") };
        let verifier = Some(SharedSecret::new("v"));
        memory.keep("earlier", Done { request: None, issued: Some(issued), verifier });
        judge(what, endpoint, came, &settings, &memory).held
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            content_type: Some("Application/X-WWW-Form-URLEncoded; charset=utf-8".to_owned()),
            challenges: vec![r#"OAuth realm="a", oauth_problem="nonce_used""#.to_owned()],
            body: SharedSecret::new(body),
        }
    }

    const ISSUED: &str = "oauth_token=u&oauth_token_secret=w&oauth_callback_confirmed=true";

    /// Each thing that is looked at, once as expected and once not.
    #[test]
    fn answers_are_judged() {
        use Endpoint::{Initiate, Resource};
        use Outcome::{Granted, Refused};
        let one = |status, body: &str| Came::Answer(answer(status, body));
        let among = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let (used, other) = (among(&["token_used", "nonce_used"]), among(&["token_used"]));
        for (what, at, came, expected) in [
            (What::Outcome(Granted), Initiate, one(200, ISSUED), true),
            (What::Outcome(Granted), Initiate, one(200, "oauth_token=u"), false),
            (
                What::Outcome(Granted),
                Initiate,
                one(200, "oauth_token=u&oauth_token_secret="),
                false,
            ),
            (What::Outcome(Refused), Initiate, one(400, ISSUED), false),
            (What::Outcome(Refused), Initiate, one(200, "sorry"), true),
            (What::Outcome(Granted), Resource, one(204, ""), true),
            (What::Outcome(Refused), Resource, one(302, ""), true),
            (What::Outcome(Refused), Resource, one(200, ""), false),
            (What::Outcome(Refused), Resource, Came::NoAnswer("x".into()), false),
            (What::Status(&[400, 401]), Initiate, one(401, ""), true),
            (What::Status(&[400, 401]), Initiate, one(403, ""), false),
            (What::ContentType("application/x-www-form-urlencoded"), Initiate, one(200, ""), true),
            (What::ContentType("text/html"), Initiate, one(200, ""), false),
            (What::Parameter("oauth_token", "u"), Initiate, one(200, ISSUED), true),
            (What::Parameter("oauth_token", "U"), Initiate, one(200, ISSUED), false),
            (What::Parameter("a", "1"), Initiate, one(200, "a=1&a=1"), false),
            (What::Problem(&used), Initiate, one(401, ""), true),
            (What::Problem(&other), Initiate, one(401, ""), false),
            (What::Challenge("oauth"), Initiate, one(401, ""), true),
            (What::Challenge("Basic"), Initiate, one(401, ""), false),
            (What::DifferentFrom("earlier"), Initiate, one(200, ISSUED), true),
            (
                What::DifferentFrom("earlier"),
                Initiate,
                one(200, "oauth_token=u&oauth_token_secret=s"),
                false,
            ),
            (What::DifferentFrom("earlier"), Initiate, one(401, ""), false),
        ] {
            assert_eq!(held(what, at, &came), expected, "{what:?}");
        }
    }

    #[test]
    fn several_answers_are_judged() {
        let token = Endpoint::Token;
        let all = |statuses: &[u16]| {
            let one = |status: &u16| Ok(answer(*status, if *status == 200 { ISSUED } else { "" }));
            Came::Answers(statuses.iter().map(one).collect())
        };
        let lost = Came::Answers(vec![Ok(answer(401, "")), Err("no answer".to_owned())]);
        for (what, came, expected) in [
            (What::Granted(1), all(&[401, 200, 401]), true),
            (What::Granted(1), all(&[200, 200]), false),
            (What::Granted(1), all(&[401]), false),
            (What::Status(&[401]), all(&[401, 200]), true),
            (What::Status(&[401]), all(&[400, 200]), false),
            (What::Outcome(Outcome::Refused), all(&[401, 400]), true),
            (What::Outcome(Outcome::Refused), all(&[401, 200]), false),
            (What::Outcome(Outcome::Refused), lost, false),
        ] {
            assert_eq!(held(what, token, &came), expected, "{what:?}");
        }
    }

    #[test]
    fn decisions_are_judged() {
        let to = |uri: &str| Came::Said(Said::Redirect(uri.to_owned()));
        let code = |code: &str| Came::Said(Said::Code(code.to_owned()));
        let right = "http://b/cb?x=1&oauth_token=t&oauth_verifier=w";
        for (what, came, expected) in [
            (What::Outcome(Outcome::Granted), to(right), true),
            (What::Outcome(Outcome::Granted), code("1234"), true),
            (What::Outcome(Outcome::Granted), to("http://b/cb?oauth_problem=p"), false),
            (What::Outcome(Outcome::Refused), Came::Said(Said::Nothing), true),
            (What::Redirect("{callback}"), to(right), true),
            (What::Redirect("{callback}"), to("http://b/cb?oauth_token=t&x=1"), false),
            (What::Redirect("{callback}"), code("1234"), false),
            (What::Redirect("{callback:bare}"), to(right), true),
            (What::NoRedirectTo("{callback:host}"), to(right), true),
            (What::NoRedirectTo("{callback:host}"), to("http://attacker.invalid/cb?x=1&a"), false),
            (What::RedirectParameter("oauth_token", "{token:earlier}"), to(right), true),
            (What::RedirectParameter("oauth_token", "{token:earlier}"), to("http://b/"), false),
            (What::DifferentFrom("earlier"), to(right), true),
            (What::DifferentFrom("earlier"), code("v"), false),
        ] {
            assert_eq!(held(what, Endpoint::Authorize, &came), expected, "{what:?}");
        }
    }

    #[test]
    fn parameters_come_after_the_callback() {
        for (uri, callback, fits) in [
            ("http://a/cb?oauth_token=t&oauth_verifier=v", "http://a/cb", true),
            ("http://a/cb?x=1&oauth_token=t&oauth_verifier=v", "http://a/cb?x=1", true),
            ("http://a/cb?oauth_token=t", "http://a/cb?", true),
            ("http://a/cb", "http://a/cb", true),
            ("http://a/cb?oauth_token=t&x=1", "http://a/cb?x=1", false),
            ("http://a/cb?x=1?oauth_token=t", "http://a/cb?x=1", false),
            ("http://a/cbb?oauth_token=t", "http://a/cb", false),
            ("http://b/cb?oauth_token=t", "http://a/cb", false),
            ("http://a/cb?oauth_verifier=v&oauth_verifier=w", "http://a/cb", false),
        ] {
            assert_eq!(appended(uri, callback), fits, "{uri}");
        }
    }
}

//! What is wrong with a file of sequences, beyond fields and their types.

use super::{
    Case, Client, Decision, Endpoint, Expectation, File, KIND, Need, Outcome, Piece, Place,
    Signing, Step, Transmission, What, pieces,
};

/// The cases of a file, each with its clauses filled in.
pub(super) fn file(file: File) -> Result<Vec<Case>, String> {
    if (file.format_version, file.kind.as_str()) != (1, KIND) {
        return Err(format!("format_version 1 and kind {KIND:?} are what this program reads"));
    }
    if file.number_of_cases != file.cases.len() {
        return Err(format!("number_of_cases is wrong: there are {} cases", file.cases.len()));
    }
    if file.clause.is_empty() || !file.notes.is_empty() {
        return Err("\"clause\" is empty, or \"notes\" explain flags, which no case has".into());
    }
    for (name, source) in &file.sources {
        let missing = ["title", "reference", "licence"].iter().find(|f| !source.contains_key(**f));
        if let Some(field) = missing {
            return Err(format!("the source {name:?} has no {field:?}"));
        }
        if !file.cases.iter().any(|case| case.source == *name) {
            return Err(format!("\"sources\" describes {name:?}, which no case uses"));
        }
    }
    let mut cases = file.cases;
    for case in &mut cases {
        if !file.sources.contains_key(&case.source) {
            return Err(format!("{}: the source {:?} is not described", case.id, case.source));
        }
        case_of(case).map_err(|error| format!("{}: {error}", case.id))?;
        fill(&mut case.clause, &file.clause);
        for expectation in case.steps.iter_mut().flat_map(|step| &mut step.expect) {
            fill(&mut expectation.clause, &case.clause);
        }
    }
    Ok(cases)
}

fn fill(clause: &mut String, with: &str) {
    if clause.is_empty() {
        with.clone_into(clause);
    }
}

fn case_of(case: &Case) -> Result<(), String> {
    if case.kind != KIND {
        return Err(format!("the kind is {:?} in a file of kind {KIND:?}", case.kind));
    }
    if case.provenance.is_empty() || case.comment.is_empty() || case.steps.is_empty() {
        return Err("\"provenance\", \"comment\" or \"steps\" is empty".into());
    }
    let second = case.steps.iter().any(|step| step.client == Some(Client::Second));
    if second != case.needs.contains(&Need::SecondClient) {
        return Err("\"needs\" says \"second-client\" exactly if a step has one".into());
    }
    for (at, step) in case.steps.iter().enumerate() {
        step_of(step, &case.steps[..at]).map_err(|error| format!("step {}: {error}", at + 1))?;
    }
    Ok(())
}

fn step_of(step: &Step, earlier: &[Step]) -> Result<(), String> {
    if step.name.is_some() && earlier.iter().any(|other| other.name == step.name) {
        return Err("another step has that name".into());
    }
    form(step)?;
    let named = |name: &str| earlier.iter().find(|step| step.name.as_deref() == Some(name));
    let of = |name: &str, fits: fn(&Step) -> bool, what: &str| match named(name) {
        Some(step) if fits(step) => Ok(()),
        _ => Err(format!("no earlier step called {name:?} {what}")),
    };
    let credentials = |name: &str| of(name, gives_credentials, "gives credentials");
    let request = |name: &str| of(name, |step| step.owner.is_none(), "is a request");
    if let Some(name) = &step.repeat {
        request(name)?;
        if named(name).is_some_and(|other| other.endpoint != step.endpoint) {
            return Err(format!("{name:?} went to another endpoint"));
        }
    }
    step.credentials.as_deref().map_or(Ok(()), credentials)?;
    let redirects = step.expect.iter().filter_map(|expectation| match expectation.what() {
        Some(What::Redirect(uri) | What::NoRedirectTo(uri)) => Some(uri),
        Some(What::RedirectParameter(_, value)) => Some(value),
        _ => None,
    });
    let values = step.set.iter().chain(&step.add).chain(&step.query);
    for value in values.map(|(_, value)| value.as_str()).chain(redirects) {
        for piece in pieces(value)? {
            match piece {
                Piece::Place(Place::Verifier(name) | Place::WrongVerifier(name)) => {
                    of(&name, gives_verifier, "gives a verification code")?;
                }
                Piece::Place(Place::Token(name) | Place::WrongToken(name)) => credentials(&name)?,
                Piece::Place(Place::Nonce(name) | Place::Timestamp(name)) => request(&name)?,
                Piece::Place(_) | Piece::Literal(_) => {}
            }
        }
    }
    for expectation in &step.expect {
        expected(step, expectation)?;
        if let Some(What::DifferentFrom(name)) = expectation.what() {
            named(name).ok_or_else(|| format!("no earlier step is called {name:?}"))?;
        }
    }
    Ok(())
}

/// Each of the three kinds of step has the fields that mean something for it.
fn form(step: &Step) -> Result<(), String> {
    let several = [step.times, step.parallel, step.copies];
    let several: Vec<_> = several.into_iter().flatten().collect();
    if several.len() > 1 || several.iter().any(|count| !(2..=64).contains(count)) {
        return Err("one of \"times\", \"parallel\" and \"copies\", from 2 to 64".into());
    }
    let plain = step.method.is_none()
        && step.transmission == Transmission::Header
        && step.signing == Signing::Right
        && [&step.set, &step.add].iter().all(|pairs| pairs.is_empty())
        && step.omit.is_empty();
    let authorize = step.endpoint == Endpoint::Authorize;
    let fits = match (&step.repeat, step.owner) {
        (None, None) => step.client.is_some() && !authorize,
        (None, Some(_)) => authorize && plain && step.client.is_none() && several.is_empty(),
        (Some(_), None) => {
            plain
                && step.client.is_none()
                && step.credentials.is_none()
                && step.query.is_empty()
                && step.times.is_none()
                && step.parallel.is_none()
        }
        (Some(_), Some(_)) => false,
    };
    if !fits {
        return Err("a step is a request of a \"client\", a \"repeat\", or at \"authorize\" a \
                    decision of the \"owner\"; and has the fields of one of them"
            .into());
    }
    if step.expect.is_empty() {
        return Err("nothing is expected".into());
    }
    let outcome = |expectation: &Expectation| matches!(expectation.what(), Some(What::Outcome(_)));
    if step.expect[1..].iter().any(outcome) {
        return Err("the outcome is expected first".into());
    }
    Ok(())
}

fn expected(step: &Step, expectation: &Expectation) -> Result<(), String> {
    let what = expectation.what().ok_or("an expectation looks at exactly one thing")?;
    let several = step.count() > 1;
    let owner = step.owner.is_some();
    let fits = match what {
        What::Outcome(_) => true,
        What::Granted(count) => several && count <= step.count(),
        What::Status(_) | What::Problem(_) => !owner,
        What::ContentType(_) | What::Parameter(..) | What::Challenge(_) => !owner && !several,
        What::Redirect(_) | What::NoRedirectTo(_) | What::RedirectParameter(..) => owner,
        What::DifferentFrom(_) => !several,
    };
    if fits { Ok(()) } else { Err(format!("{what:?} cannot be expected here")) }
}

fn gives_credentials(step: &Step) -> bool {
    matches!(step.endpoint, Endpoint::Initiate | Endpoint::Token) && is_granted(step)
}

fn gives_verifier(step: &Step) -> bool {
    step.owner == Some(Decision::Approve) && is_granted(step)
}

/// Whether it is expected to give something: what later steps take must be looked at.
fn is_granted(step: &Step) -> bool {
    step.expect.iter().any(|expectation| {
        matches!(expectation.what(), Some(What::Outcome(Outcome::Granted) | What::Granted(1..)))
    })
}

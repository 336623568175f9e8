//! Values of a sequence that are known only when it runs: `{callback}`, `{now-300}`,
//! `{verifier:NAME}`.

/// A piece of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Literal(String),
    /// To be filled in.
    Place(Place),
}

/// What is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The callback of the first client, or something near it.
    Callback(Option<Variant>),
    /// The callback of the second client.
    SecondCallback,
    /// The time now in seconds, and so many more.
    Now(i64),
    /// The verification code of that step.
    Verifier(String),
    /// The same, with another character at its end.
    WrongVerifier(String),
    /// The identifier of the credentials of that step.
    Token(String),
    /// The same, with another character at its end.
    WrongToken(String),
    /// The nonce of that request.
    Nonce(String),
    /// The timestamp of that request.
    Timestamp(String),
}

/// How a callback differs from the one that is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Without its query.
    Bare,
    /// Another scheme.
    Scheme,
    /// Another host.
    Host,
    /// Another port.
    Port,
    /// A longer path.
    Path,
    /// One more parameter in the query.
    Query,
    /// A fragment.
    Fragment,
    /// The registered authority as user information before another host.
    UserInformation,
    /// The registered host as the beginning of a longer one.
    Subdomain,
}

impl Variant {
    const ALL: [(&str, Self); 9] = [
        ("bare", Self::Bare),
        ("scheme", Self::Scheme),
        ("host", Self::Host),
        ("port", Self::Port),
        ("path", Self::Path),
        ("query", Self::Query),
        ("fragment", Self::Fragment),
        ("userinfo", Self::UserInformation),
        ("subdomain", Self::Subdomain),
    ];
}

/// Takes a value apart.
///
/// # Errors
/// A brace that is not closed, or a name in braces that is unknown.
pub fn pieces(value: &str) -> Result<Vec<Piece>, String> {
    let mut found = Vec::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, left) = after.split_once('}').ok_or_else(|| format!("no }} in {value:?}"))?;
        if !before.is_empty() {
            found.push(Piece::Literal(before.to_owned()));
        }
        let place = place(name).ok_or_else(|| format!("nothing is called {{{name}}}"))?;
        found.push(Piece::Place(place));
        rest = left;
    }
    if rest.contains('}') {
        return Err(format!("no {{ before }} in {value:?}"));
    }
    if !rest.is_empty() {
        found.push(Piece::Literal(rest.to_owned()));
    }
    Ok(found)
}

fn place(text: &str) -> Option<Place> {
    if let Some(seconds) = text.strip_prefix("now") {
        let zero = seconds.is_empty().then_some(0);
        return zero.or_else(|| seconds.parse().ok()).map(Place::Now);
    }
    let Some((name, of)) = text.split_once(':') else {
        return match text {
            "callback" => Some(Place::Callback(None)),
            "second-callback" => Some(Place::SecondCallback),
            _ => None,
        };
    };
    let of = of.to_owned();
    Some(match name {
        "callback" => {
            let (_, variant) = Variant::ALL.into_iter().find(|(name, _)| *name == of)?;
            Place::Callback(Some(variant))
        }
        "verifier" => Place::Verifier(of),
        "wrong-verifier" => Place::WrongVerifier(of),
        "token" => Place::Token(of),
        "wrong-token" => Place::WrongToken(of),
        "nonce" => Place::Nonce(of),
        "timestamp" => Place::Timestamp(of),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_apart() {
        let literal = |text: &str| Piece::Literal(text.to_owned());
        assert_eq!(pieces("oob").unwrap(), [literal("oob")]);
        assert_eq!(pieces("").unwrap(), []);
        assert_eq!(
            pieces("a{now-300}b{callback:port}").unwrap(),
            [
                literal("a"),
                Piece::Place(Place::Now(-300)),
                literal("b"),
                Piece::Place(Place::Callback(Some(Variant::Port))),
            ]
        );
        for wrong in ["{", "}", "{a", "a}", "{}", "{callback:x}", "{now*2}", "{verifier}"] {
            assert!(pieces(wrong).is_err(), "{wrong}");
        }
    }
}

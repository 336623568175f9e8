//! Where an application gets people back (RFC 5849 section 2.1): the callbacks of its key. What is
//! registered here is what a request may name, octet by octet, so nothing is left to interpret then.

use url::{Url, form_urlencoded};

use super::InvalidField;

/// What is said instead of a callback by applications that cannot be called back; case sensitive.
pub(crate) const OUT_OF_BAND: &str = "oob";

/// Whether a key has this very callback. `registered` is what the database keeps, between spaces.
#[cfg(any(test, feature = "server"))]
pub(crate) fn is_registered(registered: &str, callback: &str) -> bool {
    !callback.is_empty() && registered.split(' ').any(|one| one == callback)
}

/// The callbacks of a key: URIs in the one form that they are compared in, and `oob`.
pub(super) fn check(callbacks: &[String]) -> Result<(), InvalidField> {
    let error = |problem| Err(InvalidField::new("callbacks", problem));
    if callbacks.len() > MOST {
        return error(format!("{} are too many; {MOST} are allowed", callbacks.len()));
    }
    for (n, callback) in callbacks.iter().enumerate() {
        if let Err(problem) = check_one(callback) {
            return error(problem);
        }
        if callbacks[..n].contains(callback) {
            return error(format!("{callback:?} is there twice; name it once"));
        }
    }
    Ok(())
}

fn check_one(callback: &str) -> Result<(), String> {
    if callback == OUT_OF_BAND {
        return Ok(());
    }
    if callback.eq_ignore_ascii_case(OUT_OF_BAND) {
        return Err(format!("write {OUT_OF_BAND} in lower case"));
    }
    if callback.len() > LONGEST {
        let length = callback.len();
        return Err(format!("a callback has {length} octets; {LONGEST} are allowed"));
    }
    if let Some(c) = callback.chars().find(|c| !c.is_ascii_graphic() || "\"\\<>".contains(*c)) {
        return Err(format!(
            "{c:?} cannot stand in a callback; percent-encode it, or take the xn-- form of a host"
        ));
    }
    let (scheme, rest) = callback.split_once(':').ok_or_else(|| not_absolute(callback))?;
    let is_web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    // Browsers find the host of the web's URLs behind any number of slashes.
    let authority =
        if is_web { rest.trim_start_matches('/') } else { rest.strip_prefix("//").unwrap_or("") };
    // Before anything is repeated: a password may be in it.
    if authority.split(['/', '?', '#']).next().is_some_and(|host| host.contains('@')) {
        let problem = "a callback has no user name and no password; leave out what is before @";
        return Err(problem.to_owned());
    }
    check_scheme(callback, scheme, is_web)?;
    if callback.contains('#') {
        return Err(format!("{callback:?} has a fragment; leave out # and what follows"));
    }
    let url = Url::parse(callback).map_err(|error| format!("{callback:?} is no URI: {error}"))?;
    if url.as_str() != callback {
        return Err(format!("{callback:?} is not in its normal form; write {url}"));
    }
    let query = form_urlencoded::parse(url.query().unwrap_or_default().as_bytes());
    if let Some((name, _)) = query.into_iter().find(|(name, _)| name.starts_with("oauth_")) {
        return Err(format!(
            "{callback:?} has the parameter {name:?}; names that begin with oauth_ are for what \
             the server adds"
        ));
    }
    Ok(())
}

/// http, https, or a scheme that is made of a domain name of the application. The others are what
/// browsers run or open themselves: javascript, data, file, blob, about.
fn check_scheme(callback: &str, scheme: &str, is_web: bool) -> Result<(), String> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
    if !scheme.bytes().next().is_some_and(|b| b.is_ascii_alphabetic()) || !scheme.bytes().all(legal)
    {
        return Err(not_absolute(callback));
    }
    if !is_web && !scheme.contains('.') {
        return Err(format!(
            "the scheme of {callback:?} is neither http nor https, nor one of the application's \
             own with a dot in it, such as com.example.app (RFC 8252 section 7.1)"
        ));
    }
    Ok(())
}

fn not_absolute(callback: &str) -> String {
    format!(
        "{callback:?} must be an absolute URI, such as https://app.example.com/callback, or \
         {OUT_OF_BAND} to show a code instead"
    )
}

const MOST: usize = 10;
/// Octets.
const LONGEST: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(callback: &str) -> String {
        check(&[callback.to_owned()]).unwrap_err().problem
    }

    #[test]
    fn callbacks_that_can_be_registered() {
        for good in [
            "oob",
            "https://app.example.com/",
            "https://app.example.com/callback?x=1&next=%2Fhome",
            "https://app.example.com:8443/a%20b",
            "https://xn--bcher-kva.example/zur%C3%BCck",
            "http://127.0.0.1:8080/cb",
            "http://[::1]:8080/cb",
            "com.example.app:/back",
            "com.example.app://back/here?x=1",
            "com.example.app:/a@b",
            &format!("https://app.example.com/{}", "x".repeat(2048 - 24)),
        ] {
            assert_eq!(check(&[good.to_owned()]), Ok(()), "{good}");
        }
        assert_eq!(check(&[]), Ok(()));
    }

    #[test]
    fn callbacks_that_cannot_say_what_to_do() {
        for (bad, what) in [
            ("", "absolute URI"),
            ("OOB", "lower case"),
            ("/callback", "absolute URI"),
            ("//app.example.com/cb", "absolute URI"),
            ("app.example.com", "absolute URI"),
            ("1http://app.example.com/", "absolute URI"),
            ("https://", "is no URI"),
            ("https://app.example.com:99999/", "is no URI"),
            ("https://app.example.com/cb#top", "fragment"),
            ("https://app.example.com/cb#", "fragment"),
            ("https://ada:pass@app.example.com/", "no user name"),
            ("https://@app.example.com/", "no user name"),
            ("https:/ada:pass@app.example.com/", "no user name"),
            ("com.example.app://ada:pass@back", "no user name"),
            ("https://app.example.com/a b", "percent-encode"),
            ("https://app.example.com/a\r\nX: y", "percent-encode"),
            ("https://app.example.com/\u{0}", "percent-encode"),
            ("https://bücher.example/", "xn--"),
            ("https://app.example.com\\cb", "percent-encode"),
            ("https://app.example.com/<b>", "percent-encode"),
            ("https://app.example.com/\"", "percent-encode"),
            ("https://app.example.com", "write https://app.example.com/"),
            ("HTTPS://App.Example.com/cb", "write https://app.example.com/cb"),
            ("https:app.example.com/cb", "write https://app.example.com/cb"),
            ("https://app.example.com:443/cb", "write https://app.example.com/cb"),
            ("http://app.example.com:80/", "write http://app.example.com/"),
            ("https://app.example.com/a/../cb", "write https://app.example.com/cb"),
            ("https://app.example.com/a/%2e%2E/cb", "write https://app.example.com/cb"),
            ("http://0x7f.1/", "write http://127.0.0.1/"),
            ("com.example.app:/a/./b", "write com.example.app:/a/b"),
            ("Com.Example.App:/back", "write com.example.app:/back"),
            ("javascript:alert(1)", "RFC 8252"),
            ("JavaScript://app.example.com/%0aalert(1)", "RFC 8252"),
            ("data:text/html,x", "RFC 8252"),
            ("vbscript:x", "RFC 8252"),
            ("file:///etc/passwd", "RFC 8252"),
            ("blob:https://app.example.com/x", "RFC 8252"),
            ("about:blank", "RFC 8252"),
            ("myapp://callback", "RFC 8252"),
            ("localhost:8080/cb", "RFC 8252"),
            ("https://app.example.com/?a=1&oauth_token=x", "oauth_token"),
            ("https://app.example.com/?oauth%5Fverifier", "oauth_verifier"),
            (&format!("https://app.example.com/{}", "x".repeat(2048)), "2048 are allowed"),
        ] {
            let problem = refusal(bad);
            assert!(problem.contains(what), "{bad}: {problem}");
            assert!(!problem.contains("pass@"), "{problem}");
        }
    }

    #[test]
    fn ten_and_each_once() {
        let mut callbacks: Vec<_> = (0..10).map(|n| format!("https://a.example/{n}")).collect();
        assert_eq!(check(&callbacks), Ok(()));
        callbacks[9] = callbacks[0].clone();
        assert!(check(&callbacks).unwrap_err().problem.contains("twice"));
        callbacks.push("oob".into());
        assert!(check(&callbacks).unwrap_err().problem.contains("10 are allowed"));
    }

    /// A browser may take many of these for what is registered, or its host for the same.
    #[test]
    fn only_the_same_octets_are_registered() {
        let registered = "https://app.example.com/cb?x=1 oob com.example.app:/back";
        for callback in ["https://app.example.com/cb?x=1", "oob", "com.example.app:/back"] {
            assert!(is_registered(registered, callback), "{callback}");
        }
        for hostile in [
            "",
            " ",
            registered,
            "oob ",
            "OOB",
            "http://app.example.com/cb?x=1",
            "HTTPS://app.example.com/cb?x=1",
            "https:app.example.com/cb?x=1",
            "https:/app.example.com/cb?x=1",
            "https:///app.example.com/cb?x=1",
            "//app.example.com/cb?x=1",
            "/cb?x=1",
            "https://APP.example.com/cb?x=1",
            "https://app.example.com./cb?x=1",
            "https://app.example.com.evil.example/cb?x=1",
            "https://evil.example/app.example.com/cb?x=1",
            "https://xapp.example.com/cb?x=1",
            "https://app.example.co/cb?x=1",
            "https://app.example.com@evil.example/cb?x=1",
            "https://ada@app.example.com/cb?x=1",
            "https://ada:pass@app.example.com/cb?x=1",
            "https://evil.example\\@app.example.com/cb?x=1",
            "https://app.example.com\\cb?x=1",
            "https://аpp.example.com/cb?x=1",
            "https://xn--pp-7kc.example.com/cb?x=1",
            "https://app.example.com:443/cb?x=1",
            "https://app.example.com:8443/cb?x=1",
            "https://app.example.com/cb",
            "https://app.example.com/cb/?x=1",
            "https://app.example.com/cb/x?x=1",
            "https://app.example.com/cbx?x=1",
            "https://app.example.com/CB?x=1",
            "https://app.example.com//cb?x=1",
            "https://app.example.com/./cb?x=1",
            "https://app.example.com/a/../cb?x=1",
            "https://app.example.com/%63b?x=1",
            "https://app.example.com/cb?x=1&y=2",
            "https://app.example.com/cb?x=2",
            "https://app.example.com/cb?x=%31",
            "https://app.example.com/cb?x=1#",
            "https://app.example.com/cb?x=1#top",
            "https://app.example.com/cb?x=1\r\nSet-Cookie: a=b",
            "https://app.example.com/cb?x=1%0d%0aSet-Cookie:%20a=b",
            "\thttps://app.example.com/cb?x=1",
            "https://app.example.com/cb?x=1\u{0}",
            "javascript:alert(1)//https://app.example.com/cb?x=1",
            "data:text/html,https://app.example.com/cb?x=1",
            "com.example.app:/back/",
            "com.example.app://back",
        ] {
            assert!(!is_registered(registered, hostile), "{hostile:?}");
        }
        assert!(!is_registered("", ""));
        assert!(!is_registered("", "oob"));
    }
}

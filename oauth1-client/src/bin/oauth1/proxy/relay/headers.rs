//! Headers that belong to one connection, and addresses that belong to one side of the proxy.

use http::{
    HeaderMap, HeaderValue,
    header::{
        CONNECTION, CONTENT_LENGTH, HeaderName, LOCATION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION,
        TE, TRAILER, TRANSFER_ENCODING, UPGRADE, VIA,
    },
};
use url::Url;

/// Removes what is meant for the next hop only: what `Connection` names, and what RFC 9110
/// sections 7.6.1 and 11.7 list.
pub(super) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in &named {
        headers.remove(name);
    }
    // Beside Transfer-Encoding, a length is no length (RFC 9112 section 6.3).
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Says that the message went through here (RFC 9110 section 7.6.3).
pub(super) fn add_via(headers: &mut HeaderMap) {
    headers.append(VIA, HeaderValue::from_static("1.1 oauth1"));
}

/// A `Location` below the upstream's base becomes one at the proxy, so that whoever follows it is
/// signed for again. Others stay as they are.
pub(super) fn rewrite_location(headers: &mut HeaderMap, asked: &Url, base: &str, own: &str) {
    let Some(location) = headers.get(LOCATION).and_then(|value| value.to_str().ok()) else {
        return;
    };
    let Ok(target) = asked.join(location) else { return };
    let Some(rest) = target.as_str().strip_prefix(base) else { return };
    // The base "/v1" is not above "/v10".
    if !rest.is_empty() && !rest.starts_with(['/', '?', '#']) {
        return;
    }
    let slash = if rest.starts_with('/') { "" } else { "/" };
    if let Ok(value) = HeaderValue::try_from(format!("http://{own}{slash}{rest}")) {
        headers.insert(LOCATION, value);
    }
}

const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("keep-alive"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_connection_names_goes_too() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (CONNECTION, "close, X-One"),
            (CONNECTION, "x-two,no name"),
            (HeaderName::from_static("x-one"), "1"),
            (HeaderName::from_static("x-two"), "2"),
            (HeaderName::from_static("x-three"), "3"),
            (TRANSFER_ENCODING, "chunked"),
            (CONTENT_LENGTH, "7"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        strip_hop_by_hop(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-three"]);
    }

    #[test]
    fn locations_below_the_base_lead_back_to_the_proxy() {
        let rewritten = |base: &str, location: &str| {
            let asked = format!("{base}/a/b").parse().unwrap();
            let mut headers = HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]);
            rewrite_location(&mut headers, &asked, base, "localhost:1");
            headers[LOCATION].to_str().unwrap().to_owned()
        };
        for (location, expected) in [
            ("https://h/x?y=1#z", "http://localhost:1/x?y=1#z"),
            ("https://H:443/x", "http://localhost:1/x"),
            ("https://h", "http://localhost:1/"),
            ("/x", "http://localhost:1/x"),
            ("c", "http://localhost:1/a/c"),
            ("//h/x", "http://localhost:1/x"),
            ("https://other/x", "https://other/x"),
            ("https://h:444/x", "https://h:444/x"),
            ("http://h/x", "http://h/x"),
            ("https://h.evil/x", "https://h.evil/x"),
            ("https://[", "https://["),
        ] {
            assert_eq!(rewritten("https://h", location), expected, "{location}");
        }
        for (location, expected) in [
            ("/v1/x", "http://localhost:1/x"),
            ("https://h/v1", "http://localhost:1/"),
            ("https://h/v1?q", "http://localhost:1/?q"),
            ("/v10/x", "/v10/x"),
            ("/other", "/other"),
        ] {
            assert_eq!(rewritten("https://h/v1", location), expected, "{location}");
        }
    }
}

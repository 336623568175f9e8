//! Mistakes in the method and the base string URI (RFC 5849 section 3.4.1.2).

use alloc::vec::Vec;

use super::{Mistake, with, with_each};
use crate::{
    base_string_uri::Scheme,
    diagnose::{facts::Reading, recipe::Alphabet},
    parameters::Source,
    percent_encoding::decode,
};

const CLAUSE: &str = "RFC 5849 section 3.4.1.2";

pub(super) const MISTAKES: &[Mistake] = &[
    Mistake {
        id: "scheme",
        title: "signed with the other scheme: http for https, or https for http",
        explanation: "The scheme in the base string is not the one that the server goes by. A proxy that ends TLS in front of the server is the usual reason.",
        fix: "Sign the URL that the request is sent to. If the client did, tell the server its public origin.",
        clause: CLAUSE,
        made_by: &[
            "servers behind TLS proxies without a public origin",
            "ims-lti",
            "LTI Tool Provider Library PHP",
        ],
        apply: |_, recipe| {
            // A port that was the default is one no more, if it was written down.
            let ports = match recipe.port {
                Some(port) => [Some(port), Some(port)],
                None => [None, Some(recipe.scheme.default_port())],
            };
            with_each(recipe, ports, |changed, port| {
                changed.scheme = match recipe.scheme {
                    Scheme::Http => Scheme::Https,
                    Scheme::Https => Scheme::Http,
                };
                changed.port = port.filter(|port| *port != changed.scheme.default_port());
            })
        },
    },
    Mistake {
        id: "default-port-kept",
        title: "left the default port in the URI",
        explanation: "The base string has :80 of http or :443 of https, which do not belong there.",
        fix: "Leave the port out where it is the scheme's default.",
        clause: CLAUSE,
        made_by: &["oauth-1.0a (JavaScript)", "scribejava", "TDOAuth", "Net::OAuth"],
        apply: |_, recipe| match recipe.port {
            None => with(recipe, |changed| changed.port = Some(recipe.scheme.default_port())),
            Some(_) => Vec::new(),
        },
    },
    Mistake {
        id: "port-dropped",
        title: "left the port out",
        explanation: "The port is not the default of the scheme, so it belongs into the base string.",
        fix: "Keep every port but 80 for http and 443 for https.",
        clause: CLAUSE,
        made_by: &[
            "league/oauth1-client",
            "httr",
            "dghubble/oauth1 (80 and 443 with either scheme)",
        ],
        apply: |_, recipe| match recipe.port {
            Some(_) => with(recipe, |changed| changed.port = None),
            None => Vec::new(),
        },
    },
    Mistake {
        id: "other-host",
        title: "signed for another host",
        explanation: "The signature is for a name under which the server is known elsewhere: a proxy changes Host, or the client signs one name and asks another.",
        fix: "Sign for the host that the request is sent to; let the proxy pass Host on, or tell the server its public origin.",
        clause: CLAUSE,
        made_by: &["proxies that do not pass Host on", "python-oauth2", "Katello"],
        apply: |facts, recipe| {
            let hosts = facts.surroundings.hosts.iter();
            let hosts = hosts.filter(|(host, _)| *host.as_bytes() != *recipe.host);
            with_each(recipe, hosts, |changed, (host, port)| {
                changed.host = host.as_bytes().to_vec();
                changed.port = port.filter(|port| *port != recipe.scheme.default_port());
            })
        },
    },
    Mistake {
        id: "www",
        title: "signed with www. in front of the host, or without it",
        explanation: "The name in the base string is not the one that was asked.",
        fix: "Sign for the host that the request is sent to, after redirects.",
        clause: CLAUSE,
        made_by: &["sites that redirect to or from www"],
        apply: |_, recipe| {
            with(recipe, |changed| {
                changed.host = match recipe.host.strip_prefix(b"www.") {
                    Some(bare) => bare.to_vec(),
                    None => [b"www.", &*recipe.host].concat(),
                };
            })
        },
    },
    Mistake {
        id: "host-case",
        title: "did not lower the case of the host",
        explanation: "Scheme and host are lower case in the base string, however they are written in the URL.",
        fix: "Lower the case of scheme and host; leave the path as it is.",
        clause: CLAUSE,
        made_by: &["oauth-1.0a (JavaScript)", "Net::OAuth", "xurl"],
        apply: |_, recipe| with(recipe, |changed| changed.lower_host = false),
    },
    Mistake {
        id: "prefix",
        title: "signed another path: a proxy takes a prefix away, or adds one",
        explanation: "The path that the server sees is not the one that the client asked for.",
        fix: "Tell the server its public path, or let the proxy pass the path on as it is.",
        clause: CLAUSE,
        made_by: &["Traefik StripPrefix before ForwardAuth", "nginx proxy_pass with a path"],
        apply: |facts, recipe| {
            let prefixes = facts.surroundings.prefixes.iter();
            let longer = prefixes.clone().map(|prefix| [prefix.as_bytes(), &recipe.path].concat());
            let shorter = prefixes.filter_map(|prefix| {
                let rest = recipe.path.strip_prefix(prefix.as_bytes())?;
                rest.starts_with(b"/").then(|| rest.to_vec())
            });
            with_each(recipe, longer.chain(shorter), |changed, path| changed.path = path)
        },
    },
    Mistake {
        id: "trailing-slash",
        title: "signed with a slash at the end of the path, or without it",
        explanation: "The path is signed as it is sent; /a and /a/ are two paths.",
        fix: "Sign the path that is sent, also after a redirect that adds a slash.",
        clause: CLAUSE,
        made_by: &["tmhOAuth", "RestKit", "passport-http-2legged-oauth"],
        apply: |_, recipe| match &*recipe.path {
            // Another mistake.
            b"/" => Vec::new(),
            path => with(recipe, |changed| match path.ends_with(b"/") {
                true => drop(changed.path.pop()),
                false => changed.path.push(b'/'),
            }),
        },
    },
    Mistake {
        id: "query-in-uri",
        title: "left the query in the URI",
        explanation: "The query belongs among the parameters, and not into the URI of the base string.",
        fix: "Cut the URI off at the question mark; sign what follows as parameters.",
        clause: CLAUSE,
        made_by: &["oauth1-request (release builds)", "hand-written signers"],
        apply: |facts, recipe| {
            if facts.request.query().is_empty() {
                return Vec::new();
            }
            with_each(recipe, [true, false], |changed, among| {
                changed.rest = [b"?", facts.request.query()].concat();
                if !among {
                    changed.pairs.retain(|pair| pair.source != Source::Query);
                }
            })
        },
    },
    Mistake {
        id: "fragment-in-uri",
        title: "left the fragment in the URI",
        explanation: "What follows # is not sent, and not signed.",
        fix: "Cut the URI off at the number sign before it is signed.",
        clause: CLAUSE,
        made_by: &["Postman", "oauth-1.0a (JavaScript)", "reqwest-oauth1"],
        apply: |facts, recipe| match facts.surroundings.fragment {
            Some(fragment) => {
                // Some take the fragment for a part of the path, with a query of its own.
                let (path, query) = fragment.split_once('?').unwrap_or((fragment, ""));
                let pairs = Reading::default().pairs(query.as_bytes(), Source::Query);
                let each = [(fragment, Vec::new()), (path, pairs)];
                with_each(recipe, each, |changed, (rest, pairs)| {
                    changed.rest.push(b'#');
                    changed.rest.extend_from_slice(rest.as_bytes());
                    changed.pairs.extend(pairs);
                })
            }
            None => Vec::new(),
        },
    },
    Mistake {
        id: "dot-segments",
        title: "resolved . and .. in the path",
        explanation: "The path is signed as it is sent. The URL library of the client, or a proxy, resolved what the other side left.",
        fix: "Sign the path as it is sent; best, send none with dot segments.",
        clause: CLAUSE,
        made_by: &["reqwest-oauth1", "the url crate", "browsers"],
        apply: |_, recipe| with(recipe, |changed| changed.path = without_dots(&recipe.path)),
    },
    Mistake {
        id: "slashes-merged",
        title: "took several slashes in the path for one",
        explanation: "The path is signed as it is sent, with every slash.",
        fix: "Join base address and path with one slash; stop the proxy from merging slashes.",
        clause: CLAUSE,
        made_by: &["nginx merge_slashes", "path.join of several languages"],
        apply: |_, recipe| {
            with(recipe, |changed| changed.path.dedup_by(|a, b| *a == b'/' && *b == b'/'))
        },
    },
    Mistake {
        id: "path-reencoded",
        title: "decoded the path and encoded it again",
        explanation: "Escapes in the path are signed as they are sent. A library or a proxy that takes the path apart writes some of them in another way, such as %2F as /.",
        fix: "Sign the path as it stands on the wire. Go programs use URL.EscapedPath; Go proxies need every octet of the path to be legal.",
        clause: CLAUSE,
        made_by: &["Traefik and Caddy, where one octet is not legal", "oauthlib (spaces)"],
        apply: |_, recipe| {
            let Ok(decoded) = decode(&recipe.path) else { return Vec::new() };
            with_each(recipe, [GO, RFC], |changed, left| {
                let alphabet = Alphabet { left, ..Alphabet::default() };
                changed.path = alphabet.encoded(&decoded, 1);
            })
        },
    },
    Mistake {
        id: "path-decoded",
        title: "signed the decoded path",
        explanation: "Escapes in the path are signed as they are sent, and then encoded once more with the URI.",
        fix: "Take the path from the request line, not from a router that has decoded it.",
        clause: CLAUSE,
        made_by: &["servers that take the path from CGI's PATH_INFO", "python-oauth2"],
        apply: |_, recipe| {
            let Ok(decoded) = decode(&recipe.path) else { return Vec::new() };
            with(recipe, |changed| {
                changed.rest = [&*decoded, &recipe.rest].concat();
                changed.path = Vec::new();
            })
        },
    },
    Mistake {
        id: "path-encoded-again",
        title: "encoded the path once more",
        explanation: "A path that had escapes was encoded before the base string was made, so %20 became %2520, and %252520 in the base string.",
        fix: "Give the signer the path as it is sent.",
        clause: CLAUSE,
        made_by: &["Mastercard oauth1-signer (early)", "Insomnia", "Postman (early)"],
        apply: |_, recipe| {
            with(recipe, |changed| {
                let alphabet = Alphabet { left: GO, ..Alphabet::default() };
                changed.path = alphabet.encoded(&recipe.path, 1);
            })
        },
    },
    Mistake {
        id: "path-escape-case",
        title: "changed the case of escapes in the path",
        explanation: "%2f and %2F are the same to a URL library, but the path is signed as it is sent.",
        fix: "Sign the path as it is sent, and send escapes in upper case.",
        clause: CLAUSE,
        made_by: &["URI libraries that normalize"],
        apply: |_, recipe| {
            with_each(recipe, [true, false], |changed, upper| {
                change_escapes(&mut changed.path, upper);
            })
        },
    },
    Mistake {
        id: "path-case",
        title: "lowered the case of the path",
        explanation: "Only scheme and host are lower-cased; the path stays as it is.",
        fix: "Do not lower the case of the whole URL.",
        clause: CLAUSE,
        made_by: &["Postman collections (early)", "cocoa-oauth"],
        apply: |_, recipe| {
            let mut escapes = recipe.path.clone();
            change_escapes(&mut escapes, false);
            match !has_capitals(&escapes) {
                // Only escapes change: another mistake.
                true => Vec::new(),
                false => with(recipe, |changed| changed.path.make_ascii_lowercase()),
            }
        },
    },
    Mistake {
        id: "empty-path",
        title: "left out the slash of an empty path",
        explanation: "A URL without a path is sent as /, and signed with it.",
        fix: "Sign / where the path is empty.",
        clause: CLAUSE,
        made_by: &["dghubble/oauth1", "oauth-signature-js", "scribejava", "MediaWiki"],
        apply: |_, recipe| match &*recipe.path {
            b"/" => with(recipe, |changed| changed.path.clear()),
            _ => Vec::new(),
        },
    },
    Mistake {
        id: "url-as-written",
        title: "took the URL as it was written",
        explanation: "The URI of the base string has scheme and host in lower case, no default port, no fragment, and a path that is at least a slash.",
        fix: "Normalize the URL before it is signed.",
        clause: CLAUSE,
        made_by: &["Net::OAuth", "oauth-1.0a (JavaScript)"],
        apply: |facts, recipe| {
            let port = recipe.port.or(Some(recipe.scheme.default_port()));
            let fragment = facts.surroundings.fragment.map(|text| [b"#", text.as_bytes()].concat());
            let path: &[u8] = if *recipe.path == *b"/" { b"" } else { &recipe.path };
            let changes = [
                (recipe.port, &*recipe.path),
                (port, &*recipe.path),
                (recipe.port, path),
                (port, path),
            ];
            let mut found = with_each(recipe, changes, |changed, (port, path)| {
                changed.lower_host = false;
                (changed.port, changed.path) = (port, path.to_vec());
                changed.rest.extend(fragment.iter().flatten());
            });
            let written = facts.surroundings.url.into_iter();
            found.extend(
                with_each(recipe, written, |changed, url| {
                    (changed.absolute, changed.path) = (false, Vec::new());
                    changed.rest = [url.as_bytes(), &recipe.rest].concat();
                })
                .pop(),
            );
            found
        },
    },
    Mistake {
        id: "path-only",
        title: "signed the path without scheme and host",
        explanation: "The URI of the base string is absolute: it begins with the scheme.",
        fix: "Build the URI from scheme, Host header and path.",
        clause: CLAUSE,
        made_by: &["hand-written signers"],
        apply: |_, recipe| with(recipe, |changed| changed.absolute = false),
    },
    Mistake {
        id: "method-case",
        title: "did not write the method in upper case",
        explanation: "The base string has the method in upper case, however it is sent.",
        fix: "Write the method in upper case.",
        clause: "RFC 5849 section 3.4.1.1",
        made_by: &["Net::OAuth", "hand-written signers"],
        apply: |facts, recipe| {
            let lower = recipe.method.to_ascii_lowercase();
            let methods = [lower, facts.request.method().as_bytes().to_vec()];
            with_each(recipe, methods, |changed, method| changed.method = method)
        },
    },
    Mistake {
        id: "other-method",
        title: "signed for another method",
        explanation: "The base string begins with another method than the request was sent with.",
        fix: "Sign the method that is sent, also after a redirect; X-HTTP-Method-Override is not signed.",
        clause: "RFC 5849 section 3.4.1.1",
        made_by: &["libraries that sign POST or GET whatever is sent"],
        apply: |_, recipe| {
            let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
            let others = methods.iter().filter(|method| *method.as_bytes() != *recipe.method);
            with_each(recipe, others, |changed, method| changed.method = method.as_bytes().to_vec())
        },
    },
];

/// What Go's `URL.EscapedPath` leaves.
const GO: &[u8] = b"$&+,/:;=@";
/// What RFC 3986 lets stand in a path.
const RFC: &[u8] = b"!$&'()*+,/:;=@";

fn without_dots(path: &[u8]) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    let segments = path.split(|octet| *octet == b'/').skip(1);
    let mut open = false;
    for segment in segments {
        open = matches!(segment, b"." | b"..");
        match segment {
            b"." => {}
            b".." => drop(kept.pop()),
            other => kept.push(other),
        }
    }
    let mut out = Vec::with_capacity(path.len());
    for segment in kept {
        out.push(b'/');
        out.extend_from_slice(segment);
    }
    if open || out.is_empty() {
        out.push(b'/');
    }
    out
}

fn has_capitals(path: &[u8]) -> bool {
    path.iter().any(u8::is_ascii_uppercase)
}

fn change_escapes(path: &mut [u8], upper: bool) {
    let mut at = 0;
    while at < path.len() {
        if path[at] == b'%' {
            let end = path.len().min(at + 3);
            match upper {
                true => path[at..end].make_ascii_uppercase(),
                false => path[at..end].make_ascii_lowercase(),
            }
            at = end;
        } else {
            at += 1;
        }
    }
}

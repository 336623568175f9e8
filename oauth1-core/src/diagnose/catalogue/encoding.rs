//! Mistakes in percent-encoding (RFC 5849 section 3.6) and in joining the parts (3.4.1.1).

use alloc::{string::String, vec::Vec};

use super::{Mistake, with, with_each};
use crate::{
    diagnose::{
        facts::Reading,
        recipe::{Alphabet, Recipe},
    },
    parameters::Source,
    percent_encoding::decode,
};

const CLAUSE: &str = "RFC 5849 section 3.6";
const JOINING: &str = "RFC 5849 section 3.4.1.1";

pub(super) const MISTAKES: &[Mistake] = &[
    Mistake {
        id: "space-as-plus",
        title: "encoded spaces as +",
        explanation: "A space is %20 in the base string; + is how forms travel, not how they are signed.",
        fix: "Use an encoder of RFC 3986, not one for forms; or replace + by %20 after it.",
        clause: CLAUSE,
        made_by: &[
            "xurl (url.QueryEscape)",
            "scribejava (early)",
            "URLEncoder of Java",
            "urlencode of PHP",
        ],
        apply: |_, recipe| alphabets(recipe, |alphabet| alphabet.plus = true),
    },
    Mistake {
        id: "tilde-escaped",
        title: "encoded ~ as %7E",
        explanation: "~ is unreserved and stays as it is.",
        fix: "Leave letters, digits and - . _ ~ as they are; encode everything else.",
        clause: CLAUSE,
        made_by: &["python-oauth2", "URLEncoder of Java", "rawurlencode before PHP 5.3"],
        apply: |_, recipe| alphabets(recipe, |alphabet| alphabet.escaped = b"~"),
    },
    Mistake {
        id: "marks-left",
        title: "left ! * ' ( ) as they are",
        explanation: "Only letters, digits and - . _ ~ stay; ! * ' ( ) are encoded.",
        fix: "After encodeURIComponent, encode ! * ' ( ) too.",
        clause: CLAUSE,
        made_by: &[
            "encodeURIComponent of JavaScript",
            "URLEncoder of Java (*)",
            "request/oauth-sign (early)",
        ],
        apply: |_, recipe| {
            let sets: [&'static [u8]; 3] = [b"!*'()", b"*", b"!'()"];
            sets.iter().flat_map(|set| alphabets(recipe, |alphabet| alphabet.left = set)).collect()
        },
    },
    Mistake {
        id: "lower-case-hex",
        title: "wrote escapes in lower case, %3d for %3D",
        explanation: "The hexadecimal digits of escapes are upper case in the base string.",
        fix: "Write %3D, not %3d.",
        clause: CLAUSE,
        made_by: &[".NET HttpUtility.UrlEncode", "PECL OAuth (early)"],
        apply: |_, recipe| alphabets(recipe, |alphabet| alphabet.lower = true),
    },
    Mistake {
        id: "not-encoded",
        title: "did not encode names and values before joining them",
        explanation: "Each name and each value is encoded, then they are joined, then all of it is encoded again.",
        fix: "Encode twice: each name and value, and the joined text.",
        clause: JOINING,
        made_by: &["Mastercard oauth1-signer", "LTI tools written by hand"],
        apply: |_, recipe| {
            with(recipe, |changed| (changed.name_times, changed.value_times) = (0, 0))
        },
    },
    Mistake {
        id: "names-not-encoded",
        title: "encoded values and not names",
        explanation: "Names are encoded as values are.",
        fix: "Encode each name and each value before sorting.",
        clause: "RFC 5849 section 3.4.1.3.2",
        made_by: &["oauth1-request", "oauth10a"],
        apply: |_, recipe| with(recipe, |changed| changed.name_times = 0),
    },
    Mistake {
        id: "names-never-encoded",
        title: "encoded names neither by themselves nor with the whole",
        explanation: "Names are encoded like values, and all of it once more when it becomes a part of the base string.",
        fix: "Encode each name before sorting, and the joined text as a whole.",
        clause: "RFC 5849 section 3.4.1.3.2",
        made_by: &["oauth1-request", "reqwest-oauth1"],
        apply: |_, recipe| with(recipe, |changed| changed.raw_names = true),
    },
    Mistake {
        id: "values-not-encoded",
        title: "encoded names and not values",
        explanation: "Values are encoded as names are, before they are joined.",
        fix: "Encode each name and each value before sorting.",
        clause: "RFC 5849 section 3.4.1.3.2",
        made_by: &["hand-written signers"],
        apply: |_, recipe| with(recipe, |changed| changed.value_times = 0),
    },
    Mistake {
        id: "reserved-left",
        title: "left / : @ and the like as they are",
        explanation: "Only letters, digits and - . _ ~ stay; every reserved character is encoded in names and values.",
        fix: "Use an encoder for single values, with no characters that are safe beside - . _ ~.",
        clause: CLAUSE,
        made_by: &[
            "urllib.parse.quote of Python (/)",
            "encodeURI of JavaScript",
            "Mastercard oauth1-signer (values)",
        ],
        apply: |_, recipe| {
            let sets: [&'static [u8]; 4] = [b"/", b"/:", b":@/", b";,/?:@&=+$!*'()#"];
            let inner = with_each(recipe, sets, |changed, set| changed.inner.left = set);
            let both = with_each(recipe, [sets[0]], |changed, set| {
                (changed.inner.left, changed.outer.left) = (set, set);
            });
            inner.into_iter().chain(both).collect()
        },
    },
    Mistake {
        id: "joined-not-encoded",
        title: "did not encode the joined parameters",
        explanation: "The normalized parameters are encoded as a whole when they become a part of the base string: = is %3D and & is %26 there.",
        fix: "Encode method, URI and normalized parameters before joining the three with &.",
        clause: JOINING,
        made_by: &["hand-written signers"],
        apply: |_, recipe| with(recipe, |changed| changed.joined_times = 0),
    },
    Mistake {
        id: "encoded-again",
        title: "encoded names, or names and values, twice",
        explanation: "What was encoded already, as in a URL, was encoded once more, and again with the whole.",
        fix: "Decode the parameters of the URL before they are signed.",
        clause: "RFC 5849 section 3.4.1.3.1",
        made_by: &[
            "oauth-1.0a (JavaScript, names)",
            "Insomnia",
            "jsOAuth",
            "TDOAuth",
            "Postman (early)",
        ],
        apply: |_, recipe| {
            let sources = [None, Some(Source::Query), Some(Source::Body), Some(Source::Header)];
            let each = sources.map(|source| (source, true)).into_iter().chain([(None, false)]);
            with_each(recipe, each, |changed, (source, values)| {
                for pair in &mut changed.pairs {
                    if source.map_or(!pair.is_protocol(), |wanted| wanted == pair.source) {
                        pair.name = Alphabet::default().encoded(&pair.name, 1);
                        if values {
                            pair.value = Alphabet::default().encoded(&pair.value, 1);
                        }
                    }
                }
            })
        },
    },
    Mistake {
        id: "joined-again",
        title: "encoded the joined parameters twice",
        explanation: "The joined text is encoded once: = is %3D in the base string, not %253D.",
        fix: "Encode each name and value once, and the joined text once.",
        clause: JOINING,
        made_by: &["hand-written signers"],
        apply: |_, recipe| with(recipe, |changed| changed.joined_times = 2),
    },
    Mistake {
        id: "decoded-again",
        title: "decoded names and values twice",
        explanation: "A value such as %2525 was decoded to %, not to %25, before it was signed.",
        fix: "Decode once: what the framework hands out is decoded already.",
        clause: "RFC 5849 section 3.4.1.3.1",
        made_by: &["oauthlib (oauth_ parameters in query and body)", "league/oauth1-client"],
        apply: |_, recipe| {
            with(recipe, |changed| {
                for pair in &mut changed.pairs {
                    for text in [&mut pair.name, &mut pair.value] {
                        if let Ok(decoded) = decode(text) {
                            *text = decoded.into_owned();
                        }
                    }
                }
            })
        },
    },
    Mistake {
        id: "uri-not-encoded",
        title: "did not encode the URI",
        explanation: "The URI is encoded as a whole in the base string: :// is %3A%2F%2F there.",
        fix: "Encode method, URI and normalized parameters before joining the three with &.",
        clause: JOINING,
        made_by: &["hand-written signers"],
        apply: |_, recipe| with(recipe, |changed| changed.uri_times = 0),
    },
    Mistake {
        id: "uri-encoded-again",
        title: "encoded the URI twice",
        explanation: "The URI is encoded once when it becomes a part of the base string.",
        fix: "Encode the URI once.",
        clause: JOINING,
        made_by: &["hand-written signers"],
        apply: |_, recipe| with(recipe, |changed| changed.uri_times = 2),
    },
    Mistake {
        id: "utf8-twice",
        title: "took UTF-8 for Latin-1 and encoded it once more",
        explanation: "The octets of UTF-8 were taken for characters: é became Ã©.",
        fix: "Give the encoder text, or octets, but not octets as text.",
        clause: CLAUSE,
        made_by: &["Net::OAuth"],
        apply: |_, recipe| {
            texts(recipe, |octets| {
                Some(octets.iter().map(|octet| char::from(*octet)).collect::<String>().into())
            })
        },
    },
    Mistake {
        id: "latin-1",
        title: "encoded Latin-1 instead of UTF-8",
        explanation: "Text becomes UTF-8 before it is encoded: é is %C3%A9, not %E9.",
        fix: "Encode text as UTF-8.",
        clause: CLAUSE,
        made_by: &["escape() of JavaScript", "URLEncoder of Java without a charset"],
        apply: |_, recipe| {
            texts(recipe, |octets| {
                let text = core::str::from_utf8(octets).ok()?;
                text.chars().map(|c| u8::try_from(c).ok()).collect()
            })
        },
    },
    Mistake {
        id: "octets-replaced",
        title: "replaced octets that are not UTF-8, or did not decode them",
        explanation: "Names and values are octets: %FF is signed as %FF, not as the sign for something unreadable, %EF%BF%BD.",
        fix: "Send text in UTF-8, or sign octets as octets.",
        clause: CLAUSE,
        made_by: &[
            "oauthlib",
            "Authlib",
            "node-oauth",
            "oauth1-request",
            "reqwest-oauth1",
            "request (JavaScript)",
        ],
        apply: |facts, recipe| {
            let replaced =
                |octets: &[u8]| Some(String::from_utf8_lossy(octets).into_owned().into());
            let mut found = texts(recipe, replaced);
            let reading = Reading { raw_octets: true, ..Reading::default() };
            found.extend(facts.read_unlike(recipe, reading, Reading::default()));
            found
        },
    },
    Mistake {
        id: "separator",
        title: "joined the three parts without &, or with an encoded one",
        explanation: "The parts of the base string are joined by a plain &.",
        fix: "Join method, URI and normalized parameters with &.",
        clause: JOINING,
        made_by: &["hand-written signers"],
        apply: |_, recipe| {
            let separators: [&'static [u8]; 4] = [b"", b"%26", b"\n", b" "];
            with_each(recipe, separators, |changed, separator| changed.separator = separator)
        },
    },
];

/// With another encoder everywhere, or for names and values alone.
fn alphabets(recipe: &Recipe, change: impl Fn(&mut Alphabet)) -> Vec<Recipe> {
    with_each(recipe, [(true, true), (true, false), (false, true)], |changed, (inner, outer)| {
        if inner {
            change(&mut changed.inner);
        }
        if outer {
            change(&mut changed.outer);
        }
    })
}

/// With each name and value changed; none if that is not possible.
fn texts(recipe: &Recipe, change: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Vec<Recipe> {
    let mut changed = recipe.clone();
    for pair in &mut changed.pairs {
        for text in [&mut pair.name, &mut pair.value] {
            match change(text) {
                Some(other) => *text = other,
                None => return Vec::new(),
            }
        }
    }
    if changed.pairs == recipe.pairs { Vec::new() } else { alloc::vec![changed] }
}

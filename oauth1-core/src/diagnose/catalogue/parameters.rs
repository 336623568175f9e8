//! Mistakes in which parameters are signed (RFC 5849 section 3.4.1.3.1).

use alloc::{format, vec::Vec};

use super::{Mistake, with, with_each};
use crate::{
    diagnose::{
        bodies,
        facts::Reading,
        recipe::{Pair, Recipe},
    },
    parameters::Source,
};

const CLAUSE: &str = "RFC 5849 section 3.4.1.3.1";

pub(super) const MISTAKES: &[Mistake] = &[
    Mistake {
        id: "query-left-out",
        title: "left the query out",
        explanation: "The parameters of the query are signed, whatever the method.",
        fix: "Give the signer the whole URL, with its query.",
        clause: CLAUSE,
        made_by: &["ims-lti", "oauthconsumer", "pylti", "node-oauth (POST)"],
        apply: |facts, recipe| {
            let in_query = |pair: &Pair| pair.source == Source::Query;
            let mut found = without(recipe, |pair| in_query(pair) && !pair.is_protocol());
            let other = |pair: &Pair| in_query(pair) && pair.is_protocol();
            if facts.location == Source::Header && recipe.pairs.iter().any(other) {
                found.extend(without(recipe, in_query));
            }
            found
        },
    },
    Mistake {
        id: "body-left-out",
        title: "left the form body out",
        explanation: "The parameters of a form-encoded body are signed, whatever the method.",
        fix: "Give the signer the body and its Content-Type, after both are final.",
        clause: CLAUSE,
        made_by: &[
            "oauth10a",
            "reqwest-oauth1 (when there is a query)",
            "Insomnia",
            "ruby oauth (PATCH)",
            "dghubble/oauth1 (with a charset)",
        ],
        apply: |_, recipe| {
            without(recipe, |pair| pair.source == Source::Body && !pair.is_protocol())
        },
    },
    Mistake {
        id: "body-signed-as-form",
        title: "signed a body as a form that is none",
        explanation: "Only a body whose Content-Type is application/x-www-form-urlencoded is signed by its parameters.",
        fix: "Leave other bodies out; oauth_body_hash is there to sign them.",
        clause: CLAUSE,
        made_by: &["oauth-1.0a (JavaScript)", "python-oauth2", "RESTClient", "mashape-oauth"],
        apply: |facts, recipe| match facts.other_body() {
            Some(body) => with(recipe, |changed| {
                changed.pairs.extend(Reading::default().pairs(body, Source::Body));
            }),
            None => Vec::new(),
        },
    },
    Mistake {
        id: "json-signed",
        title: "signed the members of a JSON body as parameters",
        explanation: "JSON is no form: nothing in it is signed.",
        fix: "Leave the body out of the signature; oauth_body_hash is there to sign it.",
        clause: CLAUSE,
        made_by: &["oauth-1.0a (JavaScript)", "hand-written signers"],
        apply: |facts, recipe| match facts.other_body().and_then(bodies::json_members) {
            Some(members) => with(recipe, |changed| changed.pairs.extend(members)),
            None => Vec::new(),
        },
    },
    Mistake {
        id: "multipart-signed",
        title: "signed the fields of a multipart body as parameters",
        explanation: "A multipart body is not signed, neither its fields nor its files.",
        fix: "Leave the fields out of the signature.",
        clause: CLAUSE,
        made_by: &[
            "requests-oauthlib (early)",
            "guzzle oauth-subscriber (early)",
            "RestSharp",
            "twitter-ruby",
        ],
        apply: |facts, recipe| match facts.other_body().and_then(bodies::multipart_fields) {
            Some(fields) => with(recipe, |changed| changed.pairs.extend(fields)),
            None => Vec::new(),
        },
    },
    Mistake {
        id: "brackets-dropped",
        title: "signed names without their brackets, or objects as text",
        explanation: "a[] and a[b] are names like all others: the brackets are part of them, sent or not as the client likes, but signed as sent.",
        fix: "Sign f[a] as f%5Ba%5D.",
        clause: CLAUSE,
        made_by: &["Insomnia", "Magento 2", "WP-API (arrays)", "request (JavaScript)"],
        apply: |_, recipe| {
            let mut found = with(recipe, |changed| {
                for pair in &mut changed.pairs {
                    if let Some(at) = bracket(&pair.name, 1) {
                        pair.name.truncate(at);
                    }
                }
            });
            found.extend((1..=2).filter_map(|depth| with_objects(recipe, depth)));
            found
        },
    },
    Mistake {
        id: "duplicates-merged",
        title: "kept one of several parameters of one name",
        explanation: "Every pair is signed, however often its name is there, in the query and in the body.",
        fix: "Hold parameters as a list of pairs, not as a map.",
        clause: "RFC 5849 section 3.4.1.3.2",
        made_by: &[
            "dghubble/oauth1 (the first)",
            "Net::OAuth (the last)",
            "oauth10a",
            "xurl",
            "PECL OAuth",
            "MediaWiki",
        ],
        apply: |_, recipe| with_each(recipe, [true, false], merge),
    },
    Mistake {
        id: "duplicates-joined",
        title: "joined the values of one name with commas",
        explanation: "Every pair is signed by itself, however often its name is there.",
        fix: "Hold parameters as a list of pairs.",
        clause: "RFC 5849 section 3.4.1.3.2",
        made_by: &["oauth-1.0a (JavaScript, arrays)", "hand-written signers in JavaScript"],
        apply: |_, recipe| with(recipe, join_duplicates),
    },
    Mistake {
        id: "duplicates-numbered",
        title: "numbered the parameters of one name: a[0], a[1]",
        explanation: "Names are signed as they are sent.",
        fix: "Hold parameters as a list of pairs.",
        clause: "RFC 5849 section 3.4.1.3.2",
        made_by: &["node-oauth"],
        apply: |_, recipe| with_each(recipe, [false, true], number),
    },
    Mistake {
        id: "names-not-decoded",
        title: "signed names of query or form as they were sent, without decoding them",
        explanation: "Names and values are decoded before they are encoded, so that each spelling is signed alike.",
        fix: "Decode names as well as values, with + as a space, before encoding them.",
        clause: CLAUSE,
        made_by: &["oauth-1.0a (JavaScript)"],
        apply: |facts, recipe| {
            // Without an escape in a name, a + that is kept is another mistake.
            [false, true]
                .into_iter()
                .filter_map(|plus| {
                    let reading = |raw_names| Reading { raw_names, plus, ..Reading::default() };
                    facts.read_unlike(recipe, reading(true), reading(false))
                })
                .collect()
        },
    },
    Mistake {
        id: "bare-left-out",
        title: "left out names without =",
        explanation: "A name without = is a parameter with an empty value, and is signed as name=.",
        fix: "Keep parameters without =, or send the = always.",
        clause: CLAUSE,
        made_by: &["simple_oauth", "signpost"],
        apply: |_, recipe| without(recipe, |pair| pair.bare),
    },
    Mistake {
        id: "nameless-left-out",
        title: "left out values without a name",
        explanation: "=value is a parameter whose name is empty, and is signed as it is.",
        fix: "Keep parameters whose name is empty, or do not send them.",
        clause: CLAUSE,
        made_by: &["request (JavaScript)"],
        apply: |_, recipe| without(recipe, |pair| pair.name.is_empty()),
    },
    Mistake {
        id: "empty-left-out",
        title: "left out parameters without a value",
        explanation: "A parameter with an empty value is signed as name=.",
        fix: "Keep parameters whose value is empty.",
        clause: CLAUSE,
        made_by: &["LtiLibrary", "scribejava (early)"],
        apply: |_, recipe| without(recipe, |pair| pair.value.is_empty() && !pair.is_protocol()),
    },
    Mistake {
        id: "no-equals",
        title: "signed a name without = as it stands",
        explanation: "A parameter without a value is signed as name=, whether = was sent or not.",
        fix: "Write the = in the base string always.",
        clause: CLAUSE,
        made_by: &["AsyncHttpClient", "hand-written signers"],
        apply: |_, recipe| with(recipe, |changed| changed.bare = true),
    },
    Mistake {
        id: "plus-kept",
        title: "took + in query or form for a plus",
        explanation: "In a query and in a form, + is a space; it is signed as %20.",
        fix: "Decode + to a space before encoding, or send %20 and %2B.",
        clause: CLAUSE,
        made_by: &["oauth-1.0a (JavaScript)", "scribejava", "oauth-client", "WP-API"],
        apply: |facts, recipe| {
            let reading = Reading { plus: true, ..Reading::default() };
            [facts.read_again(recipe, reading)].into()
        },
    },
    Mistake {
        id: "question-mark",
        title: "took a second ? in the query for a separator",
        explanation: "The first ? begins the query; others in it are part of a name or value.",
        fix: "Send ? in names and values as %3F.",
        clause: CLAUSE,
        made_by: &["liboauth"],
        apply: |facts, recipe| {
            let reading = Reading { separator: Some(b'?'), ..Reading::default() };
            [facts.read_again(recipe, reading)].into()
        },
    },
    Mistake {
        id: "semicolon",
        title: "took ; for a separator, or dropped what has one",
        explanation: "Only & separates parameters; ; is part of a name or value.",
        fix: "Send ; as %3B.",
        clause: CLAUSE,
        made_by: &["ruby oauth (splits)", "gomodule/oauth1 (drops, since Go 1.17)"],
        apply: |facts, recipe| {
            let reading = Reading { separator: Some(b';'), ..Reading::default() };
            let raw = |source| match source {
                Source::Query => facts.request.query(),
                Source::Body => facts.request.body().form(),
                Source::Header => b"",
            };
            let mut found = without(recipe, |pair| {
                raw(pair.source).contains(&b';')
                    && (pair.name.contains(&b';') || pair.value.contains(&b';'))
            });
            found.push(facts.read_again(recipe, reading));
            found
        },
    },
    Mistake {
        id: "value-cut",
        title: "cut values off at a second =, at a ?, or at a zero octet",
        explanation: "The first = ends the name; whatever follows it up to & is the value.",
        fix: "Split at the first = only, and send = and ? in values as %3D and %3F.",
        clause: CLAUSE,
        made_by: &["oauth-1.0a (JavaScript)", "liboauth (zero octets)"],
        apply: |_, recipe| {
            with_each(recipe, [b'=', b'?', 0], |changed, end| {
                for pair in &mut changed.pairs {
                    if let Some(at) = pair.value.iter().position(|octet| *octet == end)
                        && !pair.is_protocol()
                    {
                        pair.value.truncate(at);
                    }
                }
            })
        },
    },
    Mistake {
        id: "source-ignored",
        title: "signed a name once that is in query and body",
        explanation: "Query and body are both signed, each pair of them.",
        fix: "Add the pairs of both; let neither replace the other.",
        clause: CLAUSE,
        made_by: &["PECL OAuth", "passport-http-oauth", "LtiLibrary"],
        apply: |_, recipe| {
            let both = |pair: &Pair, other: Source| {
                recipe.pairs.iter().any(|p| p.source == other && p.name == pair.name)
            };
            let mut found =
                without(recipe, |pair| pair.source == Source::Query && both(pair, Source::Body));
            found.extend(without(recipe, |pair| {
                pair.source == Source::Body && both(pair, Source::Query)
            }));
            found
        },
    },
];

/// The recipe without some of its pairs; none if there are no such.
pub(super) fn without(recipe: &Recipe, gone: impl Fn(&Pair) -> bool) -> Vec<Recipe> {
    if !recipe.pairs.iter().any(&gone) {
        return Vec::new();
    }
    with(recipe, |changed| changed.pairs.retain(|pair| !gone(pair)))
}

fn merge(recipe: &mut Recipe, first: bool) {
    let pairs = core::mem::take(&mut recipe.pairs);
    for pair in pairs {
        match recipe.pairs.iter_mut().find(|kept| kept.name == pair.name) {
            Some(_) if first => {}
            Some(kept) => *kept = pair,
            None => recipe.pairs.push(pair),
        }
    }
}

/// Where the bracket of this depth begins.
fn bracket(name: &[u8], depth: usize) -> Option<usize> {
    let brackets = name.iter().enumerate().filter(|(_, octet)| **octet == b'[');
    brackets.map(|(at, _)| at).nth(depth - 1)
}

/// What JavaScript makes of parameters below a depth, if it has been told nothing else.
fn with_objects(recipe: &Recipe, depth: usize) -> Option<Recipe> {
    let mut changed = recipe.clone();
    let mut is_changed = false;
    for pair in core::mem::take(&mut changed.pairs) {
        let Some(at) = bracket(&pair.name, depth) else {
            changed.pairs.push(pair);
            continue;
        };
        is_changed = true;
        let object = Pair {
            name: pair.name[..at].to_vec(),
            value: b"[object Object]".to_vec(),
            bare: false,
            ..pair
        };
        if !changed.pairs.contains(&object) {
            changed.pairs.push(object);
        }
    }
    is_changed.then_some(changed)
}

fn join_duplicates(recipe: &mut Recipe) {
    let pairs = core::mem::take(&mut recipe.pairs);
    for pair in pairs {
        match recipe.pairs.iter_mut().find(|kept| kept.name == pair.name) {
            Some(kept) => {
                kept.value.push(b',');
                kept.value.extend_from_slice(&pair.value);
            }
            None => recipe.pairs.push(pair),
        }
    }
}

fn number(recipe: &mut Recipe, empty: bool) {
    let names: Vec<_> = recipe.pairs.iter().map(|pair| pair.name.clone()).collect();
    for (i, pair) in recipe.pairs.iter_mut().enumerate() {
        let same = |others: &[Vec<u8>]| others.iter().filter(|name| **name == pair.name).count();
        if same(&names) > 1 {
            let suffix = if empty { "[]".into() } else { format!("[{}]", same(&names[..i])) };
            pair.name.extend_from_slice(suffix.as_bytes());
        }
    }
}

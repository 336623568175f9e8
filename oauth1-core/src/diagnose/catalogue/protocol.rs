//! Mistakes with the protocol parameters (RFC 5849 section 3.1).

use alloc::vec::Vec;

use super::{Mistake, parameters::without, with, with_each};
use crate::{
    SignatureMethod,
    diagnose::{
        facts::Facts,
        recipe::{Pair, Recipe},
    },
    parameters::Source,
};

const CLAUSE: &str = "RFC 5849 section 3.4.1.3.1";

pub(super) const MISTAKES: &[Mistake] = &[
    Mistake {
        id: "version",
        title: "sent oauth_version and did not sign it, or the other way round",
        explanation: "Every protocol parameter that is sent is signed, and no other.",
        fix: "Put the parameters together once; sign and send the same ones.",
        clause: CLAUSE,
        made_by: &["hand-written signers"],
        apply: |facts, recipe| added_or_left_out(facts, recipe, "oauth_version", &["1.0"]),
    },
    Mistake {
        id: "token",
        title: "sent oauth_token and did not sign it, or signed an empty one that was not sent",
        explanation: "A token that is sent is signed, also an empty one; a token that is left out is not.",
        fix: "Leave out oauth_token where there is none; sign it where it is sent.",
        clause: "RFC 5849 section 3.1",
        made_by: &["dghubble/oauth1", "Postman (early)", "httpclient (Ruby)", "oauth-dotnetcore"],
        apply: |facts, recipe| added_or_left_out(facts, recipe, "oauth_token", &[""]),
    },
    Mistake {
        id: "callback",
        title: "sent oauth_callback and did not sign it, or signed one that was not sent",
        explanation: "The callback is a protocol parameter like the others: it is signed if it is sent.",
        fix: "Put the parameters together once; sign and send the same ones.",
        clause: "RFC 5849 section 2.1",
        made_by: &["LTI tools that add about:blank", "tripit", "litl/rauth (early)"],
        apply: |facts, recipe| {
            added_or_left_out(facts, recipe, "oauth_callback", &["oob", "about:blank", ""])
        },
    },
    Mistake {
        id: "verifier",
        title: "sent oauth_verifier and did not sign it",
        explanation: "The verification code is signed with the request that brings it.",
        fix: "Add oauth_verifier before signing, not after.",
        clause: "RFC 5849 section 2.3",
        made_by: &["hand-written signers", "oauth-1.0a (JavaScript) when it is added afterwards"],
        apply: |facts, recipe| added_or_left_out(facts, recipe, "oauth_verifier", &[]),
    },
    Mistake {
        id: "body-hash",
        title: "sent oauth_body_hash and did not sign it",
        explanation: "The hash protects the body only because it is signed.",
        fix: "Add oauth_body_hash before signing, not after.",
        clause: "OAuth Request Body Hash 1.0 (draft)",
        made_by: &["hand-written signers"],
        apply: |facts, recipe| added_or_left_out(facts, recipe, "oauth_body_hash", &[]),
    },
    Mistake {
        id: "protocol-left-out",
        title: "did not sign the protocol parameters",
        explanation: "The oauth_ parameters are signed with all others; only oauth_signature and realm are not.",
        fix: "Add the oauth_ parameters to those of the request before sorting.",
        clause: CLAUSE,
        made_by: &["hand-written signers"],
        apply: |_, recipe| without(recipe, Pair::is_protocol),
    },
    Mistake {
        id: "only-protocol",
        title: "signed the protocol parameters alone",
        explanation: "The parameters of query and form body are signed too.",
        fix: "Add the parameters of query and body to the oauth_ ones before sorting.",
        clause: CLAUSE,
        made_by: &["hand-written signers", "oauth10a (bodies)"],
        apply: |_, recipe| {
            let other = |source| {
                recipe.pairs.iter().any(|pair| pair.source == source && !pair.is_protocol())
            };
            // Where there is one source only, it is that which was left out.
            match other(Source::Query) && other(Source::Body) {
                true => {
                    without(recipe, |pair| !pair.is_protocol() && pair.source != Source::Header)
                }
                false => Vec::new(),
            }
        },
    },
    Mistake {
        id: "header-others",
        title: "left out parameters of the header that are not named oauth_",
        explanation: "Every parameter of the Authorization header is signed but for realm and oauth_signature.",
        fix: "Sign all parameters of the header, or send none but the oauth_ ones.",
        clause: CLAUSE,
        made_by: &["joauth"],
        apply: |_, recipe| {
            without(recipe, |pair| pair.source == Source::Header && !pair.is_protocol())
        },
    },
    Mistake {
        id: "realm",
        title: "signed the realm",
        explanation: "realm is sent in the header and is not signed.",
        fix: "Leave realm out of the base string.",
        clause: CLAUSE,
        made_by: &["oauth-1.0a (JavaScript, early)", "oauth-client"],
        apply: |facts, recipe| match &facts.realm {
            Some(realm) => with(recipe, |changed| {
                changed.pairs.push(Pair::new("realm", realm, Source::Header));
            }),
            None => Vec::new(),
        },
    },
    Mistake {
        id: "signature-signed",
        title: "signed oauth_signature itself, still empty, or as it was sent before",
        explanation: "oauth_signature is the one protocol parameter that is not part of the base string.",
        fix: "Add oauth_signature after signing.",
        clause: CLAUSE,
        made_by: &[
            "oauth-1.0a (JavaScript)",
            "node-oauth",
            "gomodule/oauth1",
            "scribejava (one of its helpers)",
        ],
        apply: |facts, recipe| {
            let sent = facts.sent_signatures();
            let empty = Vec::from([Pair::new("oauth_signature", "", facts.location)]);
            let each = [empty, sent].into_iter().filter(|pairs| !pairs.is_empty());
            with_each(recipe, each, |changed, pairs| changed.pairs.extend(pairs))
        },
    },
    Mistake {
        id: "method-name",
        title: "signed another oauth_signature_method than was sent",
        explanation: "The base string names another method than the header.",
        fix: "Set oauth_signature_method once, before signing.",
        clause: "RFC 5849 section 3.1",
        made_by: &["Mastercard oauth1-signer (RSA-SHA256)"],
        apply: |_, recipe| {
            with_each(recipe, SignatureMethod::ALL, |changed, method| {
                for pair in &mut changed.pairs {
                    if pair.name == b"oauth_signature_method" {
                        pair.value = method.as_str().into();
                    }
                }
            })
        },
    },
];

/// Without a parameter that is there; or with one that is not, of each of these values.
fn added_or_left_out(
    facts: &Facts<'_>,
    recipe: &Recipe,
    name: &str,
    values: &[&str],
) -> Vec<Recipe> {
    let is_it = |pair: &Pair| pair.name == name.as_bytes();
    if recipe.pairs.iter().any(is_it) {
        return without(recipe, is_it);
    }
    with_each(recipe, values, |changed, value| {
        changed.pairs.push(Pair::new(name, value, facts.location));
    })
}

//! Mistakes in the key (RFC 5849 sections 3.4.2 and 3.4.4).

use alloc::vec::Vec;

use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use super::{Mistake, with, with_each};
use crate::diagnose::recipe::Recipe;

const CLAUSE: &str = "RFC 5849 section 3.4.2";

pub(super) const MISTAKES: &[Mistake] = &[
    Mistake {
        id: "no-token-secret",
        title: "left the Token secret out of the key",
        explanation: "The key is App secret & Token secret wherever a token is sent, temporary credentials too.",
        fix: "Sign with both secrets as soon as there is a token.",
        clause: CLAUSE,
        made_by: &["ims-lti", "hand-written signers at the token step"],
        apply: |_, recipe| match recipe.key.token {
            Some(_) => with(recipe, |changed| changed.key.token = None),
            None => Vec::new(),
        },
    },
    Mistake {
        id: "key-without-ampersand",
        title: "left out the & of the key",
        explanation: "The key is App secret & Token secret; the & stays where there is no Token secret.",
        fix: "End the key with & where there is no Token secret.",
        clause: CLAUSE,
        made_by: &["hand-written signers", "oauth-1.0a (last_ampersand off)"],
        apply: |_, recipe| {
            let no_token = recipe.key.token.as_ref().is_none_or(|token| token.is_empty());
            with(recipe, |changed| {
                changed.key.separator = false;
                if !no_token {
                    // Both secrets run into each other.
                    let token = changed.key.token.take().unwrap_or_default();
                    changed.key.client.extend_from_slice(&token);
                }
            })
        },
    },
    Mistake {
        id: "secrets-swapped",
        title: "swapped App secret and Token secret",
        explanation: "The App secret stands before the &, the Token secret behind it; where there is no token, the place behind it is empty.",
        fix: "Put the App secret first.",
        clause: CLAUSE,
        made_by: &["configuration"],
        apply: |_, recipe| match &recipe.key.token {
            Some(token) => with(recipe, |changed| {
                changed.key.token = Some(recipe.key.client.clone());
                changed.key.client = token.clone();
            }),
            None => with(recipe, |changed| {
                changed.key.token = Some(core::mem::take(&mut changed.key.client));
            }),
        },
    },
    Mistake {
        id: "secrets-not-encoded",
        title: "did not encode the secrets",
        explanation: "Both secrets are percent-encoded before they are joined.",
        fix: "Encode each secret by section 3.6, then join them with &.",
        clause: CLAUSE,
        made_by: &["dghubble/oauth1 (early)", "WP-API", "ims-lti", "North"],
        apply: |_, recipe| with(recipe, |changed| changed.key.times = 0),
    },
    Mistake {
        id: "secrets-encoded-again",
        title: "encoded the secrets twice",
        explanation: "Each secret is encoded once before they are joined.",
        fix: "Give the signer the secrets as they were issued.",
        clause: CLAUSE,
        made_by: &["hand-written signers around a library that encodes"],
        apply: |_, recipe| with(recipe, |changed| changed.key.times = 2),
    },
    Mistake {
        id: "key-encoded",
        title: "encoded the joined key",
        explanation: "The secrets are encoded, and the & between them is not.",
        fix: "Encode each secret by itself, then join them with &.",
        clause: CLAUSE,
        made_by: &["hand-written signers"],
        apply: |_, recipe| {
            with_each(recipe, [0, 1], |changed, times| {
                (changed.key.times, changed.key.whole) = (times, 1);
            })
        },
    },
    Mistake {
        id: "identifier-as-secret",
        title: "used the App key or the access token for its secret",
        explanation: "The key is made of the two secrets; identifiers are sent, and known to everybody.",
        fix: "Check which value is which: App secret and Token secret.",
        clause: CLAUSE,
        made_by: &["configuration"],
        apply: |facts, recipe| {
            let client = || Zeroizing::new(facts.client.as_bytes().to_vec());
            let token =
                || facts.token.as_ref().map(|token| Zeroizing::new(token.as_bytes().to_vec()));
            let mut found = with(recipe, |changed| changed.key.client = client());
            if recipe.key.token.is_some() {
                found.extend(with(recipe, |changed| changed.key.token = token()));
                found.extend(with(recipe, |changed| {
                    (changed.key.client, changed.key.token) = (client(), token());
                }));
            }
            found
        },
    },
    Mistake {
        id: "whitespace",
        title: "has a line end or a space at the end of a secret",
        explanation: "A secret that was read from a file or pasted brought what follows it.",
        fix: "Cut white space off the ends of secrets when they are read.",
        clause: CLAUSE,
        made_by: &["configuration", "secrets in files and environments"],
        apply: |_, recipe| {
            let tails: [&[u8]; 4] = [b"\n", b"\r\n", b" ", b"\r"];
            let mut found = Vec::new();
            for tail in tails {
                found.extend(with(recipe, |changed| changed.key.client.extend_from_slice(tail)));
                let Some(token) = &recipe.key.token else { continue };
                let longer = Zeroizing::new([&**token, tail].concat());
                let token = with(recipe, |changed| changed.key.token = Some(longer));
                let both = with_each(&token[0], [tail], |changed, tail| {
                    changed.key.client.extend_from_slice(tail);
                });
                found.extend(token.into_iter().chain(both));
            }
            found
        },
    },
    Mistake {
        id: "secret-decoded",
        title: "decoded the secrets from Base64 or hexadecimal digits",
        explanation: "Secrets are texts and are used as they were issued.",
        fix: "Use the secrets as they stand.",
        clause: CLAUSE,
        made_by: &["hand-written signers"],
        apply: |_, recipe| {
            let decoders: [Decode; 2] = [|text| BASE64_STANDARD.decode(text).ok(), unhex];
            decoders.into_iter().filter_map(|decode| decoded(recipe, decode)).collect()
        },
    },
];

type Decode = fn(&[u8]) -> Option<Vec<u8>>;

fn decoded(recipe: &Recipe, decode: Decode) -> Option<Recipe> {
    let client = decode(&recipe.key.client).map(Zeroizing::new);
    let token = recipe.key.token.as_ref().map(|token| decode(token).map(Zeroizing::new));
    if client.is_none() && token.as_ref().is_none_or(Option::is_none) {
        return None;
    }
    let mut changed = recipe.clone();
    if let Some(client) = client {
        changed.key.client = client;
    }
    if let Some(Some(token)) = token {
        changed.key.token = Some(token);
    }
    Some(changed)
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_chunks::<2>();
    let octet = |pair: &[u8; 2]| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok();
    if rest.is_empty() { pairs.iter().map(octet).collect() } else { None }
}

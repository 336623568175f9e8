//! Mistakes in the signature itself (RFC 5849 section 3.4.2).

use alloc::vec::Vec;

use super::{Mistake, with, with_each};
use crate::{
    diagnose::recipe::{Algorithm, Form, Recipe},
    signature_method::HashAlgorithm,
};

const CLAUSE: &str = "RFC 5849 section 3.4.2";
const HASHES: [HashAlgorithm; 3] =
    [HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512];

pub(super) const MISTAKES: &[Mistake] = &[
    Mistake {
        id: "other-hash",
        title: "used another hash than oauth_signature_method says",
        explanation: "HMAC-SHA1 is made with SHA-1, HMAC-SHA256 with SHA-256, HMAC-SHA512 with SHA-512.",
        fix: "Let method name and hash agree.",
        clause: CLAUSE,
        made_by: &["oauth-1.0a (JavaScript, the caller's function)", "hand-written signers"],
        apply: |_, recipe| {
            with_each(recipe, HASHES, |changed, hash| {
                changed.algorithm = match recipe.algorithm {
                    Algorithm::Hmac(_) => Algorithm::Hmac(hash),
                    Algorithm::Rsa(_) => Algorithm::Rsa(hash),
                    other => other,
                }
            })
        },
    },
    Mistake {
        id: "hexadecimal",
        title: "wrote the signature in hexadecimal digits",
        explanation: "The octets of the signature are sent in Base64.",
        fix: "Take the raw octets of the HMAC and encode them in Base64.",
        clause: CLAUSE,
        made_by: &["hash_hmac of PHP without its last argument", "digest('hex') of JavaScript"],
        apply: |_, recipe| forms(recipe, &[Form::Hex, Form::UpperHex]),
    },
    Mistake {
        id: "base64-of-hexadecimal",
        title: "encoded hexadecimal digits in Base64",
        explanation: "The octets of the signature are encoded, not their digits.",
        fix: "Take the raw octets of the HMAC and encode them in Base64.",
        clause: CLAUSE,
        made_by: &["hash_hmac of PHP without its last argument", "hexdigest of Python and Ruby"],
        apply: |_, recipe| forms(recipe, &[Form::Base64OfHex]),
    },
    Mistake {
        id: "encoded-signature",
        title: "encoded the signature twice",
        explanation: "oauth_signature is encoded once, like every value, when it is put into the request.",
        fix: "Give the request the signature in Base64; let one place encode it.",
        clause: "RFC 5849 section 3.5.1",
        made_by: &["signet", "passport-http-oauth", "signers around a library that encodes"],
        apply: |_, recipe| forms(recipe, &[Form::EncodedAgain]),
    },
    Mistake {
        id: "signature-not-encoded",
        title: "did not encode the signature",
        explanation: "A + of Base64 that is sent as it is arrives as a space where it stands in a query or a form.",
        fix: "Encode oauth_signature like every other value: + is %2B, / is %2F, = is %3D.",
        clause: "RFC 5849 section 3.6",
        made_by: &["hand-written signers of URLs"],
        apply: |_, recipe| forms(recipe, &[Form::PlusAsSpace]),
    },
    Mistake {
        id: "other-base64",
        title: "wrote Base64 in another way: for URLs, without padding, or with line ends",
        explanation: "Base64 is that of RFC 2045: with + and /, with = at the end, without line ends.",
        fix: "Use the standard alphabet with padding, on one line.",
        clause: CLAUSE,
        made_by: &["encode64 of Ruby", "encodestring of Python", "base64url of JavaScript"],
        apply: |_, recipe| forms(recipe, &[Form::UrlSafe, Form::Unpadded, Form::Lines]),
    },
    Mistake {
        id: "key-and-text-swapped",
        title: "took the base string for the key, and the key for the text",
        explanation: "The key of the HMAC is made of the secrets; the text is the base string.",
        fix: "Swap the two arguments.",
        clause: CLAUSE,
        made_by: &["HMAC functions that take the text first"],
        apply: |_, recipe| match recipe.algorithm {
            Algorithm::Hmac(hash) => {
                with(recipe, |changed| changed.algorithm = Algorithm::Swapped(hash))
            }
            _ => Vec::new(),
        },
    },
    Mistake {
        id: "no-key",
        title: "hashed the base string without a key",
        explanation: "The signature is an HMAC with the secrets as its key; a hash alone can be made by anybody.",
        fix: "Use HMAC with the key App secret & Token secret.",
        clause: CLAUSE,
        made_by: &["hand-written signers"],
        apply: |_, recipe| match recipe.algorithm {
            Algorithm::Hmac(hash) => {
                with(recipe, |changed| changed.algorithm = Algorithm::Hash(hash))
            }
            _ => Vec::new(),
        },
    },
];

fn forms(recipe: &Recipe, forms: &[Form]) -> Vec<Recipe> {
    match recipe.algorithm {
        // An RSA signature that can be read is not written in another way.
        Algorithm::Rsa(_) => Vec::new(),
        _ => with_each(recipe, forms, |changed, form| changed.form = *form),
    }
}

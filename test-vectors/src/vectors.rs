//! The vector files, as part of the program: it runs from any folder.
//!
//! A test compares this list with the folder.

/// Name and text of every file in `sequences/`.
pub(crate) static SEQUENCES: &[(&str, &str)] =
    &[("request-sequence.json", include_str!("../sequences/request-sequence.json"))];

/// Name and text of every file in `vectors/`.
pub(crate) static EMBEDDED: &[(&str, &str)] = &[
    ("authorization-header-build.json", include_str!("../vectors/authorization-header-build.json")),
    ("authorization-header-parse.json", include_str!("../vectors/authorization-header-parse.json")),
    ("base-string-uri.json", include_str!("../vectors/base-string-uri.json")),
    ("base-string.json", include_str!("../vectors/base-string.json")),
    ("body-hash.json", include_str!("../vectors/body-hash.json")),
    ("hmac-sha1.json", include_str!("../vectors/hmac-sha1.json")),
    ("hmac-sha256.json", include_str!("../vectors/hmac-sha256.json")),
    ("hmac-sha512.json", include_str!("../vectors/hmac-sha512.json")),
    ("parameter-normalization.json", include_str!("../vectors/parameter-normalization.json")),
    ("percent-decode.json", include_str!("../vectors/percent-decode.json")),
    ("percent-encode.json", include_str!("../vectors/percent-encode.json")),
    ("plaintext.json", include_str!("../vectors/plaintext.json")),
    ("rsa-sha1.json", include_str!("../vectors/rsa-sha1.json")),
    ("rsa-sha256.json", include_str!("../vectors/rsa-sha256.json")),
    ("rsa-sha512.json", include_str!("../vectors/rsa-sha512.json")),
    ("sign-request.json", include_str!("../vectors/sign-request.json")),
    ("verify-request.json", include_str!("../vectors/verify-request.json")),
];

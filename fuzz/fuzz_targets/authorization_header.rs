//! Whatever is accepted as an Authorization header comes back the same when it is built again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth1_core::authorization::{AuthorizationHeader, build_header};

fuzz_target!(|value: &[u8]| {
    let Ok(header) = AuthorizationHeader::parse(value) else { return };
    let pairs: Vec<_> =
        header.parameters().iter().map(|p| (p.name().into_owned(), p.value().into_owned())).collect();
    let built = build_header(header.realm(), pairs.iter().map(|(n, v)| (n, v)), ", ");
    let again = AuthorizationHeader::parse(built.as_bytes()).expect("what is built parses");
    let pairs_again: Vec<_> =
        again.parameters().iter().map(|p| (p.name().into_owned(), p.value().into_owned())).collect();
    // A realm's control characters become spaces when it is built.
    let spaced = |realm: &str| realm.replace(char::is_control, " ");
    assert_eq!(header.realm().map(spaced), again.realm().map(spaced));
    // A name that reads "realm" only after decoding is a parameter that cannot be built again.
    if pairs.iter().all(|(n, _)| !n.is_empty() && !n.eq_ignore_ascii_case(b"realm")) {
        assert_eq!(pairs, pairs_again);
    }
});

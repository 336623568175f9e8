//! What is accepted as a URI has a normal form that is its own normal form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth1_core::{BaseStringUri, SignatureBaseString, SignableRequest, percent_encoding::encode};

fuzz_target!(|text: &str| {
    let Ok(uri) = BaseStringUri::parse(text) else { return };
    let normal = uri.to_string();
    let again = BaseStringUri::parse(&normal).expect("a normal form parses");
    assert_eq!(again.to_string(), normal);
    assert!(!normal.contains(['?', '#', ' ']) && normal.is_ascii());
    // Display and the base string are written by different code.
    let base = SignatureBaseString::new("GET", &uri, []);
    assert_eq!(base.as_str(), format!("GET&{}&", encode(&normal)));
    let request = SignableRequest::new("GET", text).expect("the same text");
    assert_eq!(request.uri(), &uri);
});

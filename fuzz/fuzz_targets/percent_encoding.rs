//! Decoding never panics, and what is encoded decodes to what it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth1_core::percent_encoding::{decode, decode_form, encode};

fuzz_target!(|data: &[u8]| {
    let encoded = encode(data);
    assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
    assert_eq!(&*decode(encoded.as_bytes()).expect("an encoding decodes"), data);
    assert_eq!(&*decode_form(encoded.as_bytes()).expect("an encoding decodes"), data);
    match decode(data) {
        Ok(decoded) => assert!(decoded.len() <= data.len()),
        Err(error) => {
            assert_eq!(data[error.at], b'%');
            let digits = data.get(error.at + 1..error.at + 3);
            assert!(!digits.is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit)));
        }
    }
    assert_eq!(decode(data).is_ok(), decode_form(data).is_ok());
});

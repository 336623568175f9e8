//! A whole request: nothing panics, and a signature is accepted only if it is the one that the
//! base string and the key make.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth1_core::{
    Limits, PresentedRequest, SharedSecret, SignableBody, SignableRequest, SignatureMethod,
    SigningKey, VerificationKey,
};

fuzz_target!(|input: (u8, &str, &str, &[u8], Option<&[u8]>, Option<&[u8]>, &[u8])| {
    let (choice, method, url, query, first, second, body) = input;
    let content_type = (choice & 1 == 0).then_some("application/x-www-form-urlencoded");
    let Ok(request) = SignableRequest::new(method, url) else { return };
    let request = if choice & 2 == 0 {
        SignableRequest::from_parts(method, *request.uri(), query)
    } else {
        request
    };
    let request = request.with_body(SignableBody::of(content_type, body));
    let headers: Vec<&[u8]> = first.into_iter().chain(second).collect();
    let presented = match PresentedRequest::parse(&request, &headers, Limits::default()) {
        Ok(Some(presented)) => presented,
        Ok(None) => return,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let secret = SharedSecret::new("secret");
    let explanation = presented.explain();
    assert_eq!(explanation.base_string(), &presented.base_string());
    assert!(explanation.to_string().contains(explanation.base_string().as_str()));
    let _ = presented.verify_body_hash();
    for method in SignatureMethod::ALL {
        let Some(key) = VerificationKey::shared(method, &secret, Some(&secret)) else { continue };
        let verified = presented.verify_signature(&key).is_ok();
        if verified {
            let key = SigningKey::shared(method, &secret, Some(&secret)).expect("a shared method");
            let signature = key.sign(presented.base_string().as_str().as_bytes()).expect("signed");
            assert_eq!(method, presented.signature_method());
            let parts = [headers.concat(), request.query().to_vec(), body.to_vec()].concat();
            // A body that is no form may hold what does not decode.
            if let Ok(decoded) = oauth1_core::percent_encoding::decode(&parts) {
                assert!(String::from_utf8_lossy(&decoded).contains(signature.as_str()));
            }
        }
    }
});

//! The search for mistakes: nothing panics, and what is said to be right is what verifies.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth1_core::{
    Limits, PresentedRequest, SharedSecret, SignableBody, SignableRequest, VerificationKey,
    diagnose::{Suspect, Surroundings},
};

fuzz_target!(|input: (u8, &str, &str, &str, &str, &[u8])| {
    let (choice, method, url, header, host, body) = input;
    let content_type = (choice & 1 == 0).then_some("application/x-www-form-urlencoded");
    let Ok(request) = SignableRequest::new(method, url) else { return };
    let request = request.with_body(SignableBody::of(content_type, body));
    // Most that is found at random is no header: this one is, but for its end.
    let header = format!(
        "OAuth oauth_consumer_key=\"k\", oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"1\", oauth_nonce=\"n\", oauth_signature=\"AAAA\"{header}"
    );
    let headers = [header.as_bytes()];
    let Ok(Some(presented)) = PresentedRequest::parse(&request, &headers, Limits::default()) else {
        return;
    };
    let surroundings = Surroundings::of_headers([("X-Forwarded-Host", host)]).with_url(url);
    let suspect = Suspect::of(&presented, &headers).with_surroundings(surroundings);
    let suspect = if choice & 2 == 0 { suspect.singly() } else { suspect };
    let secret = SharedSecret::new("secret");
    let diagnosis = suspect.by_secrets(&secret, Some(&secret));
    assert!(!diagnosis.to_string().is_empty());
    let key = VerificationKey::shared(presented.signature_method(), &secret, Some(&secret));
    let verified = key.is_some_and(|key| presented.verify_signature(&key).is_ok());
    assert_eq!(diagnosis.is_right(), verified);
    // The base string that is right makes no mistake.
    let base = presented.base_string();
    assert!(suspect.by_base_string(base.as_str()).is_right());
});

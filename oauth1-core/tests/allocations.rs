//! Heap allocations on the signing and verifying path.
#![allow(clippy::unwrap_used)]

use allocation_counter::measure;
use oauth1_core::{
    ClientCredentials, Limits, Nonce, PresentedRequest, SharedSecret, SignableBody,
    SignableRequest, SignatureMethod, Signer, Stamp, Timestamp, TokenCredentials, VerificationKey,
};

const URL: &str = "https://api.twitter.com/1.1/statuses/update.json?include_entities=true";
const FORMS: [&str; 2] = [
    "status=Hello%20Ladies%20%2B%20Gentlemen%2C%20a%20signed%20OAuth%20request%21",
    // As browsers and HTTP libraries encode it: no value is in the form that is signed.
    "status=Hello+Ladies+%2b+Gentlemen%2c+a+signed+OAuth+request!",
];

fn request(form: &str) -> SignableRequest<'_> {
    let content_type = Some("application/x-www-form-urlencoded");
    SignableRequest::new("POST", URL)
        .unwrap()
        .with_body(SignableBody::of(content_type, form.as_bytes()))
}

#[test]
fn signing_allocates_the_header() {
    let signer = Signer::new(ClientCredentials::new("client", "secret"))
        .with_token(TokenCredentials::new("token", "secret"));
    let stamp = Stamp::new(Nonce::new("nonce").unwrap(), Timestamp::parse("1318622958").unwrap());
    for form in FORMS {
        let request = request(form);
        let mut header = None;
        let counted = measure(|| header = Some(signer.authorize_at(&request, &stamp)));
        assert!(header.unwrap().is_ok());
        assert_eq!(counted.count_total, 1, "{form}");
        let prepared = signer.prepare(&request).unwrap();
        let mut header = None;
        let counted = measure(|| header = Some(prepared.authorize_at(&stamp)));
        assert!(header.unwrap().is_ok());
        assert_eq!(counted.count_total, 1, "{form}");
    }
}

#[test]
fn a_random_stamp_allocates_nothing() {
    let mut stamp = None;
    let counted = measure(|| stamp = Some(Stamp::now()));
    assert!(stamp.unwrap().is_ok());
    assert_eq!(counted.count_total, 0);
}

#[test]
fn verifying_allocates_what_it_found() {
    let signer = Signer::new(ClientCredentials::new("client", "secret"))
        .with_token(TokenCredentials::new("token", "secret"));
    let secret = SharedSecret::new("secret");
    let key = VerificationKey::shared(SignatureMethod::HmacSha1, &secret, Some(&secret)).unwrap();
    for form in FORMS {
        let request = request(form);
        let header = signer.authorize_at(&request, &Stamp::now().unwrap()).unwrap().into_string();
        let mut verified = None;
        let counted = measure(|| {
            let headers = [header.as_bytes()];
            let presented = PresentedRequest::parse(&request, &headers, Limits::default());
            verified = presented.ok().flatten().map(|p| p.verify_signature(&key));
        });
        assert!(verified.unwrap().is_ok());
        assert_eq!(counted.count_total, 1, "{form}");
    }
}

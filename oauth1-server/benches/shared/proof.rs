//! What a store of nonces asks for.

use oauth1_core::{
    ClientCredentials, Limits, PresentedRequest, SharedSecret, SignableRequest, SignatureMethod,
    SignatureVerified, Signer, Stamp, VerificationKey,
};

/// A proof, made the only way there is: by a signature.
pub(crate) fn proof() -> SignatureVerified {
    let request = SignableRequest::new("GET", "http://a.example/").unwrap();
    let signer = Signer::new(ClientCredentials::new("client", "secret"));
    let header = signer.authorize_at(&request, &Stamp::now().unwrap()).unwrap();
    let header = [header.as_str().as_bytes()];
    let presented = PresentedRequest::parse(&request, &header, Limits::default()).unwrap().unwrap();
    let secret = SharedSecret::new("secret");
    let key = VerificationKey::shared(SignatureMethod::HmacSha1, &secret, None).unwrap();
    presented.verify_signature(&key).unwrap()
}

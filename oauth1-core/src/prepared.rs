//! A signer prepared for one endpoint.
//!
//! Everything in the base string before the nonce stays the same from call to call, so the MAC
//! state after that prefix is kept, and each call hashes only what follows.

use alloc::vec::Vec;
use core::fmt;

use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use crate::{
    parameter_list::ParameterList,
    parameters::Unwritable,
    request::SignableRequest,
    sign::{Authorization, SignError, Signer},
    signature_base_string::WriteBaseString,
    signature_method::{Kind, SigningKey},
    signed::Signed,
    sink::{Sink, mac_of},
    stamp::{Stamp, Written},
    template::Style,
    unsigned::{Unsigned, write_stamp},
};

impl Signer {
    /// Prepares for many calls of the same request, as when polling an endpoint: method, URL,
    /// query and body stay the same, nonce and timestamp change.
    ///
    /// # Errors
    /// [`SignError`], as for signing it.
    ///
    /// ```
    /// use oauth1_core::{ClientCredentials, Nonce, SignableRequest, Signer, Stamp, Timestamp};
    /// let signer = Signer::new(ClientCredentials::new("key", "secret"));
    /// let request = SignableRequest::new("GET", "https://api.example.com/poll?since=1")?;
    /// let prepared = signer.prepare(&request)?;
    /// let stamp = Stamp::new(Nonce::new("n1")?, Timestamp::parse("137131202")?);
    /// assert_eq!(prepared.authorize_at(&stamp)?, signer.authorize_at(&request, &stamp)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn prepare(&self, request: &SignableRequest<'_>) -> Result<PreparedSigner, SignError> {
        let key = self.key()?;
        let mut list = ParameterList::default();
        let unsigned = Unsigned::new(self, request, &mut list)?;
        let (mut prefix, mut suffix) = (Vec::new(), Vec::new());
        unsigned.write_prefix(&mut prefix)?;
        unsigned.write_suffix(&mut suffix)?;
        let body_hash = unsigned.body_hash;
        let prefix = match key.kind() {
            Kind::HmacSha1(key) => Prefix::Sha1(absorbed(key, &prefix)),
            Kind::HmacSha256(key) => Prefix::Sha256(absorbed(key, &prefix)),
            Kind::HmacSha512(key) => Prefix::Sha512(absorbed(key, &prefix)),
            _ => Prefix::Text(key.clone(), prefix),
        };
        Ok(PreparedSigner { signer: self.clone(), prefix, suffix, body_hash })
    }
}

fn absorbed<M: Mac + Clone>(key: &M, prefix: &[u8]) -> M {
    let mut mac = key.clone();
    mac.update(prefix);
    mac
}

/// Signs one request again and again; made by [`Signer::prepare`].
pub struct PreparedSigner {
    signer: Signer,
    prefix: Prefix,
    suffix: Vec<u8>,
    body_hash: Option<alloc::string::String>,
}

enum Prefix {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha512(Hmac<Sha512>),
    Text(SigningKey, Vec<u8>),
}

impl PreparedSigner {
    /// Signs the request under a new stamp.
    ///
    /// # Errors
    /// [`SignError::Rsa`], with an RSA key only.
    pub fn authorize_at(&self, stamp: &Stamp) -> Result<Authorization, SignError> {
        let stamp = stamp.written();
        let rest = Rest { prepared: self, stamp: &stamp };
        let header = |signed: Signed<'_>| {
            let body_hash = self.body_hash.as_deref();
            self.signer.template().write(Style::Header, &stamp, body_hash, signed)
        };
        Ok(Authorization(match &self.prefix {
            Prefix::Sha1(mac) => header(Signed::Octets(&mac_of(mac, &rest)?)),
            Prefix::Sha256(mac) => header(Signed::Octets(&mac_of(mac, &rest)?)),
            Prefix::Sha512(mac) => header(Signed::Octets(&mac_of(mac, &rest)?)),
            Prefix::Text(key, prefix) => key.sign_base_string(&Whole { prefix, rest }, header)?,
        }))
    }
}

impl fmt::Debug for PreparedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedSigner").field("signer", &self.signer).finish_non_exhaustive()
    }
}

struct Rest<'a> {
    prepared: &'a PreparedSigner,
    stamp: &'a Written<'a>,
}

impl WriteBaseString for Rest<'_> {
    #[inline(always)]
    fn write<S: Sink>(&self, out: &mut S) -> Result<(), Unwritable> {
        write_stamp(out, self.stamp, &self.prepared.signer.template().base_string()[1]);
        out.put(&self.prepared.suffix);
        Ok(())
    }
}

struct Whole<'a> {
    prefix: &'a [u8],
    rest: Rest<'a>,
}

impl WriteBaseString for Whole<'_> {
    #[inline(always)]
    fn write<S: Sink>(&self, out: &mut S) -> Result<(), Unwritable> {
        out.put(self.prefix);
        self.rest.write(out)
    }
}

//! Signing `http::Request` in place, with the feature `http`.

use alloc::string::String;

use http::{HeaderValue, Request, header};

use crate::{
    base_string_uri::{BaseStringUri, Scheme, UriError},
    request::{SignableBody, SignableRequest},
    sign::{Authorization, SignError, Signer},
    stamp::Stamp,
};

impl Authorization {
    /// As a header value that is marked sensitive, so that HTTP libraries do not print it.
    ///
    /// # Errors
    /// [`SignError::HeaderValue`] if the realm has characters that no header can hold.
    pub fn to_header_value(&self) -> Result<HeaderValue, SignError> {
        let mut value =
            HeaderValue::from_bytes(self.as_bytes()).map_err(|_| SignError::HeaderValue)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl<'a> SignableRequest<'a> {
    /// Views an `http::Request` whose URI is absolute.
    ///
    /// A `Host` header, if there is one, takes the place of the URI's authority
    /// (section 3.4.1.2, 2).
    ///
    /// # Errors
    /// [`UriError`] if the URI has no scheme or host, or the `Host` header is malformed.
    pub fn of_http<B: AsRef<[u8]>>(request: &'a Request<B>) -> Result<Self, UriError> {
        let uri = request.uri();
        let scheme = match uri.scheme_str() {
            Some("http") => Scheme::Http,
            Some("https") => Scheme::Https,
            Some(_) => return Err(UriError::Scheme),
            None => return Err(UriError::NotAbsolute),
        };
        let authority = match request.headers().get(header::HOST) {
            Some(host) => host.to_str().map_err(|_| UriError::Host)?,
            None => {
                let authority = uri.authority().ok_or(UriError::Host)?.as_str();
                authority.rsplit_once('@').map_or(authority, |(_, host)| host)
            }
        };
        let base = BaseStringUri::new(scheme, authority, uri.path())?;
        let content_type =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Ok(Self::from_parts(request.method().as_str(), base, uri.query().unwrap_or("").as_bytes())
            .with_body(SignableBody::of(content_type, request.body().as_ref())))
    }
}

impl Signer {
    /// Signs a request and puts the `Authorization` header into it, in place of any that was
    /// there. URI, headers and body must be what will be sent.
    ///
    /// # Errors
    /// [`SignError`]; the request is unchanged.
    ///
    /// ```
    /// use oauth1_core::{ClientCredentials, Signer, TokenCredentials};
    /// let signer = Signer::new(ClientCredentials::new("app-key", "app-secret"))
    ///     .with_token(TokenCredentials::new("access-token", "token-secret"));
    /// let mut request = http::Request::get("https://api.example.com/1/me?full=1").body("")?;
    /// signer.sign(&mut request)?;
    /// assert!(request.headers()["authorization"].is_sensitive());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(all(feature = "std", feature = "random"))]
    pub fn sign<B: AsRef<[u8]>>(&self, request: &mut Request<B>) -> Result<(), SignError> {
        self.sign_at(request, &Stamp::now()?)
    }

    /// Like [`Signer::sign`], with a stamp of the caller's.
    ///
    /// # Errors
    /// [`SignError`]; the request is unchanged.
    pub fn sign_at<B: AsRef<[u8]>>(
        &self,
        request: &mut Request<B>,
        stamp: &Stamp,
    ) -> Result<(), SignError> {
        let signable = SignableRequest::of_http(request)?;
        let value = self.authorize_at(&signable, stamp)?.to_header_value()?;
        request.headers_mut().insert(header::AUTHORIZATION, value);
        Ok(())
    }
}

/// For the value of the header, without copying it.
impl From<Authorization> for String {
    fn from(authorization: Authorization) -> Self {
        authorization.into_string()
    }
}

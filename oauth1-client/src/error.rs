//! Errors, one enum for each decision a caller has to make. None of them repeats a URL, a header
//! or a secret.

use oauth1_core::base_string_uri::UriError;

/// Why a request was not signed. It is as it was before.
///
/// ```
/// use oauth1_client::{ClientCredentials, SignError, Signer, sign};
///
/// let url = "https://user:password@api.example.com/".parse()?;
/// let mut request = reqwest::Request::new(reqwest::Method::GET, url);
/// let signer = Signer::new(ClientCredentials::new("app-key", "app-secret"));
/// assert!(matches!(sign(&mut request, &signer), Err(SignError::UserInfo)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// reqwest could not build the request.
    #[error("the request could not be built: {}", cause(.0))]
    Build(#[source] reqwest::Error),
    /// The URL has a user name or a password. They would become Basic authentication, in the
    /// header that the signature needs.
    #[error(
        "the URL holds a user name or password, which stand in the same Authorization header as the signature; remove them from the URL"
    )]
    UserInfo,
    /// The body is form-encoded and a stream, so that its parameters cannot be signed.
    #[error(
        "the form-encoded body is a stream: buffer it, its parameters are part of the signature (RFC 5849 section 3.4.1.3.1)"
    )]
    StreamedForm,
    /// Protocol parameters were to go into the body of a request that has none.
    #[error(
        "a GET or HEAD request has no body to carry the oauth_ parameters: send them in the header or the query (RFC 5849 section 3.5.2)"
    )]
    NoBody,
    /// The protocol itself says no.
    #[error(transparent)]
    Protocol(#[from] oauth1_core::SignError),
}

impl From<UriError> for SignError {
    fn from(error: UriError) -> Self {
        Self::Protocol(error.into())
    }
}

/// Why there is no response.
///
/// ```no_run
/// # async fn run(client: oauth1_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use oauth1_client::SendError;
///
/// match client.send(client.http().get("https://api.example.com/1/me")).await {
///     Ok(response) => println!("{}", response.status()),
///     Err(SendError::Http(error)) if error.is_timeout() => println!("try again later"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The request was not signed, and not sent.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The network failed, or the time was up.
    #[error("the request failed: {}", cause(.0))]
    Http(#[source] reqwest::Error),
    /// The server redirects to where a signed request does not follow.
    #[error(transparent)]
    Redirect(#[from] RedirectError),
}

/// Why a redirect was not followed.
///
/// ```no_run
/// # async fn run(client: oauth1_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use oauth1_client::{RedirectError, SendError};
///
/// let request = client.http().get("https://api.example.com/1/me");
/// if let Err(SendError::Redirect(RedirectError::OtherOrigin { origin })) = client.send(request).await {
///     println!("it has moved to {origin}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// It leads to another origin. Nothing was sent there.
    #[error(
        "the server redirects to another origin, {origin}: not followed, for credentials are given to one origin only; if you trust it, sign a request to it yourself"
    )]
    OtherOrigin {
        /// Scheme, host and port it leads to; never its path or query.
        origin: String,
    },
    /// `Location` is no URL.
    #[error("the server redirects, but its Location header is no URL")]
    Location,
    /// The body would have to be sent again, but it was a stream.
    #[error(
        "the server redirects and wants the body again, but it was a stream: buffer it, or send to the new address"
    )]
    Body,
    /// More than ten redirects.
    #[error("the server redirected more than {0} times")]
    TooMany(usize),
}

/// The innermost reason: reqwest's own text only names the stage.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if error.is_timeout() {
        return "no answer in time".into();
    }
    innermost.to_string()
}

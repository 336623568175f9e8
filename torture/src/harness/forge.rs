//! Signed requests by number: the same number, time and keys give the same octets, so a request is
//! replayed verbatim without having been kept.

use oauth1_core::{
    ClientCredentials, Nonce, SignableRequest, Signer, Stamp, Timestamp, TokenCredentials,
};

/// The four values of one client.
#[derive(Clone, Debug)]
pub struct Keys {
    /// App key and app secret.
    pub client: ClientCredentials,
    /// Access token and token secret.
    pub token: TokenCredentials,
}

/// Makes requests for one client.
#[derive(Debug)]
pub struct Forge {
    signer: Signer,
    run: u64,
    client: String,
}

/// Which request: its nonce is made of the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// Different for each request of a run.
    pub number: u64,
    /// Seconds since 1970.
    pub timestamp: u64,
}

impl Forge {
    /// Requests of these keys; nonces start with the number of the run.
    #[must_use]
    pub fn new(keys: &Keys, run: u64) -> Self {
        let signer = Signer::new(keys.client.clone()).with_token(keys.token.clone());
        Self { signer, run, client: keys.client.identifier().to_owned() }
    }

    /// The client that signs.
    #[must_use]
    pub fn client(&self) -> &str {
        &self.client
    }

    /// `GET /echo`, as octets on the wire.
    ///
    /// # Errors
    /// What cannot be signed, such as a timestamp of 0.
    pub fn request(&self, ticket: Ticket) -> Result<Vec<u8>, String> {
        let mut octets = Vec::with_capacity(512);
        self.write(ticket, &mut octets)?;
        Ok(octets)
    }

    /// Appends the request to what is there.
    ///
    /// # Errors
    /// What cannot be signed, such as a timestamp of 0.
    pub fn write(&self, ticket: Ticket, octets: &mut Vec<u8>) -> Result<(), String> {
        let authorization = self.authorization("GET", "/echo", ticket)?;
        octets.extend_from_slice(b"GET /echo HTTP/1.1\r\nHost: ");
        octets.extend_from_slice(HOST.as_bytes());
        octets.extend_from_slice(b"\r\nAuthorization: ");
        octets.extend_from_slice(authorization.as_bytes());
        octets.extend_from_slice(b"\r\n\r\n");
        Ok(())
    }

    /// The value of `Authorization` for a request without a form.
    ///
    /// # Errors
    /// What cannot be signed, such as a timestamp of 0.
    pub fn authorization(
        &self,
        method: &str,
        path: &str,
        ticket: Ticket,
    ) -> Result<String, String> {
        let url = format!("http://{HOST}{path}");
        let request = SignableRequest::new(method, &url).map_err(|error| error.to_string())?;
        let nonce = Nonce::new(format!("{:x}-{:x}", self.run, ticket.number));
        let nonce = nonce.map_err(|error| error.to_string())?;
        let timestamp = Timestamp::from_seconds(ticket.timestamp).ok_or("no such time")?;
        self.signer
            .authorize_at(&request, &Stamp::new(nonce, timestamp))
            .map(|authorization| authorization.as_str().to_owned())
            .map_err(|error| error.to_string())
    }
}

/// The host that every request names, whatever address it goes to.
pub const HOST: &str = "api.example.com";

/// Seconds since 1970.
#[must_use]
pub fn now() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

//! Providers of OAuth 1.0a APIs: where their endpoints are, and where they differ from RFC 5849.
//!
//! The table is data, and sends nothing. Each row names pages that say what it says; a provider
//! that changes its mind is ahead of this table, so believe those pages first.
//!
//! ```
//! use oauth1_client::providers::{Provider, Quirk};
//!
//! let flickr = Provider::find("Flickr").expect("it is in the table");
//! assert_eq!(flickr.token, Some("https://www.flickr.com/services/oauth/access_token"));
//! assert!(!flickr.has(Quirk::CallbackNotConfirmed));
//! ```

mod business;
mod communities;
mod sites;
mod tools;

/// A provider of an OAuth 1.0a API.
///
/// In its URLs, `{site}` stands for the address of one's installation (scheme, host and perhaps a
/// path, without a slash at the end), and `{account}` for the ID of one's account as host names
/// have it: in lower case, with `-`.
///
/// ```
/// use oauth1_client::providers::{Provider, Quirk};
///
/// let trello = Provider::find("trello").ok_or("it is in the table")?;
/// println!("{}: {}", trello.title, trello.notes);
/// let awake = Provider::all().iter().filter(|provider| !provider.has(Quirk::NoVerifier));
/// assert!(awake.count() > 20);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provider {
    /// By which [`Provider::find`] knows it: lower case letters, digits and `-`.
    pub name: &'static str,
    /// By which people know it.
    pub title: &'static str,
    /// Where temporary credentials are asked for (section 2.1). `None`, as are the next two, where
    /// the token is made by hand in a console, or there is none.
    pub initiate: Option<&'static str>,
    /// Where resource owners are sent (section 2.2).
    pub authorize: Option<&'static str>,
    /// Where token credentials are asked for (section 2.3).
    pub token: Option<&'static str>,
    /// Where a signed `GET` shows whether credentials are good, and changes nothing.
    pub check: Option<&'static str>,
    /// Values of `oauth_signature_method` that it takes (section 3.4); the first is the one to use.
    pub signature_methods: &'static [&'static str],
    /// Where it differs from RFC 5849, or asks for more.
    pub quirks: &'static [Quirk],
    /// What people should know before they begin, in a sentence or two.
    pub notes: &'static str,
    /// Pages that say so.
    pub sources: &'static [&'static str],
}

/// A way in which a provider differs from RFC 5849, or asks for more.
///
/// ```
/// use oauth1_client::providers::{Provider, Quirk};
///
/// let asked = Provider::all().iter().filter(|provider| provider.has(Quirk::GetForTokens));
/// for provider in asked {
///     println!("{} is asked with GET", provider.title);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quirk {
    /// The answer with temporary credentials lacks `oauth_callback_confirmed=true` (section 2.1).
    /// A client that insists on it never gets further; one that does not cannot tell whether its
    /// callback was taken.
    CallbackNotConfirmed,
    /// Both token endpoints are asked with `GET`. `POST` may be refused, or its signature.
    GetForTokens,
    /// Where the browser returns to is agreed on with the key, and `oauth_callback` is `oob`.
    /// Another value is refused, but for what the notes say.
    CallbackByConsole,
    /// The callback is sent to the authorization endpoint, as `oauth_callback` (OAuth Core 1.0).
    /// Without it there, the browser does not come back.
    CallbackAtAuthorize,
    /// There is no verification code (OAuth Core 1.0): nobody brings one, so who waits for one
    /// waits forever. Who began a flow can finish it with somebody else's approval; a client must
    /// make sure by itself that both are the same person.
    NoVerifier,
    /// Verification codes are not shown: `oob` is refused, a callback is needed.
    NoOutOfBand,
    /// The authorization endpoint knows `oauth_token` by this name. Without it, the page is an
    /// error.
    TokenParameter(&'static str),
    /// The authorization endpoint wants the client identifier besides, by this name. Without it,
    /// the page may be an error.
    KeyParameter(&'static str),
    /// The authorization endpoint takes this parameter; the second text says what it means.
    /// Without it, the resource owner grants what is the default.
    AuthorizeParameter(&'static str, &'static str),
    /// The request for temporary credentials takes this parameter in its form; the second text
    /// says what it means. Without it, the token may do less than what is wanted.
    InitiateParameter(&'static str, &'static str),
    /// The `Authorization` header has this `realm` (section 3.5.1). `{url}` stands for the URL of
    /// the request without its query, and `{ACCOUNT}` for the ID of one's account in upper case,
    /// with `_`. Without it, requests are refused.
    Realm(&'static str),
    /// A token that has gone to sleep is woken by a `GET` of this URL, signed with it. Without
    /// that, the resource owner is asked again.
    Renew(&'static str),
    /// The token is an API key that requests carry as the provider says, unsigned. A signature
    /// lets nobody in.
    TokenIsApiKey,
    /// Requests are signed with client credentials alone. There is no token to ask for.
    ClientAlone,
    /// Requests with a body that is no form have its hash in `oauth_body_hash`. Without it, they
    /// are refused.
    BodyHash,
    /// Requests have a `User-Agent` that names the client. Without it, they may be refused.
    UserAgent,
    /// `oauth_version` is left out. With it, the signature may be refused.
    NoVersion,
    /// The protocol parameters go to the query (section 3.5.3), since the `Authorization` header
    /// may not arrive.
    InQuery,
}

static ALL: &[Provider] = &[
    business::BRICKLINK,
    business::CARDMARKET,
    business::ETRADE,
    business::LIVEPERSON,
    business::MAGENTO,
    business::MASTERCARD,
    business::NETSUITE,
    business::WOOCOMMERCE,
    communities::DISCOGS,
    communities::FLICKR,
    communities::HATENA,
    communities::PLURK,
    communities::SMUGMUG,
    communities::TUMBLR,
    communities::X,
    sites::BITBUCKET_DATA_CENTER,
    sites::JIRA,
    sites::MEDIAWIKI,
    sites::OPENCACHING,
    sites::USOS,
    sites::WIKIMEDIA,
    sites::WORDPRESS,
    tools::EVERNOTE,
    tools::FATSECRET,
    tools::GARMIN,
    tools::LAUNCHPAD,
    tools::SCHOOLOGY,
    tools::TELLDUS,
    tools::TRELLO,
    tools::ZOTERO,
];

impl Provider {
    /// All providers, in no order that means anything.
    #[must_use]
    pub fn all() -> &'static [Self] {
        ALL
    }

    /// The provider of this name, in upper or lower case.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|provider| provider.name.eq_ignore_ascii_case(name))
    }

    /// Whether it has this very quirk; one with a value, only with that value.
    #[must_use]
    pub fn has(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }
}

#[cfg(test)]
mod tests;

//! Where people publish, collect and talk.

use super::{Provider, Quirk};

pub(super) const DISCOGS: Provider = Provider {
    name: "discogs",
    title: "Discogs",
    initiate: Some("https://api.discogs.com/oauth/request_token"),
    authorize: Some("https://www.discogs.com/oauth/authorize"),
    token: Some("https://api.discogs.com/oauth/access_token"),
    check: Some("https://api.discogs.com/oauth/identity"),
    signature_methods: &["HMAC-SHA1", "PLAINTEXT"],
    quirks: &[Quirk::UserAgent],
    notes: "Name your app in User-Agent, or requests are refused.",
    sources: &[
        "https://www.discogs.com/developers",
        "https://github.com/joalla/discogs_client/blob/master/discogs_client/client.py",
        "https://github.com/chillerlan/php-oauth/blob/main/src/Providers/Discogs.php",
    ],
};

pub(super) const FLICKR: Provider = Provider {
    name: "flickr",
    title: "Flickr",
    initiate: Some("https://www.flickr.com/services/oauth/request_token"),
    authorize: Some("https://www.flickr.com/services/oauth/authorize"),
    token: Some("https://www.flickr.com/services/oauth/access_token"),
    check: Some(
        "https://api.flickr.com/services/rest?method=flickr.test.login&format=json&nojsoncallback=1",
    ),
    signature_methods: &["HMAC-SHA1"],
    quirks: &[Quirk::AuthorizeParameter(
        "perms",
        "read, write or delete; without it, what the app is set to",
    )],
    notes: "A token may do what `perms` said when it was granted.",
    sources: &[
        "https://www.flickr.com/services/api/auth.oauth.html",
        "https://github.com/scribejava/scribejava/blob/master/scribejava-apis/src/main/java/com/github/scribejava/apis/FlickrApi.java",
        "https://github.com/chillerlan/php-oauth/blob/main/src/Providers/Flickr.php",
    ],
};

pub(super) const HATENA: Provider = Provider {
    name: "hatena",
    title: "Hatena",
    initiate: Some("https://www.hatena.com/oauth/initiate"),
    authorize: Some("https://www.hatena.ne.jp/oauth/authorize"),
    token: Some("https://www.hatena.com/oauth/token"),
    // The one that is documented, http://n.hatena.com/applications/my.json, is not encrypted.
    check: None,
    signature_methods: &["HMAC-SHA1"],
    quirks: &[Quirk::InitiateParameter(
        "scope",
        "read_public, write_public, read_private and write_private, between commas",
    )],
    notes: "A request beyond the scope of its token is refused with oauth_problem=additional_authorization_required.",
    sources: &[
        "https://developer.hatena.ne.jp/ja/documents/auth/apis/oauth/consumer/",
        "http://ytyaru.hatenablog.com/entry/2017/05/11/000000",
    ],
};

pub(super) const PLURK: Provider = Provider {
    name: "plurk",
    title: "Plurk",
    initiate: Some("https://www.plurk.com/OAuth/request_token"),
    authorize: Some("https://www.plurk.com/OAuth/authorize"),
    token: Some("https://www.plurk.com/OAuth/access_token"),
    check: Some("https://www.plurk.com/APP/Users/me"),
    signature_methods: &["HMAC-SHA1"],
    quirks: &[
        Quirk::AuthorizeParameter("deviceid", "tells devices apart: at most 32 characters"),
        Quirk::AuthorizeParameter("model", "the name of the device, for people"),
    ],
    notes: "Send the protocol parameters in the Authorization header.",
    sources: &[
        "https://www.plurk.com/API",
        "https://github.com/scribejava/scribejava/blob/master/scribejava-apis/src/main/java/com/github/scribejava/apis/PlurkApi.java",
    ],
};

pub(super) const SMUGMUG: Provider = Provider {
    name: "smugmug",
    title: "SmugMug",
    initiate: Some("https://api.smugmug.com/services/oauth/1.0a/getRequestToken"),
    authorize: Some("https://api.smugmug.com/services/oauth/1.0a/authorize"),
    token: Some("https://api.smugmug.com/services/oauth/1.0a/getAccessToken"),
    check: Some("https://api.smugmug.com/api/v2!authuser"),
    signature_methods: &["HMAC-SHA1", "PLAINTEXT"],
    quirks: &[
        Quirk::AuthorizeParameter("Access", "Public (the default) or Full"),
        Quirk::AuthorizeParameter("Permissions", "Read (the default), Add or Modify"),
    ],
    notes: "Temporary credentials end after 5 minutes. Send `Accept: application/json` to the API, which has pages for people too.",
    sources: &[
        "https://api.smugmug.com/api/v2/doc/tutorial/authorization.html",
        "https://api.smugmug.com/api/v2/doc/reference/user.html",
        "https://api.smugmug.com/api/v2/doc/advanced/overrides.html",
    ],
};

pub(super) const TUMBLR: Provider = Provider {
    name: "tumblr",
    title: "Tumblr",
    initiate: Some("https://www.tumblr.com/oauth/request_token"),
    authorize: Some("https://www.tumblr.com/oauth/authorize"),
    token: Some("https://www.tumblr.com/oauth/access_token"),
    check: Some("https://api.tumblr.com/v2/user/info"),
    signature_methods: &["HMAC-SHA1"],
    quirks: &[Quirk::NoOutOfBand, Quirk::UserAgent],
    notes: "Name your app in User-Agent, and send `Content-Length: 0` with an empty POST.",
    sources: &[
        "https://github.com/tumblr/docs/blob/master/api.md",
        "https://github.com/chillerlan/php-oauth/blob/main/src/Core/OAuth1Provider.php",
        "https://github.com/scribejava/scribejava/blob/master/scribejava-apis/src/test/java/com/github/scribejava/apis/examples/TumblrExample.java",
    ],
};

pub(super) const X: Provider = Provider {
    name: "x",
    title: "X (Twitter)",
    initiate: Some("https://api.x.com/oauth/request_token"),
    authorize: Some("https://api.x.com/oauth/authorize"),
    token: Some("https://api.x.com/oauth/access_token"),
    check: Some("https://api.x.com/2/users/me"),
    signature_methods: &["HMAC-SHA1"],
    quirks: &[],
    notes: "The app's settings must list the callback, and one even where a PIN is shown (oob). Tokens do not end by themselves.",
    sources: &[
        "https://docs.x.com/fundamentals/authentication/api-reference",
        "https://docs.x.com/fundamentals/authentication/oauth-1-0a/pin-based-oauth",
        "https://docs.x.com/x-api/users/lookup/quickstart/authenticated-lookup",
    ],
};

//! What people work, learn and live with.

use super::{Provider, Quirk};

pub(super) const EVERNOTE: Provider = Provider {
    name: "evernote",
    title: "Evernote",
    initiate: Some("https://www.evernote.com/oauth"),
    authorize: Some("https://www.evernote.com/OAuth.action"),
    token: Some("https://www.evernote.com/oauth"),
    check: None,
    signature_methods: &["HMAC-SHA1", "PLAINTEXT"],
    quirks: &[Quirk::GetForTokens, Quirk::TokenIsApiKey],
    notes: "The token has an empty secret, and goes into each call of the Thrift API.",
    sources: &[
        "https://dev.evernote.com/doc/articles/authentication.php",
        "https://github.com/python-social-auth/social-core/blob/master/social_core/backends/evernote.py",
    ],
};

pub(super) const FATSECRET: Provider = Provider {
    name: "fatsecret",
    title: "FatSecret",
    initiate: Some("https://authentication.fatsecret.com/oauth/request_token"),
    authorize: Some("https://authentication.fatsecret.com/oauth/authorize"),
    token: Some("https://authentication.fatsecret.com/oauth/access_token"),
    check: None,
    signature_methods: &["HMAC-SHA1"],
    quirks: &[],
    notes: "Keep oauth_version=1.0 and timestamps that do not go back: both are checked.",
    sources: &[
        "https://platform.fatsecret.com/docs/guides/authentication/oauth1/three-legged",
        "https://platform.fatsecret.com/docs/guides/authentication/oauth1",
    ],
};

pub(super) const GARMIN: Provider = Provider {
    name: "garmin",
    title: "Garmin Connect",
    initiate: Some("https://connectapi.garmin.com/oauth-service/oauth/request_token"),
    authorize: Some("https://connect.garmin.com/oauthConfirm"),
    token: Some("https://connectapi.garmin.com/oauth-service/oauth/access_token"),
    check: None,
    signature_methods: &["HMAC-SHA1"],
    quirks: &[],
    // as of 2026-08
    notes: "New apps get OAuth 2.0 only, and OAuth 1.0a ends on 2026-12-31.",
    sources: &[
        "https://github.com/scribejava/scribejava/blob/master/scribejava-apis/src/main/java/com/github/scribejava/apis/GarminConnectApi.java",
        "https://github.com/RADAR-base/RADAR-Rest-Source-Auth/issues/313",
        "https://github.com/stoufa06/php-garmin-connect-api/issues/23",
        "https://nango.dev/docs/api-integrations/garmin-oauth2",
    ],
};

pub(super) const LAUNCHPAD: Provider = Provider {
    name: "launchpad",
    title: "Launchpad",
    initiate: Some("https://launchpad.net/+request-token"),
    authorize: Some("https://launchpad.net/+authorize-token"),
    token: Some("https://launchpad.net/+access-token"),
    check: None,
    signature_methods: &["PLAINTEXT"],
    quirks: &[Quirk::CallbackNotConfirmed, Quirk::CallbackAtAuthorize, Quirk::NoVerifier],
    notes: "The App key is the name of your program and needs no registration; the App secret is empty. Finish only what the same person began.",
    sources: &[
        "https://documentation.ubuntu.com/launchpad/user/how-to/launchpad-api/launchpad-web-signing",
        "https://github.com/canonical/launchpad-manual/blob/main/docs/user/how-to/launchpad-web-signing.rst",
    ],
};

pub(super) const SCHOOLOGY: Provider = Provider {
    name: "schoology",
    title: "Schoology",
    initiate: Some("https://api.schoology.com/v1/oauth/request_token"),
    authorize: Some("https://app.schoology.com/oauth/authorize"),
    token: Some("https://api.schoology.com/v1/oauth/access_token"),
    check: Some("https://api.schoology.com/v1/app-user-info"),
    signature_methods: &["HMAC-SHA1", "PLAINTEXT"],
    quirks: &[
        Quirk::GetForTokens,
        Quirk::CallbackNotConfirmed,
        Quirk::CallbackAtAuthorize,
        Quirk::NoVerifier,
    ],
    notes: "A school with a host name of its own has its authorization page there. Tokens end after 90 days; finish only what the same person began.",
    sources: &[
        "https://developers.schoology.com/api-documentation/authentication",
        "https://developers.schoology.com/api-documentation/important-api-authentication-update/",
        "https://github.com/ErikBoesen/schoolopy/blob/master/schoolopy/authentication.py",
    ],
};

pub(super) const TELLDUS: Provider = Provider {
    name: "telldus",
    title: "Telldus Live",
    initiate: Some("https://pa-api.telldus.com/oauth/requestToken"),
    authorize: Some("https://pa-api.telldus.com/oauth/authorize"),
    token: Some("https://pa-api.telldus.com/oauth/accessToken"),
    check: Some("https://pa-api.telldus.com/json/user/profile"),
    signature_methods: &["HMAC-SHA1"],
    quirks: &[],
    // as of 2024-10
    notes: "For the switches and sensors of one's own home.",
    sources: &[
        "https://developer.telldus.com/wiki/Guides/Telldus%20Live%20API",
        "https://github.com/mifi/telldus-api/blob/master/index.js",
    ],
};

pub(super) const TRELLO: Provider = Provider {
    name: "trello",
    title: "Trello",
    initiate: Some("https://trello.com/1/OAuthGetRequestToken"),
    authorize: Some("https://trello.com/1/OAuthAuthorizeToken"),
    token: Some("https://trello.com/1/OAuthGetAccessToken"),
    check: Some("https://trello.com/1/members/me"),
    signature_methods: &["HMAC-SHA1"],
    quirks: &[
        Quirk::AuthorizeParameter("name", "the name of the app, for people"),
        Quirk::AuthorizeParameter("scope", "read (the default), write and account, between commas"),
        Quirk::AuthorizeParameter("expiration", "1hour, 1day, 30days (the default) or never"),
    ],
    notes: "A token ends after 30 days unless `expiration` says otherwise.",
    sources: &[
        "https://developer.atlassian.com/cloud/trello/guides/rest-api/authorization/",
        "https://github.com/sarumont/py-trello/blob/master/trello/util.py",
        "https://github.com/python-social-auth/social-core/blob/master/social_core/backends/trello.py",
    ],
};

pub(super) const ZOTERO: Provider = Provider {
    name: "zotero",
    title: "Zotero",
    initiate: Some("https://www.zotero.org/oauth/request"),
    authorize: Some("https://www.zotero.org/oauth/authorize"),
    token: Some("https://www.zotero.org/oauth/access"),
    check: None,
    signature_methods: &["HMAC-SHA1"],
    quirks: &[
        Quirk::TokenIsApiKey,
        Quirk::AuthorizeParameter("name", "the name of the key, for people"),
        Quirk::AuthorizeParameter("library_access", "1 or 0: may read the library"),
        Quirk::AuthorizeParameter("notes_access", "1 or 0: may read notes"),
        Quirk::AuthorizeParameter("write_access", "1 or 0: may change the library"),
        Quirk::AuthorizeParameter("all_groups", "none, read or write: for all groups"),
        Quirk::AuthorizeParameter("identity", "1: no key is made, only who it is"),
    ],
    notes: "OAuth only hands out an API key, with the user's ID and name; API requests carry the key and no signature.",
    sources: &[
        "https://www.zotero.org/support/dev/web_api/v3/oauth",
        "https://zotero.org/support/dev/web_api/v2/oauth",
    ],
};

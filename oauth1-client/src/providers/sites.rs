//! What people install themselves: `{site}` is where.

use super::{Provider, Quirk};

pub(super) const BITBUCKET_DATA_CENTER: Provider = Provider {
    name: "bitbucket-data-center",
    title: "Bitbucket Data Center",
    initiate: Some("{site}/plugins/servlet/oauth/request-token"),
    authorize: Some("{site}/plugins/servlet/oauth/authorize"),
    token: Some("{site}/plugins/servlet/oauth/access-token"),
    check: Some("{site}/plugins/servlet/applinks/whoami"),
    signature_methods: &["RSA-SHA1"],
    quirks: &[],
    notes: "An administrator enters the App key and the public key in an application link.",
    sources: &[
        "https://eclipse.dev/che/docs/next/administration-guide/configuring-oauth-1-for-a-bitbucket-server/",
        "https://github.com/woodpecker-ci/woodpecker/blob/b48b8013df867f0769d7d3e85e18a3424ca9d240/remote/bitbucketserver/internal/client.go",
    ],
};

pub(super) const JIRA: Provider = Provider {
    name: "jira-data-center",
    title: "Jira Data Center",
    initiate: Some("{site}/plugins/servlet/oauth/request-token"),
    authorize: Some("{site}/plugins/servlet/oauth/authorize"),
    token: Some("{site}/plugins/servlet/oauth/access-token"),
    check: Some("{site}/rest/api/2/myself"),
    signature_methods: &["RSA-SHA1"],
    quirks: &[],
    // as of 2025-02
    notes: "An administrator enters the App key and the public key in an application link. Jira Cloud wants OAuth 2.0.",
    sources: &[
        "https://developer.atlassian.com/server/jira/platform/oauth/",
        "https://developer.atlassian.com/server/jira/platform/rest/v10004/api-group-myself",
        "https://developer.atlassian.com/cloud/jira/platform/jira-rest-api-oauth-authentication",
    ],
};

pub(super) const MEDIAWIKI: Provider = Provider {
    name: "mediawiki",
    title: "MediaWiki with the OAuth extension",
    initiate: Some("{site}/index.php?title=Special:OAuth/initiate"),
    authorize: Some("{site}/index.php?title=Special:OAuth/authorize"),
    token: Some("{site}/index.php?title=Special:OAuth/token"),
    check: Some("{site}/index.php?title=Special:OAuth/identify"),
    signature_methods: &["HMAC-SHA1", "RSA-SHA1"],
    quirks: &[Quirk::CallbackByConsole, Quirk::KeyParameter("oauth_consumer_key")],
    notes: "The site is where index.php is, as https://en.wikipedia.org/w. A callback of one's own is taken only if the app was registered with a beginning of it.",
    sources: &[
        "https://www.mediawiki.org/wiki/OAuth/For_Developers",
        "https://github.com/wikimedia/mediawiki-extensions-OAuth/blob/master/src/Backend/MWOAuthServer.php",
        "https://github.com/mediawiki-utilities/python-mwoauth/blob/master/mwoauth/functions.py",
    ],
};

pub(super) const OPENCACHING: Provider = Provider {
    name: "opencaching",
    title: "Opencaching (OKAPI)",
    initiate: Some("{site}/okapi/services/oauth/request_token"),
    authorize: Some("{site}/okapi/services/oauth/authorize"),
    token: Some("{site}/okapi/services/oauth/access_token"),
    check: Some("{site}/okapi/services/users/user?fields=uuid%7Cusername"),
    signature_methods: &["HMAC-SHA1"],
    quirks: &[Quirk::AuthorizeParameter(
        "interactivity",
        "minimal, or confirm_user to ask each time whether it is the right person",
    )],
    notes: "Each country's site, as https://www.opencaching.de, hands out keys of its own.",
    sources: &[
        "https://opencaching.de/okapi/services/oauth/request_token.html",
        "https://opencaching.de/okapi/services/oauth/authorize.html",
        "https://opencaching.de/okapi/services/users/user.html",
    ],
};

pub(super) const USOS: Provider = Provider {
    name: "usos",
    title: "USOS API (Polish universities)",
    initiate: Some("{site}/services/oauth/request_token"),
    authorize: Some("{site}/services/oauth/authorize"),
    token: Some("{site}/services/oauth/access_token"),
    check: Some("{site}/services/users/user"),
    signature_methods: &["HMAC-SHA1"],
    quirks: &[Quirk::InitiateParameter(
        "scopes",
        "what is asked for, such as studies, email and offline_access, between |",
    )],
    notes: "Each university hands out keys of its own.",
    sources: &[
        "https://apps.usos.edu.pl/developers/api/authorization/",
        "https://apps.usos.edu.pl/developers/api/services/oauth/",
    ],
};

pub(super) const WIKIMEDIA: Provider = Provider {
    name: "wikimedia",
    title: "Wikimedia (Wikipedia and its sisters)",
    // With pretty URLs, the signature of the two token endpoints would not be accepted.
    initiate: Some("https://meta.wikimedia.org/w/index.php?title=Special:OAuth/initiate"),
    authorize: Some("https://meta.wikimedia.org/wiki/Special:OAuth/authorize"),
    token: Some("https://meta.wikimedia.org/w/index.php?title=Special:OAuth/token"),
    check: Some("https://meta.wikimedia.org/w/index.php?title=Special:OAuth/identify"),
    signature_methods: &["HMAC-SHA1", "RSA-SHA1"],
    quirks: &[
        Quirk::CallbackByConsole,
        Quirk::KeyParameter("oauth_consumer_key"),
        Quirk::UserAgent,
    ],
    notes: "The answer of Special:OAuth/identify is a JSON Web Token. A callback of one's own is taken only if the app was registered with a beginning of it.",
    sources: &[
        "https://www.mediawiki.org/wiki/OAuth/For_Developers",
        "https://github.com/wikimedia/mediawiki-extensions-OAuth/blob/master/src/Backend/MWOAuthServer.php",
        "https://github.com/wikimedia/mediawiki-extensions-OAuth/blob/master/src/Frontend/SpecialPages/SpecialMWOAuth.php",
        "https://github.com/scribejava/scribejava/blob/master/scribejava-apis/src/main/java/com/github/scribejava/apis/MediaWikiApi.java",
    ],
};

pub(super) const WORDPRESS: Provider = Provider {
    name: "wordpress",
    title: "WordPress with the OAuth 1.0a Server plugin",
    initiate: Some("{site}/oauth1/request"),
    authorize: Some("{site}/oauth1/authorize"),
    token: Some("{site}/oauth1/access"),
    check: Some("{site}/wp-json/wp/v2/users/me"),
    signature_methods: &["HMAC-SHA1"],
    quirks: &[],
    notes: "The callback must be the one that the app was registered with. A site may have moved its endpoints: authentication.oauth1 in its REST index says where.",
    sources: &[
        "https://github.com/WP-API/OAuth1/blob/master/docs/basics/Auth-Flow.md",
        "https://wordpress.org/plugins/rest-api-oauth1/",
        "https://gist.github.com/kosso/71c957e30a40116e5f98",
    ],
};

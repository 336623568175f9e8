//! Shops, accounts and payments.

use super::{Provider, Quirk};

pub(super) const BRICKLINK: Provider = Provider {
    name: "bricklink",
    title: "BrickLink",
    initiate: None,
    authorize: None,
    token: None,
    check: Some("https://api.bricklink.com/api/store/v1/orders?direction=in"),
    signature_methods: &["HMAC-SHA1"],
    quirks: &[],
    notes: "Tokens are made in the seller's console, each for the IP address that it is used from. Keep oauth_version=1.0.",
    sources: &[
        "http://apidev.bricklink.com/redmine/projects/bricklink-api/wiki/Authorization",
        "https://static.bricklink.com/alpha/default/api_wiki.html",
    ],
};

pub(super) const CARDMARKET: Provider = Provider {
    name: "cardmarket",
    title: "Cardmarket",
    initiate: None,
    authorize: None,
    token: None,
    check: Some("https://api.cardmarket.com/ws/v2.0/account"),
    signature_methods: &["HMAC-SHA1"],
    quirks: &[Quirk::Realm("{url}")],
    notes: "Tokens come with a dedicated app of one's account. Apps for other people's accounts have a login of Cardmarket's own, which is not OAuth.",
    sources: &[
        "https://api.cardmarket.com/ws/documentation/API:Auth_OAuthHeader",
        "https://api.cardmarket.com/ws/documentation/API:Auth_Overview",
    ],
};

pub(super) const ETRADE: Provider = Provider {
    name: "etrade",
    title: "E*TRADE",
    initiate: Some("https://api.etrade.com/oauth/request_token"),
    authorize: Some("https://us.etrade.com/e/t/etws/authorize"),
    token: Some("https://api.etrade.com/oauth/access_token"),
    check: Some("https://api.etrade.com/v1/accounts/list"),
    signature_methods: &["HMAC-SHA1"],
    quirks: &[
        Quirk::GetForTokens,
        Quirk::CallbackByConsole,
        // It is confirmed only for keys that have a callback.
        Quirk::CallbackNotConfirmed,
        Quirk::KeyParameter("key"),
        Quirk::TokenParameter("token"),
        Quirk::Renew("https://api.etrade.com/oauth/renew_access_token"),
    ],
    notes: "Temporary credentials end after 5 minutes. A token sleeps after 2 hours without a request, and ends at midnight, US Eastern time.",
    sources: &[
        "https://apisb.etrade.com/docs/api/authorization/request_token.html",
        "https://apisb.etrade.com/docs/api/authorization/authorize.html",
        "https://apisb.etrade.com/docs/api/authorization/get_access_token.html",
        "https://apisb.etrade.com/docs/api/authorization/renew_access_token.html",
        "https://developer.etrade.com/getting-started/developer-guides",
    ],
};

pub(super) const LIVEPERSON: Provider = Provider {
    name: "liveperson",
    title: "LivePerson",
    initiate: None,
    authorize: None,
    token: None,
    check: None,
    signature_methods: &["HMAC-SHA1"],
    quirks: &[],
    notes: "Keys were made in the console, for the site and not for a person. They are read only since 30 September 2025, and OAuth 1.0 was to end on 31 May 2026: ask for OAuth 2.0 credentials. The host depends on the account and the service.",
    sources: &[
        "https://developers.liveperson.com/oauth-1-0-api-keys.html",
        "https://developers.liveperson.com/accessing-liveperson-apis.html",
    ],
};

pub(super) const MAGENTO: Provider = Provider {
    name: "magento",
    title: "Magento 2 / Adobe Commerce",
    initiate: None,
    authorize: None,
    token: None,
    check: None,
    signature_methods: &["HMAC-SHA256", "HMAC-SHA1"],
    quirks: &[],
    notes: "The four values are shown when an integration is activated in Admin, under System, Integrations. Since 2.4.4 only HMAC-SHA256 is taken; sites before that want HMAC-SHA1.",
    sources: &[
        "https://developer.adobe.com/commerce/webapi/get-started/authentication/gs-authentication-oauth",
        "https://github.com/magento/magento2/tree/2.4-develop/lib/internal/Magento/Framework/Oauth/Helper/Signature",
        "https://github.com/nouvak/magento2-rest-client/issues",
        "https://www.cnblogs.com/fengliang/p/18021345",
    ],
};

pub(super) const MASTERCARD: Provider = Provider {
    name: "mastercard",
    title: "Mastercard Developers",
    initiate: None,
    authorize: None,
    token: None,
    check: None,
    signature_methods: &["RSA-SHA256"],
    quirks: &[Quirk::ClientAlone, Quirk::BodyHash],
    notes: "Requests are signed with the private key of a project; there is no token.",
    sources: &[
        "https://developer.mastercard.com/platform/documentation/authentication/using-oauth-1a-to-access-mastercard-apis/",
    ],
};

pub(super) const NETSUITE: Provider = Provider {
    name: "netsuite",
    title: "NetSuite (token-based authentication)",
    initiate: Some("https://{account}.restlets.api.netsuite.com/rest/requesttoken"),
    authorize: Some("https://{account}.app.netsuite.com/app/login/secure/authorizetoken.nl"),
    token: Some("https://{account}.restlets.api.netsuite.com/rest/accesstoken"),
    check: None,
    // HMAC-SHA1 ended with 2023.1.
    signature_methods: &["HMAC-SHA256"],
    quirks: &[Quirk::Realm("{ACCOUNT}")],
    // as of 2026-10
    notes: "The callback must be the one of the integration record. New integrations are possible until 2027.1, and the end is planned for 2028.2.",
    sources: &[
        "https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156338994830.html",
        "https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156536698849.html",
        "https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156537025868.html",
        "https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/subsect_156934879823.html",
        "https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_158921905537.html",
        "https://github.com/netsuitephp/netsuite-php/issues/121",
        "https://www.apideck.com/blog/netsuite-tba-to-oauth-2-migration",
    ],
};

pub(super) const WOOCOMMERCE: Provider = Provider {
    name: "woocommerce",
    title: "WooCommerce",
    initiate: None,
    authorize: None,
    token: None,
    check: Some("{site}/wp-json/wc/v3/orders"),
    signature_methods: &["HMAC-SHA256", "HMAC-SHA1"],
    quirks: &[Quirk::ClientAlone, Quirk::InQuery, Quirk::NoVersion],
    notes: "OAuth is for shops at http only; a shop at https takes the App key and App secret as name and password (Basic). Keys are made in WooCommerce, Settings, Advanced, REST API.",
    sources: &[
        "https://github.com/woocommerce/woocommerce/blob/trunk/docs/apis/rest-api/authentication.mdx",
    ],
};

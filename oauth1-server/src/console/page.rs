//! What every page has: its title, the menu, who is signed in, what has just been done.

use askama::Template;
use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use zeroize::Zeroizing;

use super::{asked::Asked, assets};
use crate::management::Right;

/// What stands around a page.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    pub(crate) title: String,
    pub(crate) who: Option<Who>,
    pub(crate) menu: Vec<Item>,
    /// What was done by the form that led here.
    pub(crate) done: Option<&'static str>,
    pub(crate) css: &'static str,
    pub(crate) js: &'static str,
    /// What a proxy strips of all paths.
    pub(crate) base: String,
    /// Whose page it is.
    pub(crate) brand: String,
    /// Where the mark at the top leads.
    pub(crate) home: String,
    /// Of whoever is signed in.
    pub(crate) links: Vec<(String, &'static str)>,
    /// `None` if signing out is somebody else's affair.
    pub(crate) sign_out: Option<String>,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) account: String,
}

impl Who {
    /// Somebody who grants access: what else he is does not matter.
    pub(crate) fn owner(name: &str) -> Self {
        Self { name: name.to_owned(), role: String::new(), account: String::new() }
    }

    /// For the round mark beside the name.
    pub(crate) fn initial(&self) -> String {
        self.name.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default()
    }
}

/// One line of the menu.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) path: &'static str,
    pub(crate) text: &'static str,
    pub(crate) current: bool,
}

impl Shell {
    pub(in crate::console) fn new(asked: Option<&Asked>, title: impl Into<String>) -> Self {
        let session = asked.and_then(|asked| asked.session.as_ref()).map(|(_, session)| session);
        let who = session.map(|session| Who {
            name: session.person.display_name.clone(),
            role: session.person.role.clone(),
            account: session.person.account.clone().unwrap_or_else(|| "all accounts".to_owned()),
        });
        let path = asked.map_or("", |asked| asked.target.split('?').next().unwrap_or_default());
        // Senders without a key may be of any account, so only who sees all sees them.
        let limited = session.is_none_or(|session| session.caller.account.is_some());
        let menu = MENU.iter().filter(|(place, _, right)| {
            asked.is_some_and(|a| a.may(*right)) && !(limited && *place == "/refusals")
        });
        let menu = menu.map(|(place, text, _)| Item {
            path: place,
            text,
            current: path == *place || path.strip_prefix(place).is_some_and(|r| r.starts_with('/')),
        });
        let done = asked.and_then(|asked| done(asked.query.text("done")));
        let mut shell = Self { menu: menu.collect(), done, ..Self::bare(title, who) };
        let links = [("/keys", "API access keys"), ("/settings", "Account settings")];
        let links = links.into_iter().filter(|(path, _)| shell.leads_to(path));
        let links = links.chain([("/me", "My account")]);
        shell.links = links.map(|(path, text)| (path.to_owned(), text)).collect();
        shell
    }

    /// Without a menu.
    pub(crate) fn bare(title: impl Into<String>, who: Option<Who>) -> Self {
        Self {
            title: title.into(),
            who,
            menu: Vec::new(),
            done: None,
            css: assets::css(),
            js: assets::js(),
            base: String::new(),
            brand: "oauth1".to_owned(),
            home: "/".to_owned(),
            links: Vec::new(),
            sign_out: Some("/sign-out".to_owned()),
        }
    }

    /// Whether a place is in the menu.
    pub(crate) fn leads_to(&self, path: &str) -> bool {
        self.menu.iter().any(|item| item.path == path)
    }
}

/// A page. What was rendered is wiped when it was sent: some pages hold secrets.
pub(crate) fn render(status: StatusCode, page: &impl Template) -> Response {
    // Large enough that it is not moved, which would leave a copy.
    let mut html = Zeroizing::new(String::with_capacity(LARGE));
    if page.render_into(&mut *html).is_err() {
        tracing::error!("a page could not be rendered");
        let mut response = Response::new(Body::from("this page could not be rendered\n"));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return response;
    }
    let mut response = Response::new(Body::from(Bytes::from_owner(html)));
    *response.status_mut() = status;
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}

/// What was done, in words; only these, so that no link puts words of others on a page.
pub(crate) fn done(word: &str) -> Option<&'static str> {
    DONE.iter().find(|(known, _)| *known == word).map(|(_, text)| *text)
}

const MENU: [(&str, &str, Right); 10] = [
    ("/keys", "Keys", Right::KeysRead),
    ("/basic", "Basic credentials", Right::OrgSettings),
    ("/refusals", "Refused requests", Right::KeysRead),
    ("/debugger", "Signature debugger", Right::KeysRead),
    ("/catalogue", "API catalogue", Right::KeysRead),
    ("/people", "People", Right::UsersManage),
    ("/roles", "Roles", Right::UsersManage),
    ("/audit", "Audit log", Right::AuditRead),
    ("/settings", "Settings", Right::OrgSettings),
    ("/accounts", "Accounts", Right::AccountsManage),
];

const DONE: [(&str, &str); 32] = [
    ("access-revoked", "Its access has ended. The next request of the application is refused."),
    ("set-up", "You are the first administrator. Sign in to begin."),
    ("signed-out", "You are signed out."),
    ("saved", "Saved."),
    ("enabled", "Enabled. It works with the next request."),
    ("disabled", "Disabled. The next request is refused."),
    ("deleted", "Deleted. It can no longer be used, and its secrets are erased."),
    ("bulk", "Done for all of them."),
    ("privileges", "Privileges saved. They hold with the next request; the secrets are the same."),
    ("revoked", "The token is revoked. The key and its other tokens go on working."),
    ("explaining", "For an hour, senders with this key hear why a signature is wrong."),
    ("explained", "Senders hear no reasons any more."),
    ("old-ended", "The old secrets are no longer good."),
    ("password", "The new password is set. Other sessions of that person have ended."),
    ("person-created", "The person can sign in now."),
    ("person-deleted", "The person can no longer sign in."),
    ("person-disabled", "The person is signed out and cannot sign in."),
    ("person-enabled", "The person can sign in again."),
    ("role-created", "The role is there; give it to people or keys."),
    ("role-deleted", "The role is gone."),
    ("basic-created", "The credential is there, with the password that you typed."),
    ("basic-password", "The new password is set; the old one no longer works."),
    ("basic-stored", "The password is not shown again. Set a new one if it gets lost."),
    ("basic-deleted", "Deleted. The name and password no longer work."),
    ("basic-enabled", "Enabled. It works with the next request."),
    ("basic-disabled", "Disabled. The next request is refused."),
    ("account-created", "The account is there."),
    ("assigned", "Assigned. Keys of the account may be given it now."),
    ("unassigned", "No longer assigned. Keys that had it are refused it."),
    ("own-password", "Your new password is set."),
    ("stepped-up", "Thank you. For five minutes you need not give the password again."),
    ("stored", "The values are not shown again. Rotate the key if they get lost."),
];
const LARGE: usize = 128 * 1024;

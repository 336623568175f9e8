//! What a resource owner has granted, to be seen and revoked.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State};
use http::StatusCode;

use super::{
    Endpoints,
    asked::Asked,
    pages::{Answer, shell},
    resource_owner_authorization::meaning,
};
use crate::{
    console::{
        page::{self, Shell},
        refused::Refused,
        when::When,
    },
    management::delegation::Granted,
};

#[derive(Template)]
#[template(path = "endpoints/grants.html")]
struct GrantsPage {
    shell: Shell,
    action: String,
    grants: Vec<Row>,
}

struct Row {
    granted: Granted,
    scopes: Vec<String>,
}

pub(super) async fn list(
    State(endpoints): State<Endpoints>,
    Extension(asked): Extension<Arc<Asked>>,
) -> Answer {
    let owner = asked.owner(&endpoints)?;
    let delegations = endpoints.delegations();
    let catalogue = delegations.management().catalogue();
    let granted = delegations.granted(owner).await?;
    let row = |granted: Granted| Row {
        scopes: granted
            .scopes
            .split(' ')
            .filter(|scope| !scope.is_empty())
            .map(|scope| meaning(catalogue, scope))
            .collect(),
        granted,
    };
    let mut shell = shell(&endpoints, Some(&asked), "Applications with access");
    shell.done = page::done(asked.query.text("done"));
    let page = GrantsPage {
        shell,
        action: endpoints.link(&endpoints.0.paths.grants),
        grants: granted.into_iter().map(row).collect(),
    };
    Ok(page::render(StatusCode::OK, &page))
}

pub(super) async fn revoke(
    State(endpoints): State<Endpoints>,
    Extension(asked): Extension<Arc<Asked>>,
) -> Answer {
    let owner = asked.owner(&endpoints)?;
    endpoints.delegations().revoke(owner, asked.form.text("id")).await?;
    let list = endpoints.link(&endpoints.0.paths.grants);
    Err(Refused::To(format!("{list}?done=access-revoked")))
}

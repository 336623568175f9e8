//! What a page was asked for.

use axum::body::Body;
use http::{StatusCode, request::Parts};

use super::{Endpoints, Identity, ResourceOwner};
use crate::{
    console::{asked::read_form, form::Values, refused::Refused},
    management::ManagementError,
    same_origin,
};

/// A request for a page, and who makes it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) identity: Identity,
    /// With the query.
    pub(super) target: String,
    pub(super) query: Values,
    pub(super) form: Values,
    pub(super) parts: Parts,
}

impl Asked {
    pub(super) async fn read(
        endpoints: &Endpoints,
        parts: Parts,
        body: Body,
    ) -> Result<Self, Refused> {
        let origin = endpoints.origin();
        if !same_origin::is_reached_as_told(&parts, origin) {
            return Err(Refused::page(
                StatusCode::MISDIRECTED_REQUEST,
                "This is not the address of this service. The operator sets it as server.origin.",
            ));
        }
        if !same_origin::is_safe(&parts.method) && !same_origin::is_own(&parts.headers, origin) {
            return Err(Refused::page(
                StatusCode::FORBIDDEN,
                "This form was not sent by a page of this service, so nothing was done. Go back to the application and begin again.",
            ));
        }
        let (query, form) = read_form(&parts, body).await?;
        let identity = endpoints.0.owners.identify(&parts).await;
        let identity = identity
            .map_err(|error| ManagementError::from(sqlx::Error::AnyDriverError(Box::new(error))))?;
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        Ok(Self { identity, target, query, form, parts })
    }

    /// Who decides; nobody is sent to where one signs in.
    pub(super) fn owner(&self, endpoints: &Endpoints) -> Result<&ResourceOwner, Refused> {
        match &self.identity {
            Identity::Known(owner) => Ok(owner),
            Identity::SignIn { path } => {
                let next = Values::default().with("next", &self.target).query(&[]);
                Err(Refused::To(format!("{}?{next}", endpoints.link(path))))
            }
            Identity::Nobody => Err(Refused::page(
                StatusCode::UNAUTHORIZED,
                "Nobody is signed in. Sign in to this service, then go back to the application and begin again.",
            )),
        }
    }
}

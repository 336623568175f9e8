//! The catalogue as the verifier asks it.

use http::request::Parts;

use super::{Catalogue, Decision};
use crate::{
    BasicRequest, Scopes, VerifiedRequest,
    framing::original_uri,
    policy::{Authorizer, Permission},
};

/// A request needs a scope of the client, of the token if there is one, of its resource owner, and
/// of whoever the client acts as. The path is that of the request target as it arrived, whatever a router did with it.
impl Authorizer for Catalogue {
    fn permission(&self, request: &Parts, verified: &VerifiedRequest) -> Permission {
        let all = [
            Some(verified.scopes()),
            verified.token_scopes(),
            verified.owner_limit(),
            verified.limit(),
        ];
        self.permits(request, all.into_iter().flatten(), verified.assigned())
    }

    fn basic_permission(&self, request: &Parts, basic: &BasicRequest) -> Permission {
        self.permits(request, [basic.scopes()].into_iter(), basic.assigned())
    }
}

impl Catalogue {
    fn permits<'s>(
        &self,
        request: &Parts,
        mut all: impl Iterator<Item = &'s Scopes>,
        assigned: &Scopes,
    ) -> Permission {
        if self.is_empty() {
            return Permission::Granted;
        }
        let (method, path) = (request.method.as_str(), original_uri(request).path());
        let denied = all.find_map(|scopes| match self.decide(scopes, assigned, method, path) {
            Decision::Allowed { .. } => None,
            Decision::Denied { needs } => Some(needs),
            Decision::NoRule => Some(Vec::new()),
        });
        match denied {
            None => Permission::Granted,
            Some(needs) => Permission::OutOfScope { needs: needs.join(", ").into() },
        }
    }
}

//! What a key can do: the same questions that the verifier asks, without a request.

use std::net::IpAddr;

use super::{Caller, Key, KeyService, KeyState, ManagementError};
use crate::{Networks, catalogue::Decision, credentials::Scopes};

/// Whether a key could make a request, and what stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The scope that permits it; `None` if none does or none is needed.
    pub by: Option<String>,
    /// Any of these scopes would permit it.
    pub needs: Vec<String>,
    /// Everything that stands in the way, with what to do; empty if the request is allowed.
    pub reasons: Vec<String>,
}

impl Verdict {
    /// Whether nothing stands in the way.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.reasons.is_empty()
    }
}

impl KeyService {
    /// Whether a key could make a request with this method and this path, from this address.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn check(
        &self,
        caller: &Caller,
        key: &str,
        method: &str,
        path: &str,
        address: Option<IpAddr>,
    ) -> Result<Verdict, ManagementError> {
        let key = self.show(caller, key).await?;
        let mut verdict = Verdict { by: None, needs: Vec::new(), reasons: Vec::new() };
        match key.state() {
            KeyState::Active => {}
            KeyState::Disabled => verdict.reasons.push("the key is disabled; enable it".into()),
            KeyState::Expired => {
                verdict.reasons.push("the key has expired; give it a later end".into());
            }
        }
        if let Some(address) = address
            && !key.ip_allow.is_empty()
            && !key.ip_allow.parse::<Networks>().is_ok_and(|allowed| allowed.contains(address))
        {
            verdict.reasons.push(format!(
                "the key is not to be used from {address}; add it to the addresses that are allowed"
            ));
        }
        let (sql, values) = (PERSON, [key.id.as_str().into()]);
        let person = self.management.store.database().row(sql, values).await?;
        let mut limits = vec![("the key", Scopes::parse(&key.scopes))];
        if let Some(row) = person {
            if !row.boolean("good")? {
                verdict.reasons.push("the person that the key acts as may not sign in".into());
            }
            limits.push(("the person that it acts as", Scopes::parse(&row.text("scopes")?)));
        }
        self.decide(&key, &limits, method, path, &mut verdict).await?;
        Ok(verdict)
    }

    async fn decide(
        &self,
        key: &Key,
        limits: &[(&str, Scopes)],
        method: &str,
        path: &str,
        verdict: &mut Verdict,
    ) -> Result<(), ManagementError> {
        let sql = "SELECT scope FROM assignment WHERE account_id = $1";
        let values = [key.account_id.as_str().into()];
        let rows = self.management.store.database().rows(sql, values).await?;
        let assigned: Vec<String> =
            rows.iter().map(|row| row.text("scope")).collect::<Result<_, _>>()?;
        let assigned = Scopes::parse(&assigned.join(" "));
        let path = path.split(['?', '#']).next().unwrap_or_default();
        for (whose, scopes) in limits {
            match self.management.catalogue().decide(scopes, &assigned, method, path) {
                Decision::Allowed { by } => {
                    verdict.by.get_or_insert_with(|| by.to_owned());
                }
                Decision::Denied { needs } => {
                    verdict.reasons.push(format!(
                        "{whose} has {}{}",
                        match &*needs {
                            [only] => format!("no {only}; give it that"),
                            _ => format!("none of {}; give it one of them", needs.join(", ")),
                        },
                        if needs.iter().any(|need| {
                            let needing = self.management.catalogue().needing_assignment(need);
                            needing.iter().any(|n| n == need && !assigned.contains(n))
                        }) {
                            ", after a super administrator has assigned it to the account"
                        } else {
                            ""
                        }
                    ));
                    verdict.needs.extend(needs.into_iter().map(str::to_owned));
                }
                Decision::NoRule => verdict.reasons.push(format!(
                    "no group of the catalogue has {method} {path}, so nobody may do it; look for a slip in the path, or add it to the catalogue"
                )),
            }
        }
        verdict.by = verdict.by.take().filter(|by| !by.is_empty() && verdict.reasons.is_empty());
        verdict.reasons.dedup();
        verdict.needs.sort();
        verdict.needs.dedup();
        Ok(())
    }
}

const PERSON: &str = "
    SELECT p.scopes, p.enabled AND p.deleted_at IS NULL AS good FROM client c
    JOIN person p ON p.id = c.acts_as WHERE c.id = $1";

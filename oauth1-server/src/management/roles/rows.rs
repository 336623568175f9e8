//! Roles as rows, and what a change of one has to observe.

use super::Role;
use crate::{
    credentials::sql::database::Transaction,
    management::{Caller, InvalidField, ManagementError, Right, Rights},
};

/// The rights that are named, if the caller may put them into a role.
pub(super) fn given(caller: &Caller, names: &[String]) -> Result<Rights, ManagementError> {
    let mut rights = Vec::new();
    for name in names {
        let right = Right::ALL.into_iter().find(|right| right.as_str() == name);
        let Some(right) = right else {
            let known = Right::ALL.map(Right::as_str).join(", ");
            let problem = format!("{name:?} is no permission; there is {known}");
            return Err(InvalidField::new("permissions", problem).into());
        };
        if right.is_super() {
            return Err(ManagementError::Refused(format!(
                "{name} belongs to the role super_admin alone"
            )));
        }
        rights.push(right);
    }
    let rights = rights.into_iter().collect();
    within(caller, rights)?;
    Ok(rights)
}

/// Nobody hands out more than he has.
pub(in crate::management) fn within(
    caller: &Caller,
    rights: Rights,
) -> Result<(), ManagementError> {
    match rights.iter().find(|right| !caller.rights.contains(*right)) {
        None => Ok(()),
        Some(right) => Err(ManagementError::Refused(format!(
            "that takes the permission {}, which you do not have; nobody hands out or takes away more than he has",
            right.as_str()
        ))),
    }
}

/// Until the transaction ends, no role, and no role of a person, changes.
pub(in crate::management) async fn lock_all(
    transaction: &mut Transaction,
) -> Result<(), sqlx::Error> {
    // The row is locked by writing it, which both databases know.
    let sql = "UPDATE role SET changed_at = changed_at WHERE id = $1";
    transaction.execute(sql, [SUPER_ADMIN.into()]).await.map(drop)
}

/// A role by name or row id.
pub(in crate::management) async fn find(
    transaction: &mut Transaction,
    caller: &Caller,
    role: &str,
) -> Result<Role, ManagementError> {
    let row = transaction.row(FIND, [role.into(), caller.account.as_deref().into()]).await?;
    Ok(Role::of(&row.ok_or_else(|| ManagementError::unknown("role", role))?)?)
}

pub(super) async fn changeable(
    transaction: &mut Transaction,
    caller: &Caller,
    role: &str,
    version: Option<i64>,
) -> Result<Role, ManagementError> {
    let role = find(transaction, caller, role).await?;
    if role.built_in {
        let reason = format!("the role {} is built in; make one of your own", role.name);
        return Err(ManagementError::Refused(reason));
    }
    if caller.account.is_some() && role.account_id != caller.account {
        let reason =
            format!("the role {} belongs to all accounts; make one of your own", role.name);
        return Err(ManagementError::Refused(reason));
    }
    within(caller, role.rights)?;
    if version.is_some_and(|version| version != role.version) {
        return Err(ManagementError::Conflict { found: role.version });
    }
    Ok(role)
}

pub(super) fn text(rights: Rights) -> String {
    rights.iter().map(Right::as_str).collect::<Vec<_>>().join(" ")
}

/// The built-in role that may do everything.
pub(in crate::management) const SUPER_ADMIN: &str = "00000000-0000-7000-8000-000000000001";

macro_rules! roles {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, r.account_id, r.name, r.display_name, r.permissions, r.built_in,
                    r.version, r.created_at, r.changed_at, a.name AS account
             FROM role r LEFT JOIN account a ON a.id = r.account_id WHERE r.deleted_at IS NULL ",
            $rest
        )
    };
}

pub(super) const LIST: &str = roles!(
    "AND ($1 IS NULL OR r.account_id IS NULL OR r.account_id = $1)
     ORDER BY r.built_in DESC, r.id"
);
/// A name of one account and of another are two roles; the caller's own is meant first.
pub(super) const FIND: &str = roles!(
    "AND (r.id = $1 OR r.name = $1) AND ($2 IS NULL OR r.account_id IS NULL OR r.account_id = $2)
     ORDER BY r.account_id IS NULL, r.id LIMIT 1"
);
/// A role of all accounts has its name nowhere else.
pub(super) const TAKEN: &str = "SELECT id FROM role WHERE name = $1 AND deleted_at IS NULL
                     AND ($2 IS NULL OR account_id IS NULL OR account_id = $2)";
pub(super) const USED: &str = "
    SELECT (SELECT count(*) FROM person WHERE role_id = $1 AND deleted_at IS NULL)
         + (SELECT count(*) FROM client WHERE role_id = $1 AND deleted_at IS NULL) AS n";

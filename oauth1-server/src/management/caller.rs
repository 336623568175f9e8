//! Who asks for something, and what they may do (the permissions of roles).

use super::ManagementError;

/// One thing that a role permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Right {
    /// See keys, never their secrets.
    KeysRead,
    /// Make keys.
    KeysCreate,
    /// Change, disable and enable keys.
    KeysUpdate,
    /// Make new secrets and tokens for keys.
    KeysRotate,
    /// Delete keys.
    KeysDelete,
    /// Read a secret again, where the account permits it.
    KeysReveal,
    /// Change how an account treats its keys.
    OrgSettings,
    /// Read the audit log.
    AuditRead,
    /// Manage people and roles.
    UsersManage,
    /// Give accounts what needs an assignment. Only in the role `super_admin`.
    AssignmentsManage,
    /// Make and remove accounts. Only in the role `super_admin`.
    AccountsManage,
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::KeysRead,
        Self::KeysCreate,
        Self::KeysUpdate,
        Self::KeysRotate,
        Self::KeysDelete,
        Self::KeysReveal,
        Self::OrgSettings,
        Self::AuditRead,
        Self::UsersManage,
        Self::AssignmentsManage,
        Self::AccountsManage,
    ];

    /// As roles name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeysRead => "keys.read",
            Self::KeysCreate => "keys.create",
            Self::KeysUpdate => "keys.update",
            Self::KeysRotate => "keys.rotate",
            Self::KeysDelete => "keys.delete",
            Self::KeysReveal => "keys.reveal",
            Self::OrgSettings => "org.settings",
            Self::AuditRead => "audit.read",
            Self::UsersManage => "users.manage",
            Self::AssignmentsManage => "assignments.manage",
            Self::AccountsManage => "accounts.manage",
        }
    }

    /// Whether only the built-in role `super_admin` may hold it.
    #[must_use]
    pub const fn is_super(self) -> bool {
        matches!(self, Self::AssignmentsManage | Self::AccountsManage)
    }
}

/// A set of rights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights(u16);

impl Rights {
    /// Every right.
    #[must_use]
    pub fn all() -> Self {
        Right::ALL.into_iter().collect()
    }

    /// The rights that a role names between spaces; unknown names are none.
    #[must_use]
    pub fn parse(names: &str) -> Self {
        names
            .split(' ')
            .filter_map(|name| Right::ALL.into_iter().find(|right| right.as_str() == name))
            .collect()
    }

    /// Whether the right is among them.
    #[must_use]
    pub const fn contains(self, right: Right) -> bool {
        self.0 & (1 << right as u8) != 0
    }

    /// Whether all of the other's are among them.
    #[must_use]
    pub const fn contains_all(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL.into_iter().filter(move |right| self.contains(*right))
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        Self(rights.into_iter().fold(0, |set, right| set | 1 << right as u8))
    }
}

/// Who asks. Every method of the management checks it, whoever calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// For the audit log, such as `cli:root`, `person:ada` or `key:ak_…`.
    pub name: String,
    /// The address that the request came from.
    pub address: Option<String>,
    /// The row id of the one account it may touch; `None` for all.
    pub account: Option<String>,
    /// What it may do there.
    pub rights: Rights,
    /// The row id of the person, if it is one.
    pub person: Option<String>,
    /// When the person gave a password last, in milliseconds since 1970.
    pub password_at: Option<i64>,
}

impl Caller {
    /// Whoever can read the database and the master key, and so may do everything but what needs a
    /// password again.
    #[must_use]
    pub fn system(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            address: None,
            account: None,
            rights: Rights::all(),
            person: None,
            password_at: None,
        }
    }

    pub(super) const fn require(&self, right: Right) -> Result<(), ManagementError> {
        if self.rights.contains(right) { Ok(()) } else { Err(ManagementError::Forbidden(right)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_told_apart() {
        let some = Rights::parse("keys.read audit.read nothing.known");
        assert_eq!(some.iter().collect::<Vec<_>>(), [Right::KeysRead, Right::AuditRead]);
        assert!(Rights::all().contains_all(some) && !some.contains_all(Rights::all()));
        for right in Right::ALL {
            assert_eq!(Rights::parse(right.as_str()).iter().collect::<Vec<_>>(), [right]);
        }
    }
}

//! People: who may sign in, and with which role.

mod rows;

use serde_json::Value as Json;

use super::{
    Caller, InvalidField, Management, ManagementError, Right, Rights, audit,
    page::Limit,
    passwords::{self, Password},
    reveal::STEP_UP,
    roles::{self, SUPER_ADMIN},
    validate,
};
use crate::credentials::generate::now;
use rows::{FIND, PAGE, changeable, find, refuse_loss, role_for, sign_out};
pub(super) use rows::{Inserted, insert, people};

/// Somebody who may sign in. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The row id.
    pub id: String,
    /// Unique everywhere, without spaces.
    pub name: String,
    /// Any text.
    pub display_name: String,
    /// The account, by name; `None` for all of them.
    pub account: Option<String>,
    pub(super) account_id: Option<String>,
    /// The role, by name.
    pub role: String,
    pub(super) role_id: String,
    /// What the role permits.
    pub rights: Rights,
    /// What keys that act as this person may do at most: scopes between spaces, or `*`.
    pub scopes: String,
    /// Whether he may sign in.
    pub enabled: bool,
    /// Whether there is a password to sign in with.
    pub has_password: bool,
    /// Grows with each change.
    pub version: i64,
    /// When he was made.
    pub created_at: i64,
    /// Who made him.
    pub created_by: String,
    /// When he was changed last.
    pub changed_at: i64,
    /// When he signed in last.
    pub signed_in_at: Option<i64>,
}

/// What a new person is to be.
#[derive(Debug, Default)]
pub struct NewPerson {
    /// Unique everywhere, without spaces.
    pub name: String,
    /// Any text; the name if there is none.
    pub display_name: Option<String>,
    /// The account, by name; the caller's if there is none, which may be all of them.
    pub account: Option<String>,
    /// The role, by name.
    pub role: String,
    /// What keys that act as this person may do at most; `None` for everything.
    pub scopes: Option<Vec<String>>,
    /// Nobody can sign in without one.
    pub password: Option<Password>,
}

/// What is to be changed of a person; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct PersonChange {
    /// See [`Person::display_name`].
    pub display_name: Option<String>,
    /// See [`Person::role`].
    pub role: Option<String>,
    /// See [`NewPerson::scopes`]; `*` is everything.
    pub scopes: Option<Vec<String>>,
    /// See [`Person::enabled`].
    pub enabled: Option<bool>,
}

/// Some people, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonPage {
    /// The people.
    pub people: Vec<Person>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
}

/// Manages people.
#[derive(Clone, Debug)]
pub struct PersonService {
    pub(super) management: Management,
}

impl PersonService {
    /// At most `limit` people by name, from where an earlier page ended.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn list(
        &self,
        caller: &Caller,
        after: Option<&str>,
        limit: u16,
    ) -> Result<PersonPage, ManagementError> {
        caller.require(Right::UsersManage)?;
        let limit = Limit::new(limit);
        let (account, after) = (caller.account.as_deref(), after.unwrap_or_default());
        let values = [account.into(), after.into(), limit.rows()];
        let rows = self.management.store.database().rows(PAGE, values).await?;
        let (people, next) = limit.page(&rows, Person::of, |person| &person.name)?;
        Ok(PersonPage { people, next })
    }

    /// A person by name or row id.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn show(&self, caller: &Caller, person: &str) -> Result<Person, ManagementError> {
        caller.require(Right::UsersManage)?;
        let values = [person.into(), caller.account.as_deref().into()];
        let row = self.management.store.database().row(FIND, values).await?;
        Ok(Person::of(&row.ok_or_else(|| ManagementError::unknown("person", person))?)?)
    }

    /// Makes a person.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was made.
    pub async fn create(
        &self,
        caller: &Caller,
        new: &NewPerson,
    ) -> Result<Person, ManagementError> {
        caller.require(Right::UsersManage)?;
        new.check()?;
        if let Some(scopes) = &new.scopes {
            self.check_scopes(scopes)?;
        }
        let account = self.management.account_for(caller, new.account.as_deref()).await?;
        let hash = match &new.password {
            Some(password) => Some(passwords::hash(password).await?),
            None => None,
        };
        let now = now();
        let mut transaction = self.management.transaction().await?;
        roles::lock_all(&mut transaction).await?;
        let role = role_for(&mut transaction, caller, &new.role, account.as_deref()).await?;
        let new = Inserted { new, account, role: &role, hash };
        let person = insert(&mut transaction, caller, &new, now).await?;
        transaction.commit().await?;
        self.management.forget_all();
        Ok(person)
    }

    /// Changes a person; `version` is the one that the caller has read. Who is disabled is signed
    /// out at once.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn update(
        &self,
        caller: &Caller,
        person: &str,
        change: &PersonChange,
        version: Option<i64>,
    ) -> Result<Person, ManagementError> {
        caller.require(Right::UsersManage)?;
        if let Some(name) = &change.display_name {
            validate::text("display_name", name, 1, 100)?;
        }
        if let Some(scopes) = &change.scopes {
            self.check_scopes(scopes)?;
        }
        let now = now();
        let mut transaction = self.management.transaction().await?;
        roles::lock_all(&mut transaction).await?;
        let before = changeable(&mut transaction, caller, person, version).await?;
        let mut role_id = before.role_id.clone();
        if let Some(name) = change.role.as_ref().filter(|name| **name != before.role) {
            let account = before.account_id.as_deref();
            role_id = role_for(&mut transaction, caller, name, account).await?.id;
        }
        let enabled = change.enabled.unwrap_or(before.enabled);
        if (before.enabled && !enabled) || role_id != before.role_id {
            refuse_loss(&mut transaction, caller, &before, role_id == SUPER_ADMIN && enabled)
                .await?;
        }
        let sql = "UPDATE person SET display_name = $2, role_id = $3, scopes = $4, enabled = $5,
                       changed_at = $6, version = version + 1 WHERE id = $1";
        let scopes = change.scopes.as_ref().map(|scopes| scopes.join(" "));
        let values = [
            before.id.as_str().into(),
            change.display_name.as_ref().unwrap_or(&before.display_name).as_str().into(),
            role_id.as_str().into(),
            scopes.as_ref().unwrap_or(&before.scopes).as_str().into(),
            enabled.into(),
            now.into(),
        ];
        transaction.execute(sql, values).await?;
        if !enabled {
            sign_out(&mut transaction, &before.id).await?;
        }
        let after = find(&mut transaction, caller, &before.id).await?;
        let action = match change.enabled {
            Some(true) if !before.enabled => "person.enable",
            Some(false) if before.enabled => "person.disable",
            _ => "person.update",
        };
        let states = (before.json(), after.json());
        audit::record(&mut transaction, caller, action, (&after).into(), states, now).await?;
        transaction.commit().await?;
        self.management.forget_all();
        Ok(after)
    }

    /// Gives a person another password, and signs out whoever came in with the old one. Oneself
    /// everybody may, shortly after the old one was given.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn set_password(
        &self,
        caller: &Caller,
        person: &str,
        password: &Password,
    ) -> Result<Person, ManagementError> {
        let values = [person.into(), caller.account.as_deref().into()];
        let row = self.management.store.database().row(FIND, values).await?;
        let found = row.as_ref().map(Person::of).transpose()?;
        match found.as_ref().filter(|found| caller.person.as_ref() == Some(&found.id)) {
            None => caller.require(Right::UsersManage)?,
            Some(_) if caller.password_at.is_none_or(|at| at + STEP_UP < now()) => {
                return Err(ManagementError::StepUp);
            }
            Some(_) => {}
        }
        let name = found.ok_or_else(|| ManagementError::unknown("person", person))?.name;
        passwords::check(&name, password)?;
        let hash = passwords::hash(password).await?;
        let now = now();
        let mut transaction = self.management.transaction().await?;
        roles::lock_all(&mut transaction).await?;
        let person = changeable(&mut transaction, caller, &name, None).await?;
        let sql = "UPDATE person SET password_hash = $2, failures = 0, failed_at = NULL,
                       changed_at = $3, version = version + 1 WHERE id = $1";
        let values = [person.id.as_str().into(), hash.into(), now.into()];
        transaction.execute(sql, values).await?;
        sign_out(&mut transaction, &person.id).await?;
        let after = find(&mut transaction, caller, &person.id).await?;
        let states = (Json::Null, Json::Null);
        audit::record(&mut transaction, caller, "person.password", (&after).into(), states, now)
            .await?;
        transaction.commit().await?;
        self.management.forget_all();
        Ok(after)
    }

    /// Deletes a person, who is signed out at once. Keys that act as him are refused from now on.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn delete(
        &self,
        caller: &Caller,
        person: &str,
        version: Option<i64>,
    ) -> Result<Person, ManagementError> {
        caller.require(Right::UsersManage)?;
        let now = now();
        let mut transaction = self.management.transaction().await?;
        roles::lock_all(&mut transaction).await?;
        let person = changeable(&mut transaction, caller, person, version).await?;
        refuse_loss(&mut transaction, caller, &person, false).await?;
        let sql = "UPDATE person SET deleted_at = $1, enabled = FALSE, password_hash = NULL,
                       changed_at = $1, version = version + 1 WHERE id = $2";
        transaction.execute(sql, [now.into(), person.id.as_str().into()]).await?;
        sign_out(&mut transaction, &person.id).await?;
        let states = (person.json(), Json::Null);
        audit::record(&mut transaction, caller, "person.delete", (&person).into(), states, now)
            .await?;
        transaction.commit().await?;
        self.management.forget_all();
        Ok(person)
    }

    fn check_scopes(&self, scopes: &[String]) -> Result<(), ManagementError> {
        if scopes == ["*"] {
            return Ok(());
        }
        for scope in scopes {
            // What needs an assignment limits a person as anything else does.
            validate::scopes(
                std::slice::from_ref(scope),
                self.management.catalogue(),
                &self.management.catalogue().needing_assignment(scope),
            )?;
        }
        Ok(())
    }
}

impl NewPerson {
    pub(super) fn check(&self) -> Result<(), InvalidField> {
        validate::name(&self.name)?;
        validate::text("display_name", self.display_name.as_deref().unwrap_or("-"), 1, 100)?;
        self.password.as_ref().map_or(Ok(()), |password| passwords::check(&self.name, password))
    }
}

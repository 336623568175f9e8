//! People as rows, and what a change of one has to observe.

use serde_json::{Value as Json, json};

use super::{NewPerson, Person};
use crate::{
    credentials::{
        generate::new_row_id,
        sql::database::{Row, Transaction},
    },
    management::{
        Caller, InvalidField, ManagementError, Rights,
        audit::{self, Subject},
        roles::{self, SUPER_ADMIN},
    },
};

/// A new person that everything is known of.
pub(in crate::management) struct Inserted<'a> {
    pub(in crate::management) new: &'a NewPerson,
    pub(in crate::management) account: Option<String>,
    pub(in crate::management) role: &'a roles::Role,
    pub(in crate::management) hash: Option<String>,
}

/// Makes a person, with the entry in the audit log.
pub(in crate::management) async fn insert(
    transaction: &mut Transaction,
    caller: &Caller,
    inserted: &Inserted<'_>,
    now: i64,
) -> Result<Person, ManagementError> {
    let new = inserted.new;
    let sql = "SELECT id FROM person WHERE name = $1 AND deleted_at IS NULL";
    if transaction.row(sql, [new.name.as_str().into()]).await?.is_some() {
        return Err(ManagementError::NameTaken(new.name.clone()));
    }
    let id = new_row_id(now)?;
    let sql = "INSERT INTO person (id, account_id, name, display_name, password_hash, role_id,
                   scopes, created_at, created_by, changed_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8)";
    let values = [
        id.as_str().into(),
        inserted.account.as_deref().into(),
        new.name.as_str().into(),
        new.display_name.as_ref().unwrap_or(&new.name).as_str().into(),
        inserted.hash.as_deref().into(),
        inserted.role.id.as_str().into(),
        new.scopes.as_ref().map_or("*".to_owned(), |scopes| scopes.join(" ")).into(),
        now.into(),
        caller.name.as_str().into(),
    ];
    transaction.execute(sql, values).await?;
    let person = find(transaction, caller, &id).await?;
    let states = (Json::Null, person.json());
    audit::record(transaction, caller, "person.create", (&person).into(), states, now).await?;
    Ok(person)
}

impl Person {
    pub(in crate::management) fn of(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.text("id")?,
            name: row.text("name")?,
            display_name: row.text("display_name")?,
            account: row.optional_text("account")?,
            account_id: row.optional_text("account_id")?,
            role: row.text("role")?,
            role_id: row.text("role_id")?,
            rights: Rights::parse(&row.text("permissions")?),
            scopes: row.text("scopes")?,
            enabled: row.boolean("enabled")?,
            has_password: row.boolean("has_password")?,
            version: row.integer("version")?,
            created_at: row.integer("created_at")?,
            created_by: row.text("created_by")?,
            changed_at: row.integer("changed_at")?,
            signed_in_at: row.optional_integer("signed_in_at")?,
        })
    }

    pub(super) fn json(&self) -> Json {
        json!({
            "name": self.name, "display_name": self.display_name, "account": self.account,
            "role": self.role, "scopes": self.scopes, "enabled": self.enabled,
        })
    }
}

impl<'a> From<&'a Person> for Subject<'a> {
    fn from(person: &'a Person) -> Self {
        let account = person.account_id.as_deref();
        Self { kind: "person", id: &person.id, name: &person.name, account }
    }
}

pub(super) async fn find(
    transaction: &mut Transaction,
    caller: &Caller,
    person: &str,
) -> Result<Person, ManagementError> {
    let row = transaction.row(FIND, [person.into(), caller.account.as_deref().into()]).await?;
    Ok(Person::of(&row.ok_or_else(|| ManagementError::unknown("person", person))?)?)
}

/// A person that the caller may change: one with no more rights than he has.
pub(super) async fn changeable(
    transaction: &mut Transaction,
    caller: &Caller,
    person: &str,
    version: Option<i64>,
) -> Result<Person, ManagementError> {
    let person = find(transaction, caller, person).await?;
    roles::within(caller, person.rights)?;
    if version.is_some_and(|version| version != person.version) {
        return Err(ManagementError::Conflict { found: person.version });
    }
    Ok(person)
}

/// A role that the caller may give to somebody of an account.
pub(super) async fn role_for(
    transaction: &mut Transaction,
    caller: &Caller,
    name: &str,
    account: Option<&str>,
) -> Result<roles::Role, ManagementError> {
    let within = Caller { account: account.map(str::to_owned), ..caller.clone() };
    let role = roles::find(transaction, &within, name).await?;
    roles::within(caller, role.rights)?;
    if role.account_id.as_deref().is_some_and(|of| account != Some(of)) {
        let problem = format!("the role {name} belongs to one account, and the person to all");
        return Err(InvalidField::new("role", problem).into());
    }
    if role.is_super() && account.is_some() {
        let problem = format!("{name} is for who belongs to all accounts, not to one");
        return Err(InvalidField::new("role", problem).into());
    }
    Ok(role)
}

/// Nobody takes his own rights, and somebody always has all of them.
pub(super) async fn refuse_loss(
    transaction: &mut Transaction,
    caller: &Caller,
    person: &Person,
    stays: bool,
) -> Result<(), ManagementError> {
    if caller.person.as_deref() == Some(&person.id) {
        return Err(ManagementError::Refused(
            "nobody disables, deletes or demotes himself; ask another administrator".to_owned(),
        ));
    }
    if person.role_id != SUPER_ADMIN || !person.enabled || stays {
        return Ok(());
    }
    let sql = "SELECT count(*) AS n FROM person
               WHERE role_id = $1 AND enabled AND deleted_at IS NULL AND id <> $2";
    let others = transaction.row(sql, [SUPER_ADMIN.into(), person.id.as_str().into()]).await?;
    match others.ok_or(sqlx::Error::RowNotFound)?.integer("n")? {
        0 => Err(ManagementError::Blocked(format!(
            "{} is the last super administrator; make another one first",
            person.name
        ))),
        _ => Ok(()),
    }
}

pub(super) async fn sign_out(
    transaction: &mut Transaction,
    person: &str,
) -> Result<(), sqlx::Error> {
    let sql = "DELETE FROM session WHERE person_id = $1";
    transaction.execute(sql, [person.into()]).await.map(drop)
}

macro_rules! people {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.name, p.display_name, p.account_id, p.role_id, p.scopes, p.enabled,
                    p.password_hash IS NOT NULL AS has_password, p.version, p.created_at,
                    p.created_by, p.changed_at, p.signed_in_at, a.name AS account,
                    r.name AS role, r.permissions
             FROM person p JOIN role r ON r.id = p.role_id
             LEFT JOIN account a ON a.id = p.account_id WHERE p.deleted_at IS NULL ",
            $rest
        )
    };
}
pub(in crate::management) use people;

pub(super) const FIND: &str =
    people!("AND (p.id = $1 OR p.name = $1) AND ($2 IS NULL OR p.account_id = $2)");
pub(super) const PAGE: &str =
    people!("AND ($1 IS NULL OR p.account_id = $1) AND p.name > $2 ORDER BY p.name LIMIT $3");

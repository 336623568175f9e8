//! Making and changing accounts.

use serde_json::{Value as Json, json};

use super::{
    Account, Caller, InvalidField, Management, ManagementError, Right,
    account::{named, within},
    audit::{self, Subject},
    validate, words,
};
use crate::credentials::{
    generate::{new_row_id, now},
    sql::database::Transaction,
};

/// What is to be changed of an account; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// See [`Account::display_name`].
    pub display_name: Option<String>,
    /// See [`Account::max_keys`].
    pub max_keys: Option<i64>,
    /// See [`Account::basic_auth`].
    pub basic_auth: Option<bool>,
    /// See [`Account::secret_reveal`].
    pub secret_reveal: Option<bool>,
    /// See [`Account::expiry_required`].
    pub expiry_required: Option<bool>,
    /// See [`Account::deletion_allowed`].
    pub deletion_allowed: Option<bool>,
    /// See [`Account::time_zone`].
    pub time_zone: Option<String>,
}

impl Management {
    /// Makes an account.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was made.
    pub async fn create_account(
        &self,
        caller: &Caller,
        name: &str,
        display_name: &str,
    ) -> Result<Account, ManagementError> {
        caller.require(Right::AccountsManage)?;
        validate::name(name)?;
        validate::text("display_name", display_name, 1, 100)?;
        let now = now();
        let id = new_row_id(now)?;
        let mut transaction = self.transaction().await?;
        let taken = transaction.row("SELECT id FROM account WHERE name = $1", [name.into()]);
        if taken.await?.is_some() {
            return Err(ManagementError::NameTaken(name.to_owned()));
        }
        let sql = "INSERT INTO account (id, name, display_name, created_at, changed_at)
                   VALUES ($1, $2, $3, $4, $4)";
        let values = [id.as_str().into(), name.into(), display_name.into(), now.into()];
        transaction.execute(sql, values).await?;
        let mut account = within(&mut transaction, caller, &id).await?;
        self.account_defaults.check()?;
        self.account_defaults.apply(&mut account);
        account.write(&mut transaction).await?;
        let states = (Json::Null, account.json());
        let subject = account.subject();
        audit::record(&mut transaction, caller, "account.create", subject, states, now).await?;
        transaction.commit().await?;
        Ok(account)
    }

    /// Changes how an account treats its keys; `version` is the one that the caller has read.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn update_account(
        &self,
        caller: &Caller,
        account: Option<&str>,
        change: &AccountChange,
        version: Option<i64>,
    ) -> Result<Account, ManagementError> {
        caller.require(Right::OrgSettings)?;
        change.check()?;
        let now = now();
        let mut transaction = self.transaction().await?;
        let before = lock(&mut transaction, caller, named(caller, account), now).await?;
        // The lock itself was a change.
        if version.is_some_and(|version| version != before.version - 1) {
            return Err(ManagementError::Conflict { found: before.version - 1 });
        }
        let mut after = before.clone();
        change.apply(&mut after);
        after.write(&mut transaction).await?;
        let states = (before.json(), after.json());
        let subject = after.subject();
        audit::record(&mut transaction, caller, "account.update", subject, states, now).await?;
        transaction.commit().await?;
        self.forget_all();
        Ok(after)
    }

    /// Makes new or newly migrated tables ready: gives the account that they begin with the
    /// defaults of accounts, as long as nobody has changed it, and finds the words of keys that were
    /// made before words were kept. To be called at each start.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn begin(&self) -> Result<(), ManagementError> {
        words::keep_all(self).await?;
        let caller = Caller::system("configuration");
        let account = self.account(&caller, None).await?;
        let mut wanted = account.clone();
        self.account_defaults.apply(&mut wanted);
        if account.version > 1 || wanted == account {
            return Ok(());
        }
        match self.update_account(&caller, None, &self.account_defaults, Some(1)).await {
            // Another process was first.
            Ok(_) | Err(ManagementError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Gives an account a privilege that needs an assignment, or takes it away.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn assign(
        &self,
        caller: &Caller,
        account: Option<&str>,
        scope: &str,
        assigned: bool,
    ) -> Result<Account, ManagementError> {
        caller.require(Right::AssignmentsManage)?;
        if assigned && !self.catalogue.needing_assignment(scope).iter().any(|s| s == scope) {
            let problem = format!("{scope:?} is no privilege of the catalogue that needs one");
            return Err(InvalidField::new("scope", problem).into());
        }
        let now = now();
        let mut transaction = self.transaction().await?;
        let before = lock(&mut transaction, caller, named(caller, account), now).await?;
        let id = before.id.as_str();
        let remove = "DELETE FROM assignment WHERE account_id = $1 AND scope = $2";
        transaction.execute(remove, [id.into(), scope.into()]).await?;
        if assigned {
            let sql = "INSERT INTO assignment (account_id, scope, created_at, created_by)
                       VALUES ($1, $2, $3, $4)";
            let values = [id.into(), scope.into(), now.into(), caller.name.as_str().into()];
            transaction.execute(sql, values).await?;
        }
        let after = within(&mut transaction, caller, id).await?;
        let action = if assigned { "account.assign" } else { "account.unassign" };
        let states = (before.json(), after.json());
        audit::record(&mut transaction, caller, action, after.subject(), states, now).await?;
        transaction.commit().await?;
        self.forget_all();
        Ok(after)
    }
}

impl AccountChange {
    fn apply(&self, account: &mut Account) {
        fn set<T: Clone>(field: &mut T, value: &Option<T>) {
            if let Some(value) = value {
                field.clone_from(value);
            }
        }
        set(&mut account.display_name, &self.display_name);
        set(&mut account.max_keys, &self.max_keys);
        set(&mut account.basic_auth, &self.basic_auth);
        set(&mut account.secret_reveal, &self.secret_reveal);
        set(&mut account.expiry_required, &self.expiry_required);
        set(&mut account.deletion_allowed, &self.deletion_allowed);
        set(&mut account.time_zone, &self.time_zone);
    }

    fn check(&self) -> Result<(), InvalidField> {
        if let Some(name) = &self.display_name {
            validate::text("display_name", name, 1, 100)?;
        }
        if self.max_keys.is_some_and(|n| !(0..=i64::from(u32::MAX)).contains(&n)) {
            return Err(InvalidField::new("max_keys", "must be 0, for any number, or more"));
        }
        if let Some(zone) = &self.time_zone
            && jiff::tz::TimeZone::get(zone).is_err()
        {
            let problem = format!("{zone:?} is no time zone such as UTC or Europe/Berlin");
            return Err(InvalidField::new("time_zone", problem));
        }
        Ok(())
    }
}

impl Account {
    async fn write(&self, transaction: &mut Transaction) -> Result<(), ManagementError> {
        let sql = "UPDATE account SET display_name = $2, max_keys = $3, basic_auth = $4,
                       secret_reveal = $5, expiry_required = $6, deletion_allowed = $7,
                       time_zone = $8 WHERE id = $1";
        let values = [
            self.id.as_str().into(),
            self.display_name.as_str().into(),
            self.max_keys.into(),
            self.basic_auth.into(),
            if self.secret_reveal { "step_up" } else { "never" }.into(),
            self.expiry_required.into(),
            self.deletion_allowed.into(),
            self.time_zone.as_str().into(),
        ];
        transaction.execute(sql, values).await?;
        Ok(())
    }

    fn subject(&self) -> Subject<'_> {
        Subject { kind: "account", id: &self.id, name: &self.name, account: Some(&self.id) }
    }

    fn json(&self) -> Json {
        json!({
            "display_name": self.display_name, "max_keys": self.max_keys,
            "basic_auth": self.basic_auth, "secret_reveal": self.secret_reveal,
            "expiry_required": self.expiry_required, "deletion_allowed": self.deletion_allowed,
            "time_zone": self.time_zone, "assignments": self.assignments,
        })
    }
}

async fn lock(
    transaction: &mut Transaction,
    caller: &Caller,
    name: &str,
    now: i64,
) -> Result<Account, ManagementError> {
    let found = within(transaction, caller, name).await?;
    let sql = "UPDATE account SET changed_at = $1, version = version + 1 WHERE id = $2";
    transaction.execute(sql, [now.into(), found.id.as_str().into()]).await?;
    within(transaction, caller, &found.id).await
}

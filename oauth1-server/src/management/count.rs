//! How many keys there are.

use super::{KeyService, KeyState, ManagementError};
use crate::credentials::generate::now;

impl KeyService {
    /// How many keys are in each state. It reads all of them: not for the path of a request.
    ///
    /// # Errors
    /// [`ManagementError::Database`].
    pub async fn counts(&self) -> Result<[(KeyState, u64); 3], ManagementError> {
        let sql = "SELECT
            count(CASE WHEN NOT enabled THEN 1 END) AS disabled,
            count(CASE WHEN enabled AND expires_at <= $1 THEN 1 END) AS expired,
            count(CASE WHEN enabled AND (expires_at IS NULL OR expires_at > $1) THEN 1 END)
                AS active
            FROM client WHERE deleted_at IS NULL";
        let row = self.management.store.database().row(sql, [now().into()]).await?;
        let row = row.ok_or(sqlx::Error::RowNotFound)?;
        let mut counts =
            [KeyState::Active, KeyState::Disabled, KeyState::Expired].map(|state| (state, 0));
        for (state, count) in &mut counts {
            *count = u64::try_from(row.integer(state.as_str())?).unwrap_or_default();
        }
        Ok(counts)
    }
}

//! Pages of lists: one row more than is shown is read, and says whether there is another page.

use crate::credentials::sql::database::{Row, Value};

/// How many rows a page shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit(usize);

impl Limit {
    pub(super) fn new(limit: u16) -> Self {
        Self(usize::from(limit.max(1)))
    }

    /// How many rows are read.
    pub(super) fn rows(self) -> Value {
        i64::try_from(self.0 + 1).unwrap_or(i64::MAX).into()
    }

    /// What is shown, and where the next page begins.
    pub(super) fn page<T>(
        self,
        rows: &[Row],
        of: impl Fn(&Row) -> Result<T, sqlx::Error>,
        place: impl Fn(&T) -> &str,
    ) -> Result<(Vec<T>, Option<String>), sqlx::Error> {
        let shown = rows.iter().take(self.0).map(of).collect::<Result<Vec<_>, _>>()?;
        let next = shown.last().filter(|_| rows.len() > self.0).map(|last| place(last).to_owned());
        Ok((shown, next))
    }
}

//! The words by which keys are found.

use std::collections::BTreeSet;

use super::{Caller, Key, KeyFilter, Management, ManagementError};
use crate::credentials::{generate::now, sql::database::Transaction};

/// The words of a text, in lower case: what stands between other characters than letters and
/// digits. Longer ones are cut.
pub(super) fn of(text: &str) -> Vec<String> {
    let words: BTreeSet<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.to_lowercase().chars().take(LONGEST).collect())
        .take(MOST)
        .collect();
    words.into_iter().collect()
}

/// What is greater than every word that begins with this one, and than no other.
pub(super) fn end(word: &str) -> String {
    // The last character there is; no word has it, because it is no letter and no digit.
    format!("{word}\u{10FFFF}")
}

/// Keeps the words of a key, instead of those that were kept before.
pub(super) async fn keep(transaction: &mut Transaction, key: &Key) -> Result<(), ManagementError> {
    forget(transaction, key).await?;
    let texts = [
        &key.name,
        &key.display_name,
        &key.app_key,
        &key.developer_name,
        &key.environment,
        &key.description,
    ];
    let words: BTreeSet<String> = texts.into_iter().flat_map(|text| of(text)).collect();
    let sql = "INSERT INTO client_word (account_id, word, client_id) VALUES ($1, $2, $3)";
    // The name in one piece, as people copy it.
    let whole = std::iter::once(key.name.clone());
    let words: BTreeSet<String> = words.into_iter().chain(whole).take(MOST).collect();
    for word in words {
        let values = [key.account_id.as_str().into(), word.into(), key.id.as_str().into()];
        transaction.execute(sql, values).await?;
    }
    Ok(())
}

/// Forgets the words of a key.
pub(super) async fn forget(
    transaction: &mut Transaction,
    key: &Key,
) -> Result<(), ManagementError> {
    let sql = "DELETE FROM client_word WHERE client_id = $1";
    transaction.execute(sql, [key.id.as_str().into()]).await?;
    Ok(())
}

/// Keeps the words of the keys that were there before words were kept. Done once.
pub(super) async fn keep_all(management: &Management) -> Result<(), ManagementError> {
    let caller = Caller::system("configuration");
    let database = management.store.database();
    let row = database.row("SELECT words_at FROM meta", []).await?;
    if row.is_some_and(|row| row.optional_integer("words_at").is_ok_and(|at| at.is_some())) {
        return Ok(());
    }
    let (keys, mut after) = (management.keys(), None);
    loop {
        let page = keys.list(&caller, &KeyFilter::default(), after.as_deref(), BATCH).await?;
        let mut transaction = database.begin().await?;
        for key in &page.keys {
            keep(&mut transaction, key).await?;
        }
        transaction.commit().await?;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut transaction = database.begin().await?;
    transaction.execute("UPDATE meta SET words_at = $1", [now().into()]).await?;
    Ok(transaction.commit().await?)
}

const BATCH: u16 = 200;
const LONGEST: usize = 64;
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_people_type() {
        assert_eq!(of("Billing-Bot (EU) für Öl"), ["billing", "bot", "eu", "für", "öl"]);
        assert_eq!(of("  -- "), Vec::<String>::new());
        assert_eq!(of(&"x".repeat(100))[0].len(), LONGEST);
        assert!("bill" < end("bil").as_str() && *"bilz" < *end("bil"));
        assert!(*"bim" > *end("bil"));
    }
}

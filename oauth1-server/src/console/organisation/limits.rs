//! Everything, or single scopes of the catalogue: the choice for people and Basic credentials.

use crate::console::{
    form::{Errors, Values},
    keys::grid::Grid,
};

/// The scopes that were chosen; `*` for everything. Who ticks single ones and leaves "everything"
/// chosen means one of the two, and is asked which.
pub(super) fn chosen(form: &Values, grid: &Grid, errors: &mut Errors) -> Vec<String> {
    let scopes = grid.scopes(form);
    match form.text("limit") {
        "some" => scopes,
        "all" if scopes.is_empty() => vec!["*".to_owned()],
        "all" => {
            errors.add(
                "limit",
                "Scopes are chosen below: take “Only this”, or leave out the scopes.",
            );
            scopes
        }
        _ => {
            errors.add("limit", "Choose one of the two.");
            scopes
        }
    }
}

/// A form that shows what was chosen.
pub(super) fn fill(form: Values, grid: &Grid, scopes: &str) -> Values {
    if scopes == "*" {
        form.with("limit", "all")
    } else {
        grid.fill(form.with("limit", "some"), scopes)
    }
}

/// For who needs no assignment to be limited to what needs one.
pub(super) fn unlocked(mut grid: Grid) -> Grid {
    for privilege in grid.groups.iter_mut().flat_map(|group| &mut group.privileges) {
        privilege.locked = false;
    }
    grid
}

/// Whether the single scopes are to be seen.
pub(super) fn are_open(form: &Values, errors: &Errors) -> bool {
    form.text("limit") == "some"
        || errors.of("scopes").is_some()
        || errors.of("limit").is_some_and(|_| form.text("limit") == "all")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{catalogue::Catalogue, management::Account};

    const CATALOGUE: &str = "
        [[group]]
        name = \"orders\"
        title = \"Orders\"
        paths = [\"/orders/**\"]
        [[group.privilege]]
        name = \"refund\"
        title = \"Refund\"
        rules = [\"POST /orders/*/refund\"]
    ";

    fn grid() -> Grid {
        let account = Account {
            id: String::new(),
            name: String::new(),
            display_name: String::new(),
            max_keys: 0,
            basic_auth: true,
            secret_reveal: false,
            expiry_required: false,
            deletion_allowed: true,
            time_zone: "UTC".to_owned(),
            version: 1,
            created_at: 0,
            assignments: Vec::new(),
        };
        Grid::new(&Catalogue::parse(CATALOGUE).unwrap(), &account)
    }

    #[test]
    fn a_choice_that_says_two_things_is_asked_again() {
        for (form, scopes, wrong) in [
            ("limit=all", vec!["*"], None),
            (
                "limit=some&level-orders=view&privilege=orders:refund",
                vec!["orders:view", "orders:refund"],
                None,
            ),
            ("limit=some", vec![], None),
            ("limit=all&level-orders=view", vec!["orders:view"], Some("Scopes are chosen below")),
            ("limit=all&level-orders=none", vec!["*"], None),
            ("", vec![], Some("Choose one")),
        ] {
            let form = Values::parse(form.as_bytes()).unwrap();
            let mut errors = Errors::default();
            assert_eq!(chosen(&form, &grid(), &mut errors), scopes, "{form:?}");
            let told = errors.of("limit");
            assert_eq!(told.is_some(), wrong.is_some(), "{told:?}");
            assert!(told.unwrap_or_default().starts_with(wrong.unwrap_or_default()), "{told:?}");
        }
    }

    #[test]
    fn what_was_chosen_is_shown_and_read_again() {
        for scopes in ["*", "orders:modify orders:refund", ""] {
            let form = fill(Values::default(), &grid(), scopes);
            let mut errors = Errors::default();
            assert_eq!(chosen(&form, &grid(), &mut errors).join(" "), scopes);
            assert!(errors.is_empty());
        }
    }
}

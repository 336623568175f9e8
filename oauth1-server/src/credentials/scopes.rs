//! What a key, a token or a person may do, split once and not with every request.

/// A set of scopes, such as `orders:view`; or all of them. Cheap to look into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    all: bool,
    names: Box<[Box<str>]>,
}

impl Scopes {
    /// The scopes between spaces; `*` for all that need no assignment.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut names: Vec<Box<str>> = text.split_whitespace().map(Into::into).collect();
        names.sort_unstable();
        names.dedup();
        Self { all: names.iter().any(|name| **name == *"*"), names: names.into() }
    }

    /// Whether this scope itself is among them. [`Scopes::is_all`] is not asked.
    #[must_use]
    pub fn contains(&self, scope: &str) -> bool {
        self.names.binary_search_by(|name| (**name).cmp(scope)).is_ok()
    }

    /// Whether they are all, `*`.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        self.all
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Each of them, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_split_once() {
        let scopes = Scopes::parse(" b:view  a:modify b:view ");
        assert_eq!(scopes.iter().collect::<Vec<_>>(), ["a:modify", "b:view"]);
        assert!(scopes.contains("b:view") && !scopes.contains("b") && !scopes.is_all());
        assert!(Scopes::parse("*").is_all() && Scopes::parse("").is_empty());
    }
}

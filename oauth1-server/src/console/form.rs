//! What people typed, and what is wrong with it.

use std::fmt;

use url::form_urlencoded;
use zeroize::Zeroizing;

use super::refused::Refused;
use crate::management::{InvalidField, ManagementError, SignInError};

/// Names and values of a query or a form, wiped when they are dropped.
#[derive(Clone, Default)]
pub(crate) struct Values(Vec<(String, Zeroizing<String>)>);

impl Values {
    /// `None` if there is a NUL, which no database keeps.
    pub(crate) fn parse(octets: &[u8]) -> Option<Self> {
        let pairs = form_urlencoded::parse(octets).map(|(name, value)| {
            // Browsers send the lines of a text area with CR LF.
            let value = Zeroizing::new(value.into_owned());
            (name.into_owned(), Zeroizing::new(value.replace("\r\n", "\n")))
        });
        let values = Self(pairs.collect());
        let nul = |text: &str| text.contains('\0');
        (!values.0.iter().any(|(name, value)| nul(name) || nul(value))).then_some(values)
    }

    /// The first value of a name, without space around it; empty if there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.exact(name).trim()
    }

    /// The first value of a name as it was sent.
    pub(crate) fn exact(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.as_str())
    }

    /// The value, unless it is empty.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// The same, owned.
    pub(crate) fn owned(&self, name: &str) -> Option<String> {
        self.given(name).map(str::to_owned)
    }

    /// Whether the name has this value, among others maybe: boxes that were ticked.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|found| found == value)
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Words between spaces, commas or line breaks.
    pub(crate) fn words(&self, name: &str) -> Vec<String> {
        let words = self.text(name).split(|c: char| c.is_whitespace() || c == ',');
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// The version of what the form was made of. What is none of ours never matches.
    pub(crate) fn version(&self) -> Option<i64> {
        Some(self.text("version").parse().unwrap_or(-1))
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// For forms that begin with what is there.
    #[must_use]
    pub(crate) fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.push((name.into(), Zeroizing::new(value.into())));
        self
    }

    /// Those of another after these.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// As a query, with some names replaced; empty values are left out.
    pub(crate) fn query(&self, replaced: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let kept = self.pairs().filter(|(name, _)| !replaced.iter().any(|(new, _)| new == name));
        let pairs = kept.chain(replaced.iter().copied()).filter(|(_, value)| !value.is_empty());
        query.extend_pairs(pairs).finish()
    }
}

/// Without values: passwords are among them.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// What is wrong with a form: at fields, and as a whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Errors {
    fields: Vec<(String, String)>,
    pub(crate) general: Option<String>,
}

impl Errors {
    /// Something that is no single field's.
    pub(crate) fn whole(problem: &str) -> Self {
        Self { general: Some(sentence(problem)), ..Self::default() }
    }

    /// Why a password that was given again was not taken, as far as another try can mend it.
    pub(crate) fn of_password(error: SignInError, field: &str) -> Result<Self, Refused> {
        match error {
            SignInError::Wrong => {
                let mut errors = Self::default();
                errors.add(field, "The password is wrong.");
                Ok(errors)
            }
            SignInError::Throttled { .. } => Ok(Self::whole(&error.to_string())),
            error => Err(error.into()),
        }
    }

    pub(crate) fn add(&mut self, field: &str, problem: impl Into<String>) {
        self.fields.push((field.to_owned(), problem.into()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.general.is_none()
    }

    /// What is wrong with a field.
    pub(crate) fn of(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|(name, _)| name == field).map(|(_, problem)| problem.as_str())
    }

    /// For "field" or "fields".
    pub(crate) fn plural(&self) -> &'static str {
        if self.fields.len() == 1 { "" } else { "s" }
    }

    /// Whether it is the one that gets the focus.
    pub(crate) fn is_first(&self, field: &str) -> bool {
        self.fields.first().is_some_and(|(name, _)| name == field)
    }

    /// What the management did not take, as far as who filled in the form can mend it there.
    pub(crate) fn from(error: ManagementError) -> Result<Self, Refused> {
        use ManagementError as E;
        let mut errors = Self::default();
        match error {
            E::Invalid(InvalidField { field, problem }) => errors.add(field, sentence(&problem)),
            E::NameTaken(_) => errors.add("name", sentence(&error.to_string())),
            E::Unknown { kind: kind @ ("person" | "role" | "account"), .. } => {
                let field = if kind == "person" { "acts_as" } else { kind };
                errors.add(field, sentence(&error.to_string()));
            }
            E::Refused(_) | E::Blocked(_) | E::LimitReached(_) | E::Conflict { .. } => {
                errors.general = Some(sentence(&error.to_string()));
            }
            error => return Err(error.into()),
        }
        Ok(errors)
    }
}

/// Begins with a capital letter and ends with a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

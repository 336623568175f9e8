//! JSON that keeps the order of fields, refuses duplicate ones, and has one canonical writing.

use std::fmt::{self, Write as _};

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A JSON value. Numbers are integers: the vector files hold no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Self>),
    /// An object, its fields in the order they were read.
    Object(Vec<(String, Self)>),
}

impl Json {
    /// Reads one JSON document.
    ///
    /// # Errors
    /// What is wrong and at which line: no JSON, a duplicate field, a number with a fraction.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// The field of an object, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.iter().find(|(field, _)| field == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items of an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The fields of an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// Name and value pairs, from an array of arrays of two strings.
    #[must_use]
    pub fn as_pairs(&self) -> Option<Vec<(&str, &str)>> {
        self.as_array()?
            .iter()
            .map(|item| match item.as_array()? {
                [name, value] => Some((name.as_str()?, value.as_str()?)),
                _ => None,
            })
            .collect()
    }

    const fn holds_others(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Object(_))
    }

    /// The value on one line.
    #[must_use]
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The canonical writing: two spaces a level, ASCII only, an array of strings or numbers on one
    /// line, a newline at the end.
    #[must_use]
    pub fn to_canonical(&self) -> String {
        let mut out = String::new();
        self.write_canonical(&mut out, 0);
        out.push('\n');
        out
    }

    fn write_canonical(&self, out: &mut String, depth: usize) {
        let inside = "  ".repeat(depth + 1);
        let outside = "  ".repeat(depth);
        match self {
            Self::Object(fields) if !fields.is_empty() => {
                out.push_str("{\n");
                for (at, (name, value)) in fields.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { ",\n" });
                    out.push_str(&inside);
                    write_string(out, name);
                    out.push_str(": ");
                    value.write_canonical(out, depth + 1);
                }
                out.push('\n');
                out.push_str(&outside);
                out.push('}');
            }
            Self::Array(items) if items.iter().any(Self::holds_others) => {
                out.push_str("[\n");
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { ",\n" });
                    out.push_str(&inside);
                    item.write_canonical(out, depth + 1);
                }
                out.push('\n');
                out.push_str(&outside);
                out.push(']');
            }
            Self::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { ", " });
                    item.write_canonical(out, depth);
                }
                out.push(']');
            }
            Self::String(text) => write_string(out, text),
            other => out.push_str(&other.to_line()),
        }
    }
}

fn write_string(out: &mut String, text: &str) {
    for c in Json::String(text.to_owned()).to_line().chars() {
        if c < '\u{7f}' {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::String(value) => serializer.serialize_str(value),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without fractions")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Integer(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Json, E> {
        i64::try_from(value).map(Json::Integer).map_err(E::custom)
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut fields: Vec<(String, Json)> = Vec::new();
        while let Some((name, value)) = entries.next_entry::<String, Json>()? {
            if fields.iter().any(|(field, _)| *field == name) {
                return Err(A::Error::custom(format_args!(
                    "the field \"{name}\" occurs twice in one object; keep one"
                )));
            }
            fields.push((name, value));
        }
        Ok(Json::Object(fields))
    }
}

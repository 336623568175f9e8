//! One case: its inputs, and what an implementation must make of them.

use crate::json::Json;
use crate::kinds::{Answer, COMMON, FieldType, Kind, field_type};

/// A test case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Unique over all files.
    pub id: String,
    /// Its kind.
    pub kind: &'static Kind,
    /// The clause of the specification it follows from.
    pub clause: String,
    /// What the case shows.
    pub comment: String,
    /// Its flags, each explained in the notes of the file.
    pub flags: Vec<String>,
    /// The input fields, as they are sent to a program.
    pub inputs: Vec<(String, Json)>,
    /// What must come out.
    pub expectation: Expectation,
}

/// What an implementation must answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// This string.
    Text(String),
    /// The input is refused.
    Refused,
    /// The signature, tag or request is valid.
    Valid,
    /// It is not; refusing the input says the same.
    Invalid,
    /// This realm and these parameters, in this order.
    Header {
        /// The realm, if the header has one.
        realm: Option<String>,
        /// Decoded names and values.
        params: Vec<(String, String)>,
    },
    /// A signed request.
    Signed {
        /// The base string, where the case gives it.
        base_string: Option<String>,
        /// The signature.
        signature: String,
        /// The realm and parameters of the header. The order of parameters is not compared.
        realm: Option<String>,
        /// Decoded names and values, with the signature.
        params: Vec<(String, String)>,
    },
}

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    /// What is missing, unknown or of the wrong type.
    pub fn read(fields: &[(String, Json)], clause: &str) -> Result<Self, String> {
        let reader = Reader(fields);
        let kind = reader.text("kind")?;
        let kind = Kind::named(kind).ok_or_else(|| format!("the kind {kind:?} is unknown"))?;
        for (name, value) in fields {
            let known = COMMON.contains(&name.as_str())
                || kind.inputs.contains(&name.as_str())
                || kind.expectations.contains(&name.as_str());
            if !known {
                return Err(format!("the field {name:?} is unknown in the kind {}", kind.name));
            }
            if !COMMON.contains(&name.as_str()) {
                check_type(name, value, field_type(kind, name))?;
            }
        }
        let has = |set: &&[&str]| set.iter().all(|field| reader.get(field).is_some());
        if !kind.required.iter().any(has) {
            let sets: Vec<_> = kind.required.iter().map(|set| set.join(", ")).collect();
            return Err(format!("inputs are missing; needed is one of: {}", sets.join(" | ")));
        }
        let inputs = fields.iter().filter(|(name, _)| kind.inputs.contains(&name.as_str()));
        Ok(Self {
            id: reader.text("id")?.to_owned(),
            kind,
            clause: reader.optional("clause").unwrap_or(clause).to_owned(),
            comment: reader.text("comment")?.to_owned(),
            flags: reader.flags()?,
            inputs: inputs.cloned().collect(),
            expectation: reader.expectation(kind)?,
        })
    }

    /// The line that is sent to a program: `id`, `kind` and inputs, no expectation.
    #[must_use]
    pub fn request(&self) -> Json {
        let mut fields = vec![
            ("id".to_owned(), Json::String(self.id.clone())),
            ("kind".to_owned(), Json::String(self.kind.name.to_owned())),
        ];
        fields.extend(self.inputs.iter().cloned());
        Json::Object(fields)
    }
}

fn check_type(name: &str, value: &Json, wanted: FieldType) -> Result<(), String> {
    let hex = |text: &str| {
        text.len().is_multiple_of(2) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let good = match wanted {
        FieldType::Text => value.as_str().is_some(),
        FieldType::TextOrNull => value.as_str().is_some() || *value == Json::Null,
        FieldType::Hex => value.as_str().is_some_and(hex),
        FieldType::Pairs => value.as_pairs().is_some(),
        FieldType::Integer => matches!(value, Json::Integer(1..)),
        FieldType::Hash => matches!(value.as_str(), Some("sha1" | "sha256" | "sha512")),
    };
    if good { Ok(()) } else { Err(format!("the field {name:?} is not {}", describe(wanted))) }
}

const fn describe(wanted: FieldType) -> &'static str {
    match wanted {
        FieldType::Text => "a string",
        FieldType::TextOrNull => "a string or null",
        FieldType::Hex => "a string of lower-case hexadecimal digits, two an octet",
        FieldType::Pairs => "an array of [name, value] pairs",
        FieldType::Integer => "a positive integer",
        FieldType::Hash => "one of sha1, sha256, sha512",
    }
}

struct Reader<'a>(&'a [(String, Json)]);

impl<'a> Reader<'a> {
    fn get(&self, name: &str) -> Option<&'a Json> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    fn optional(&self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(Json::as_str)
    }

    fn text(&self, name: &str) -> Result<&'a str, String> {
        self.optional(name).ok_or_else(|| format!("the string {name:?} is missing"))
    }

    fn pairs(&self, name: &str) -> Result<Vec<(String, String)>, String> {
        let pairs = self.get(name).and_then(Json::as_pairs);
        let pairs = pairs.ok_or_else(|| format!("the pairs {name:?} are missing"))?;
        Ok(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    fn flags(&self) -> Result<Vec<String>, String> {
        let Some(flags) = self.get("flags") else { return Ok(Vec::new()) };
        let texts = flags.as_array().and_then(|items| {
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        texts.ok_or_else(|| "\"flags\" is not an array of strings".to_owned())
    }

    /// `result` and the `expected` fields say together what must come out; see the README.
    fn expectation(&self, kind: &Kind) -> Result<Expectation, String> {
        let valid = match self.text("result")? {
            "valid" => true,
            "invalid" => false,
            other => {
                return Err(format!("\"result\" is {other:?}; write \"valid\" or \"invalid\""));
            }
        };
        let published = !kind.inputs.contains(&"published") && self.get("published").is_some();
        let verdict = if valid { Expectation::Valid } else { Expectation::Invalid };
        match (kind.answer, self.optional("expected")) {
            (Answer::Text | Answer::TextOrVerdict, Some(expected)) => {
                if valid && published {
                    return Err("\"published\" beside \"expected\" means: invalid".to_owned());
                }
                if !valid && !published {
                    return Err(
                        "invalid with \"expected\" needs the wrong \"published\"".to_owned()
                    );
                }
                Ok(Expectation::Text(expected.to_owned()))
            }
            (Answer::Text | Answer::TextOrVerdict, None) if published => {
                Err("\"published\" without \"expected\"".to_owned())
            }
            (Answer::Text, None) if valid => Err("\"expected\" is missing".to_owned()),
            (Answer::Text, None) => Ok(Expectation::Refused),
            (Answer::TextOrVerdict | Answer::Verdict, _) => Ok(verdict),
            (Answer::Header, _) if valid => Ok(Expectation::Header {
                realm: self.optional("expected_realm").map(str::to_owned),
                params: self.pairs("expected_params")?,
            }),
            (Answer::Header, _) => Ok(Expectation::Refused),
            (Answer::Signed, _) => self.signed(),
        }
    }

    /// Without `expected_authorization_header`, the header carries the realm, `oauth_params` and
    /// the signature.
    fn signed(&self) -> Result<Expectation, String> {
        let signature = self.text("expected_signature")?.to_owned();
        let (realm, params) = match self.optional("expected_authorization_header") {
            Some(header) => crate::header::parse(header)?,
            None => {
                let mut params = self.pairs("oauth_params")?;
                params.push(("oauth_signature".to_owned(), signature.clone()));
                (self.optional("realm").map(str::to_owned), params)
            }
        };
        let base_string = self.optional("expected_base_string").map(str::to_owned);
        Ok(Expectation::Signed { base_string, signature, realm, params })
    }
}

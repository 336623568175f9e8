//! Reads one value: from a flag, the captured header, the environment, a file or stdin.

use std::env;

use oauth1_client::SharedSecret;
use zeroize::Zeroizing;

use crate::{
    args::Hidden,
    credentials::Given,
    failure::Failure,
    output::Output,
    source::{Sources, utf8},
};

pub(crate) struct Reader<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) output: Output,
}

type Secret = Option<Given<SharedSecret>>;

impl Reader<'_> {
    pub(crate) fn both_from_stdin(&self) -> Result<(Secret, Secret), Failure> {
        let bytes = self.sources.stdin("the secrets")?;
        let mut lines = utf8(&bytes, "the text with the secrets")?.lines();
        let mut next = |which: &str| {
            let origin = format!("stdin, {which} line");
            lines.next().map(|line| Given { value: SharedSecret::new(line), origin })
        };
        let both = (next("first"), next("second"));
        if both.0.is_none() || lines.any(|line| !line.is_empty()) {
            return Err(Failure::config(
                "stdin must hold one or two lines of secrets",
                "the App secret on the first line, the Token secret on the second",
            ));
        }
        Ok(both)
    }

    pub(crate) fn secret(
        &self,
        (flag, value): (&str, &Option<Hidden>),
        (file_flag, path): (&str, &Option<String>),
        (variable, what): (&str, &'static str),
    ) -> Result<Secret, Failure> {
        if let Some(Hidden(secret)) = value {
            self.output.warn(&format!(
                "{flag} shows the secret to other users of this computer; use {file_flag} or {variable}"
            ));
            return Ok(Some(Given { value: secret.clone(), origin: format!("flag {flag}") }));
        }
        if let Some(path) = path {
            let text = self.sources.secret(path, what)?;
            let origin = if path == "-" { "stdin".into() } else { format!("file of {file_flag}") };
            return Ok(Some(Given { value: SharedSecret::new(text.as_str()), origin }));
        }
        Ok(self.variable(variable, what)?.map(|Given { value, origin }| Given {
            value: SharedSecret::new(value.as_str()),
            origin,
        }))
    }

    pub(crate) fn identifier(
        &self,
        (flag, value): (&str, &Option<String>),
        captured: Option<&str>,
        (variable, what): (&str, &'static str),
    ) -> Result<Option<Given<String>>, Failure> {
        if let Some(value) = value {
            return Ok(Some(Given { value: value.clone(), origin: format!("flag {flag}") }));
        }
        if let Some(value) = captured {
            let origin = "the request's Authorization header".into();
            return Ok(Some(Given { value: value.into(), origin }));
        }
        let found = self.variable(variable, what)?;
        Ok(found.map(|Given { value, origin }| Given { value: value.as_str().into(), origin }))
    }

    /// `NAME`, or the content of the file that `NAME_FILE` names.
    fn variable(
        &self,
        name: &str,
        what: &'static str,
    ) -> Result<Option<Given<Zeroizing<String>>>, Failure> {
        let file_name = format!("{name}_FILE");
        let file = env::var_os(&file_name).filter(|path| !path.is_empty());
        match (env::var_os(name), file) {
            (Some(_), Some(_)) => Err(Failure::config(
                format!("{name} and {file_name} are both set"),
                "unset one of them",
            )),
            (Some(value), None) => {
                let value = value.into_string().map(Zeroizing::new).map_err(|_| {
                    Failure::config(format!("{name} is not UTF-8"), "set it to UTF-8 text")
                })?;
                Ok(Some(Given { value, origin: format!("environment {name}") }))
            }
            (None, Some(path)) => {
                let path = path.to_string_lossy();
                let value = self.sources.secret(&path, what)?;
                Ok(Some(Given { value, origin: format!("file of environment {file_name}") }))
            }
            (None, None) => Ok(None),
        }
    }
}

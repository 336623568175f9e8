//! The body that the arguments describe.

use std::{fs, path::PathBuf};

use oauth1_client::core::{percent_encoding::encode, request::is_form};

use crate::{
    args::{RequestArgs, Transmit},
    failure::Failure,
    input::Wire,
    output::Output,
    source::Sources,
    upload::{Part, Upload},
};

pub(crate) enum GivenBody {
    Octets(Vec<u8>),
    Upload(Upload),
}

pub(crate) struct BodyArgs<'a> {
    pub(crate) args: &'a RequestArgs,
    pub(crate) transmit: Transmit,
    pub(crate) wire: Wire,
    pub(crate) sources: &'a Sources,
    pub(crate) output: Output,
}

impl BodyArgs<'_> {
    /// The body, whose `Content-Type` is added to the headers unless it is there.
    pub(crate) fn body(
        &self,
        parts: Vec<Part>,
        headers: &mut Vec<(String, String)>,
    ) -> Result<Option<GivenBody>, Failure> {
        let args = self.args;
        if !parts.is_empty() && (args.data.is_some() || args.json_body.is_some()) {
            return Err(Failure::usage(
                "form fields and a raw body were given",
                "give one of them; name==value goes into the query",
            ));
        }
        let is_type = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("content-type");
        let in_headers = headers.iter().find(is_type).map(|(_, value)| value.clone());
        if args.content_type.is_some() && in_headers.is_some() {
            return Err(Failure::usage(
                "Content-Type was given twice",
                "leave out --content-type or the header",
            ));
        }
        let given = in_headers.as_ref().or(args.content_type.as_ref());
        if parts.iter().any(|part| matches!(part, Part::File(_))) {
            self.check_multipart(given.is_some())?;
            return Ok(Some(GivenBody::Upload(Upload::Parts(parts))));
        }
        let default = if args.json_body.is_some() { "application/json" } else { FORM };
        let body = match self.large_file(given) {
            Some(path) => Some(GivenBody::Upload(Upload::File(path))),
            None => self.octets(&parts)?.map(GivenBody::Octets),
        };
        if body.is_some() && in_headers.is_none() {
            let json = matches!(&body, Some(GivenBody::Octets(body)) if body.starts_with(b"{"));
            if given.is_none() && default == FORM && json {
                self.output.warn("the body looks like JSON but goes as a form: use --json-body");
            }
            let media_type = args.content_type.clone().unwrap_or_else(|| default.into());
            headers.push(("Content-Type".into(), media_type));
        }
        Ok(body)
    }

    fn check_multipart(&self, typed: bool) -> Result<(), Failure> {
        if typed {
            return Err(Failure::usage(
                "files go as multipart/form-data, which sets the Content-Type",
                "leave out --content-type and the header, or send one file with --data @FILE",
            ));
        }
        if self.transmit == Transmit::Form {
            return Err(Failure::usage(
                "files go as multipart/form-data, which holds no oauth_ parameters (RFC 5849 section 3.5.2)",
                "use --transmit header",
            ));
        }
        Ok(())
    }

    /// The file of `--data`, if it need not be in memory.
    fn large_file(&self, content_type: Option<&String>) -> Option<PathBuf> {
        let path = PathBuf::from(self.args.data.as_deref()?.strip_prefix('@')?);
        let streamed = self.wire == Wire::Streamed && content_type.is_some_and(|t| !is_form(t));
        let large = |path: &PathBuf| {
            fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() > IN_MEMORY)
        };
        Some(path).filter(|path| streamed && large(path))
    }

    fn octets(&self, parts: &[Part]) -> Result<Option<Vec<u8>>, Failure> {
        if let Some(data) = &self.args.data {
            return self.sources.text_or_file(data, "the body").map(Some);
        }
        if let Some(json) = &self.args.json_body {
            let json = self.sources.text_or_file(json, "the JSON body")?;
            if serde_json::from_slice::<serde::de::IgnoredAny>(&json).is_err() {
                return Err(Failure::usage("--json-body is no JSON", "correct it, or use --data"));
            }
            return Ok(Some(json));
        }
        let fields: Vec<_> = parts.iter().filter_map(Part::field).collect();
        Ok((!fields.is_empty()).then(|| fields.join("&").into_bytes()))
    }
}

/// A field of a form or of a query.
pub(crate) fn pair(name: &str, value: &str) -> String {
    format!("{}={}", encode(name), encode(value))
}

const FORM: &str = "application/x-www-form-urlencoded";
/// Octets; what is longer is sent as it is read.
const IN_MEMORY: u64 = 1024 * 1024;

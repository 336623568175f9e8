//! `--compare`: a base string that somebody else built, beside ours.

use oauth1_client::core::{Difference, SignatureBaseString};
use serde::Serialize;

use crate::{
    failure::{Failure, Kind},
    source::{Sources, utf8, without_line_end},
};

#[derive(clap::Args, Debug)]
pub(crate) struct CompareArgs {
    /// A base string to compare with: text, FILE, or - for stdin
    #[arg(long, value_name = "BASESTRING|FILE|-", help_heading = "Output")]
    compare: Option<String>,
}

impl CompareArgs {
    /// The base string given, if one was.
    pub(crate) fn theirs(&self, sources: &Sources) -> Result<Option<String>, Failure> {
        let read = |argument| base_string(argument, "--compare", sources);
        self.compare.as_deref().map(read).transpose()
    }
}

/// The base string given as text, as a file, or on stdin.
pub(crate) fn base_string(
    argument: &str,
    option: &str,
    sources: &Sources,
) -> Result<String, Failure> {
    const WHAT: &str = "the base string to compare with";
    // A base string starts with a method and '&', so it is hardly the name of a file.
    let path = argument.strip_prefix('@').unwrap_or(argument);
    let bytes = if path == "-" || path != argument || std::path::Path::new(path).is_file() {
        sources.file(path, WHAT, Kind::Usage)?.to_vec()
    } else if argument.contains('&') {
        argument.as_bytes().into()
    } else {
        return Err(Failure::usage(
            format!("{option} is neither a file nor a base string"),
            "a base string is METHOD&URI&PARAMETERS; servers often log it, or show it in the answer",
        ));
    };
    let text = utf8(&bytes, WHAT)?;
    Ok(without_line_end(text).into())
}

/// The first difference, for JSON.
#[derive(Serialize)]
pub(crate) struct DifferenceJson {
    at: usize,
    part: String,
    text: String,
}

impl DifferenceJson {
    pub(crate) fn between(
        ours: &SignatureBaseString,
        theirs: Option<&str>,
    ) -> Option<(Difference, Self)> {
        let difference = ours.first_difference(theirs?)?;
        let json = Self::of(&difference);
        Some((difference, json))
    }

    pub(crate) fn of(difference: &Difference) -> Self {
        let (part, text) = (difference.part().to_string(), difference.to_string());
        Self { at: difference.at(), part, text }
    }
}

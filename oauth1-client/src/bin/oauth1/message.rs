//! `--from`: a request that was written down, as a curl line, raw HTTP or HAR.

use clap::Args;

use oauth1_client::core::{
    base_string_uri::Scheme,
    captured::{CaptureError, CapturedRequest},
};

use crate::{
    args::{RequestArgs, Transmit},
    failure::{Failure, Kind},
    har,
    input::{Input, Wire},
    output::Output,
    source::{Sources, utf8},
};

#[derive(Args, Debug)]
#[command(next_help_heading = "Request")]
pub(crate) struct FromArgs {
    /// A file with a curl line, a raw HTTP request or HAR, - for stdin; in place of the URL
    #[arg(
        long, value_name = "FILE|-",
        conflicts_with_all = ["url", "items", "method", "data", "content_type", "json_body", "headers"]
    )]
    pub(crate) from: Option<String>,
    /// Scheme of a raw HTTP request, which does not say
    #[arg(long, default_value = "https", value_parser = ["http", "https"], requires = "from")]
    pub(crate) scheme: String,
}

impl FromArgs {
    /// The request in the file, if there is one.
    pub(crate) fn input(&self, sources: &Sources) -> Result<Option<Input>, Failure> {
        let Some(path) = &self.from else { return Ok(None) };
        let bytes = sources.file(path, "the request", Kind::Usage)?;
        let start = bytes.trim_ascii_start();
        let request = if start.starts_with(b"curl") {
            CapturedRequest::from_curl(utf8(start, "the curl line")?, |path| {
                sources.file(path, "the data of the curl line", Kind::Usage).map(|b| b.to_vec())
            })?
        } else if start.starts_with(b"{") {
            har::read(start)?
        } else {
            let scheme = if self.scheme == "http" { Scheme::Http } else { Scheme::Https };
            CapturedRequest::from_http(start, scheme)?
        };
        Input { given: request.url.clone(), request, upload: None }.checked().map(Some)
    }

    /// A request as somebody else sent it: in the file, or as the arguments say.
    pub(crate) fn sent(
        &self,
        args: &RequestArgs,
        sources: &Sources,
        output: Output,
    ) -> Result<Input, Failure> {
        match self.input(sources)? {
            Some(input) => Ok(input),
            None => Input::from_args(args, Transmit::Header, Wire::Sent, sources, output),
        }
    }
}

/// There is no signature to look at.
pub(crate) fn unsigned() -> Failure {
    Failure::usage(
        "the request carries no OAuth signature",
        "give its Authorization header as an item or in the file; to sign, use oauth1 sign",
    )
}

impl From<CaptureError> for Failure {
    fn from(CaptureError { message, fix }: CaptureError) -> Self {
        Self::usage(message, fix)
    }
}

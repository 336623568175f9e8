//! `--from`: a request out of a HAR file, as browsers and proxies save them.

use oauth1_client::core::{authorization::is_oauth, captured::CapturedRequest};
use serde::Deserialize;

use crate::failure::Failure;

#[derive(Deserialize)]
struct Har {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    request: Request,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    headers: Vec<Header>,
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct PostData {
    text: Option<String>,
}

/// The request in the file: the only one, or the only one whose header is signed.
pub(crate) fn read(bytes: &[u8]) -> Result<CapturedRequest, Failure> {
    // The parser's own words may repeat what stands there.
    let har: Har = serde_json::from_slice(bytes).map_err(|_| {
        Failure::usage(
            "the file is JSON, but no HAR: log.entries with method, url and headers",
            "save it again, or copy the request as a curl line",
        )
    })?;
    let mut requests: Vec<_> = har.log.entries.into_iter().map(|entry| entry.request).collect();
    let all = requests.len();
    if all > 1 {
        requests.retain(Request::is_signed);
    }
    let (signed, first) = (requests.len(), requests.pop());
    let Some(request) = first.filter(|_| signed == 1) else {
        return Err(Failure::usage(
            format!("the HAR file has {all} requests, {signed} of them with an OAuth header"),
            "save the one request alone, or copy it as a curl line",
        ));
    };
    Ok(request.captured())
}

impl Request {
    fn is_signed(&self) -> bool {
        let authorization = |header: &&Header| header.name.eq_ignore_ascii_case("authorization");
        self.headers.iter().filter(authorization).any(|header| is_oauth(header.value.as_bytes()))
    }

    fn captured(self) -> CapturedRequest {
        // HTTP/2 has what is no header among them, as :path.
        let headers = self.headers.into_iter().filter(|header| !header.name.starts_with(':'));
        let body = self.post_data.and_then(|data| data.text).unwrap_or_default();
        CapturedRequest {
            method: self.method,
            // A fragment is never sent.
            url: self.url.split('#').next().unwrap_or_default().to_owned(),
            headers: headers.map(|header| (header.name, header.value)).collect(),
            body: body.into_bytes(),
        }
    }
}

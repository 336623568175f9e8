//! Bodies that are read while they are sent: `name@file` items, and large files of `--data`. None
//! of them is signed; RFC 5849 section 3.4.1.3.1 takes parameters from forms of one part only.

use std::{
    fs::File,
    path::{Path, PathBuf},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use reqwest::{
    Request, RequestBuilder,
    header::CONTENT_LENGTH,
    multipart::{Form, Part as FormPart},
};

use crate::{
    body::pair, failure::Failure, item::FileItem, output::Output, progress::Progress, shell::quote,
};

/// What is sent as the body.
#[derive(Debug)]
pub(crate) enum Upload {
    /// The octets of a file.
    File(PathBuf),
    /// `multipart/form-data`, in this order.
    Parts(Vec<Part>),
}

#[derive(Debug)]
pub(crate) enum Part {
    Text(String, String),
    File(FileItem),
}

impl Part {
    /// A file that stands at `position` after the URL, if it can be read.
    pub(crate) fn file(item: FileItem, position: usize) -> Result<Self, Failure> {
        let unusable = |why: String, fix| {
            Failure::usage(format!("the file of item {position} after the URL {why}"), fix)
        };
        if item.path == "-" {
            return Err(unusable("is stdin".into(), "save it as a file first"));
        }
        let file = File::open(&item.path).and_then(|file| file.metadata());
        let file = file.map_err(|error| {
            let why = format!("cannot be read: {}", error.kind());
            unusable(why, "check its path and who may read it; for a name with @ in it, write \\@")
        })?;
        if !file.is_file() {
            return Err(unusable("is no regular file".into(), "give the path of a file"));
        }
        if let Some(media_type) = &item.media_type {
            let parsed = FormPart::text("").mime_str(media_type);
            parsed.map_err(|_| {
                unusable("has a malformed type".into(), "write it as ;type=image/png")
            })?;
        }
        Ok(Self::File(item))
    }

    /// Form-encoded, if it is text.
    pub(crate) fn field(&self) -> Option<String> {
        match self {
            Self::Text(name, value) => Some(pair(name, value)),
            Self::File(_) => None,
        }
    }

    /// As an option of curl, which splits at the first `=`.
    fn curl(&self) -> Option<String> {
        let in_quotes =
            |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        match self {
            Self::Text(name, _) | Self::File(FileItem { name, .. }) if name.contains('=') => None,
            Self::Text(name, value) => {
                Some(format!(" --form-string {}", quote(&format!("{name}={value}"))))
            }
            Self::File(FileItem { name, path, media_type, file_name }) => {
                let mut field = format!("{name}=@{}", in_quotes(path));
                if let Some(media_type) = media_type {
                    field.push_str(&format!(";type={media_type}"));
                }
                if let Some(file_name) = file_name {
                    field.push_str(&format!(";filename={}", in_quotes(file_name)));
                }
                Some(format!(" -F {}", quote(&field)))
            }
        }
    }
}

impl Upload {
    /// The options of curl that send it; `None` if there are none.
    pub(crate) fn curl(&self) -> Option<String> {
        match self {
            Self::File(path) => {
                Some(format!(" --data-binary {}", quote(&format!("@{}", path.to_str()?))))
            }
            Self::Parts(parts) => parts.iter().map(Part::curl).collect(),
        }
    }

    /// Puts it into the request. The client is needed to build, and sends nothing.
    pub(crate) async fn attach(
        self,
        request: Request,
        http: &reqwest::Client,
        output: Output,
    ) -> Result<Request, Failure> {
        let mut request = match self {
            Self::File(path) => with_file(request, &path).await?,
            Self::Parts(parts) => with_parts(request, parts, http).await?,
        };
        let length = request.headers().get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        if let Some(body) = request.body_mut() {
            let inner = std::mem::take(body);
            *body = reqwest::Body::wrap(Counted { inner, progress: Progress::new(length, output) });
        }
        Ok(request)
    }
}

/// A body in place of one that is a stream, which is not read when a request is only signed.
pub(crate) fn placeholder() -> reqwest::Body {
    reqwest::Body::wrap(http_body_util::Empty::<Bytes>::new())
}

async fn with_file(mut request: Request, path: &Path) -> Result<Request, Failure> {
    let open = async {
        let file = tokio::fs::File::open(path).await?;
        let length = file.metadata().await?.len();
        std::io::Result::Ok((file, length))
    };
    let (file, length) = open.await.map_err(|error| gone(&error))?;
    request.headers_mut().insert(CONTENT_LENGTH, length.into());
    *request.body_mut() = Some(file.into());
    Ok(request)
}

async fn with_parts(
    request: Request,
    parts: Vec<Part>,
    http: &reqwest::Client,
) -> Result<Request, Failure> {
    // Names are escaped as browsers do it, and not in the way of RFC 8187, which RFC 7578 forbids.
    let mut form = Form::new().percent_encode_noop();
    for part in parts {
        form = match part {
            Part::Text(name, value) => form.text(escaped(&name), value),
            Part::File(FileItem { name, path, media_type, file_name }) => {
                let mut part = FormPart::file(&path).await.map_err(|error| gone(&error))?;
                if let Some(media_type) = media_type {
                    let typed = part.mime_str(&media_type);
                    part =
                        typed.map_err(|_| Failure::usage("a type is malformed", "correct it"))?;
                }
                let given = file_name
                    .or_else(|| Some(Path::new(&path).file_name()?.to_string_lossy().into_owned()));
                form.part(escaped(&name), part.file_name(escaped(&given.unwrap_or_default())))
            }
        };
    }
    let built = RequestBuilder::from_parts(http.clone(), request).multipart(form).build();
    built.map_err(|_| Failure::other("the parts make no body", "check their names and types"))
}

fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn gone(error: &std::io::Error) -> Failure {
    Failure::usage(
        format!("a file to upload cannot be read: {}", error.kind()),
        "check its path and who may read it",
    )
}

/// A body that says how far it is.
struct Counted {
    inner: reqwest::Body,
    progress: Progress,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, reqwest::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.progress.advance(frame.data_ref().map_or(0, Bytes::len));
            }
            Poll::Ready(_) => self.progress.clear(),
            Poll::Pending => {}
        }
        polled
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

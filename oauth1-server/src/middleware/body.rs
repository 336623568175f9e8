//! The request body behind the layer: buffered and handed on intact, or streamed untouched.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;

use crate::FramingError;

/// A request body that the verifier may have read.
///
/// Form bodies, and bodies that were checked against `oauth_body_hash`, were buffered; they yield
/// the octets and trailers that arrived. Every other body is the original one, not yet polled.
#[derive(Debug)]
pub struct RequestBody<B>(Content<B>);

#[derive(Debug)]
enum Content<B> {
    Streamed(B),
    Buffered { data: Bytes, trailers: Option<HeaderMap> },
}

impl<B> RequestBody<B> {
    /// A body that is streamed, until it is buffered.
    pub(crate) const fn streamed(body: B) -> Self {
        Self(Content::Streamed(body))
    }

    /// What was buffered, if it was.
    pub(crate) fn buffered(&self) -> Option<&Bytes> {
        match &self.0 {
            Content::Buffered { data, .. } => Some(data),
            Content::Streamed(_) => None,
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> RequestBody<B> {
    /// Reads the body to its end, unless that was done; returns its octets.
    pub(crate) async fn buffer(&mut self, limit: usize) -> Result<Bytes, FramingError> {
        let body = match &mut self.0 {
            Content::Streamed(body) => body,
            Content::Buffered { data, .. } => return Ok(data.clone()),
        };
        if body.size_hint().lower() > limit as u64 {
            return Err(FramingError::BodyTooLarge);
        }
        let (mut data, mut trailers) = (Joined::default(), None);
        while let Some(frame) = body.frame().await {
            match frame.map_err(|_| FramingError::Body)?.into_data() {
                Ok(piece) if data.len() + piece.len() > limit => {
                    return Err(FramingError::BodyTooLarge);
                }
                Ok(piece) => data.push(piece),
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
        let data = data.into_bytes();
        self.0 = Content::Buffered { data: data.clone(), trailers };
        Ok(data)
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for RequestBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match &mut self.0 {
            Content::Streamed(body) => Pin::new(body).poll_frame(cx),
            Content::Buffered { data, .. } if !data.is_empty() => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(data)))))
            }
            Content::Buffered { trailers, .. } => {
                Poll::Ready(trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Content::Streamed(body) => body.is_end_stream(),
            Content::Buffered { data, trailers } => data.is_empty() && trailers.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Content::Streamed(body) => body.size_hint(),
            Content::Buffered { data, .. } => SizeHint::with_exact(data.len() as u64),
        }
    }
}

/// Pieces joined, without a copy if there is only one.
#[derive(Default)]
struct Joined {
    first: Bytes,
    all: Option<BytesMut>,
}

impl Joined {
    fn len(&self) -> usize {
        self.all.as_ref().map_or(self.first.len(), BytesMut::len)
    }

    fn push(&mut self, piece: Bytes) {
        match &mut self.all {
            Some(all) => all.extend_from_slice(&piece),
            None if self.first.is_empty() => self.first = piece,
            None => {
                let mut all = BytesMut::with_capacity(2 * (self.first.len() + piece.len()));
                all.extend_from_slice(&self.first);
                all.extend_from_slice(&piece);
                self.all = Some(all);
            }
        }
    }

    fn into_bytes(self) -> Bytes {
        self.all.map_or(self.first, BytesMut::freeze)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, convert::Infallible};

    use super::*;

    /// A body in given frames, which counts what was taken of it.
    struct Frames(VecDeque<Frame<Bytes>>);

    impl Body for Frames {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(Ok))
        }
    }

    fn frames(pieces: &[&'static str]) -> RequestBody<Frames> {
        let data = |piece: &&'static str| Frame::data(Bytes::from_static(piece.as_bytes()));
        let mut frames: VecDeque<_> = pieces.iter().map(data).collect();
        frames.push_back(Frame::trailers(HeaderMap::from_iter([(
            http::header::ETAG,
            http::HeaderValue::from_static("trailer"),
        )])));
        RequestBody::streamed(Frames(frames))
    }

    #[tokio::test]
    async fn what_was_buffered_comes_out_again_with_its_trailers() {
        for pieces in [&["a=1"][..], &["a", "=", "", "1"], &["", "a=1"], &[]] {
            let mut body = frames(pieces);
            assert_eq!(body.buffer(3).await.unwrap(), pieces.concat());
            assert_eq!(body.buffer(0).await.unwrap(), pieces.concat(), "read once");
            assert_eq!(body.size_hint().exact(), Some(pieces.concat().len() as u64));
            assert!(!body.is_end_stream());
            let collected = body.collect().await.unwrap();
            assert_eq!(collected.trailers().unwrap()[http::header::ETAG], "trailer");
            assert_eq!(collected.to_bytes(), pieces.concat());
        }
    }

    #[tokio::test]
    async fn the_limit_holds_for_the_sum_of_the_pieces() {
        assert_eq!(frames(&["ab", "cd"]).buffer(4).await.unwrap(), "abcd");
        for pieces in [&["abcde"][..], &["ab", "cd", "e"]] {
            assert_eq!(frames(pieces).buffer(4).await.unwrap_err(), FramingError::BodyTooLarge);
        }
    }
}

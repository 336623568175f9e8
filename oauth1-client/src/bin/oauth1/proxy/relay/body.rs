//! Bodies on their way through, watched so that nobody waits for ever.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};

/// How far the body of a request has come.
#[derive(Clone, Debug)]
pub(super) struct Progress(Arc<State>);

#[derive(Debug)]
struct State {
    moved: Mutex<Instant>,
    caller_awaited: AtomicBool,
}

impl Progress {
    pub(super) fn new() -> Self {
        let (moved, caller_awaited) = (Mutex::new(Instant::now()), AtomicBool::new(false));
        Self(Arc::new(State { moved, caller_awaited }))
    }

    /// When a part of it was last taken over.
    pub(super) fn moved(&self) -> Instant {
        *self.0.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is the caller who is silent.
    pub(super) fn is_caller_awaited(&self) -> bool {
        self.0.caller_awaited.load(Ordering::Relaxed)
    }
}

/// The body of a request, sent on as it comes.
#[derive(Debug)]
pub(super) struct Uploaded {
    body: Incoming,
    progress: Progress,
}

impl Uploaded {
    pub(super) const fn new(body: Incoming, progress: Progress) -> Self {
        Self { body, progress }
    }
}

impl Body for Uploaded {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let state = &self.progress.0;
        state.caller_awaited.store(polled.is_pending(), Ordering::Relaxed);
        let frame = ready!(polled);
        *state.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer, handed on as it comes. It breaks off when the upstream is silent for too
/// long.
#[derive(Debug)]
pub(crate) struct Downloaded {
    body: reqwest::Body,
    silence: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
}

impl Downloaded {
    pub(super) const fn new(body: reqwest::Body, silence: Option<Duration>) -> Self {
        Self { body, silence, timer: None, is_waiting: false }
    }
}

impl Body for Downloaded {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            this.is_waiting = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let Some(silence) = this.silence else { return Poll::Pending };
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(silence)));
        // Only the upstream's silence counts, not that of a caller who does not read.
        if !std::mem::replace(&mut this.is_waiting, true) {
            timer.as_mut().reset(Instant::now() + silence);
        }
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Some(Err("the upstream fell silent".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

//! One connection with its deadlines: `hyper` has one of its own, for the head, and counts the wait
//! for the next request into it.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// How long a peer may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// For the first octet of a request.
    pub(crate) idle: Duration,
    /// From that to the end of the head.
    pub(crate) head: Duration,
    /// For taking anything at all of an answer.
    pub(crate) write: Duration,
}

/// What a connection waits for; shared by the stream and the service behind it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(Arc<AtomicU64>);

/// A step counter in the upper bits, so that two waits of the same kind are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step(u64);

impl Step {
    const AWAITING: u64 = 0;
    const HEAD: u64 = 1;
    const REQUEST: u64 = 2;

    const fn kind(self) -> u64 {
        self.0 & 3
    }
}

impl Progress {
    fn step(&self) -> Step {
        Step(self.0.load(Ordering::Acquire))
    }

    fn enter(&self, kind: u64) -> Step {
        let next = |step: u64| Some(((step >> 2).wrapping_add(1) << 2) | kind);
        let before = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
        // It is never refused; both arms hold the step before.
        let (Ok(before) | Err(before)) = before;
        Step(next(before).unwrap_or(before))
    }

    /// A head was read. Until the guard is dropped, the peer is not waited for.
    pub(crate) fn request(&self) -> Answering {
        self.enter(Step::REQUEST);
        Answering(self.clone())
    }

    /// Whether nothing of a request has arrived since the last answer.
    pub(crate) fn is_awaiting(&self) -> bool {
        self.step().kind() == Step::AWAITING
    }
}

/// A request is being answered.
#[derive(Debug)]
pub(crate) struct Answering(Progress);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.enter(Step::AWAITING);
    }
}

/// A stream whose peer is given up when it takes too long.
#[derive(Debug)]
pub(crate) struct Paced<S> {
    stream: S,
    pace: Pace,
    progress: Progress,
    step: Step,
    deadline: Instant,
    reading: Option<Pin<Box<Sleep>>>,
    writing: Option<Pin<Box<Sleep>>>,
}

impl<S> Paced<S> {
    pub(crate) fn new(stream: S, pace: Pace, progress: Progress) -> Self {
        let (step, deadline) = (progress.step(), Instant::now() + pace.idle);
        Self { stream, pace, progress, step, deadline, reading: None, writing: None }
    }

    /// The step and its deadline, as the service has left them.
    fn follow(&mut self) {
        let step = self.progress.step();
        if step != self.step {
            self.step = step;
            let wait = if step.kind() == Step::HEAD { self.pace.head } else { self.pace.idle };
            self.deadline = Instant::now() + wait;
        }
    }

    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        let sleep = self.reading.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if deadline < sleep.deadline() {
            sleep.as_mut().reset(deadline);
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if deadline <= Instant::now() {
                return Poll::Ready(());
            }
            // The deadline was moved while nobody looked.
            sleep.as_mut().reset(deadline);
        }
    }

    /// What a write came to, unless it has waited for too long.
    fn wrote<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.writing = None;
            return written;
        }
        let limit = self.pace.write;
        let sleep =
            self.writing.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + limit)));
        ready!(sleep.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        match Pin::new(&mut this.stream).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => {
                if buf.filled().len() > before && this.progress.is_awaiting() {
                    this.progress.enter(Step::HEAD);
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                this.follow();
                if this.step.kind() == Step::REQUEST {
                    return Poll::Pending;
                }
                ready!(this.poll_expired(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, data);
        this.wrote(written, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, data);
        this.wrote(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(cx);
        this.wrote(flushed, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut = Pin::new(&mut this.stream).poll_shutdown(cx);
        this.wrote(shut, cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const PACE: Pace = Pace {
        idle: Duration::from_secs(75),
        head: Duration::from_secs(10),
        write: Duration::from_secs(30),
    };

    async fn waited<T>(future: impl Future<Output = T>) -> (T, u64) {
        let start = Instant::now();
        (future.await, start.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_peer_and_one_that_dribbles_are_given_up() {
        let (mut peer, stream) = duplex(64);
        let progress = Progress::default();
        let mut paced = Paced::new(stream, PACE, progress.clone());
        let (read, seconds) = waited(paced.read_u8()).await;
        assert_eq!((read.unwrap_err().kind(), seconds), (io::ErrorKind::TimedOut, 75));

        let (other, stream) = duplex(64);
        drop(std::mem::replace(&mut peer, other));
        let progress = Progress::default();
        let mut paced = Paced::new(stream, PACE, progress.clone());
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(5)).await;
                if peer.write_all(b"x").await.is_err() {
                    return;
                }
            }
        });
        let mut octets = Vec::new();
        let (read, seconds) = waited(paced.read_to_end(&mut octets)).await;
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(seconds, 15, "10 seconds from the first octet on");
        assert!(!progress.is_awaiting());
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_answered_is_not_hurried_and_the_next_wait_begins_after_it() {
        let (mut peer, stream) = duplex(64);
        let progress = Progress::default();
        let mut paced = Paced::new(stream, PACE, progress.clone());
        peer.write_all(b"x").await.unwrap();
        paced.read_u8().await.unwrap();
        let answering = progress.request();
        let read = tokio::time::timeout(Duration::from_secs(1_000), paced.read_u8()).await;
        assert!(read.is_err(), "still waiting");
        drop(answering);
        let (read, seconds) = waited(paced.read_u8()).await;
        assert_eq!((read.unwrap_err().kind(), seconds), (io::ErrorKind::TimedOut, 75));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (_peer, stream) = duplex(64);
        let mut paced = Paced::new(stream, PACE, Progress::default());
        let (written, seconds) = waited(paced.write_all(&[0; 65])).await;
        assert_eq!((written.unwrap_err().kind(), seconds), (io::ErrorKind::TimedOut, 30));
    }
}

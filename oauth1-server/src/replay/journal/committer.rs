//! The thread that syncs: one sync for all that wait, and a tick each second.

use std::{
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use futures_channel::oneshot;

use super::engine::Engine;
use crate::{clock::Clock, error::StoreError};

/// Hands requests to the thread.
#[derive(Debug)]
pub(super) struct Committer {
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    called: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    raise: Option<u64>,
    sync: bool,
    waiting: Vec<oneshot::Sender<Result<(), Arc<StoreError>>>>,
    stop: bool,
    /// The thread has ended, and answers nobody.
    closed: bool,
}

impl Committer {
    pub(super) fn start(engine: Arc<Engine>, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = thread::Builder::new().name("nonce-journal".to_owned()).spawn({
            let shared = shared.clone();
            move || shared.run(&engine, &*clock)
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Waits until the high-water mark is at the timestamp or above.
    pub(super) async fn raise(&self, timestamp: u64) -> Result<(), StoreError> {
        self.wait(|queue| queue.raise = queue.raise.max(Some(timestamp))).await
    }

    /// Waits until all that was recorded before is on stable storage.
    pub(super) async fn sync(&self) -> Result<(), StoreError> {
        self.wait(|queue| queue.sync = true).await
    }

    async fn wait(&self, ask: impl FnOnce(&mut Queue)) -> Result<(), StoreError> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut queue = self.shared.queue();
            if queue.closed {
                return Err(StoreError::new("the nonce journal is closed"));
            }
            ask(&mut queue);
            queue.waiting.push(sender);
        }
        self.shared.called.notify_one();
        match receiver.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(StoreError::new(error.to_string())),
            Err(oneshot::Canceled) => Err(StoreError::new("the nonce journal is closed")),
        }
    }
}

/// Stops the thread, which closes the journal.
impl Drop for Committer {
    fn drop(&mut self) {
        self.shared.queue().stop = true;
        self.shared.called.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by itself; the next start is fenced or not by
            // what is on disk.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, engine: &Engine, clock: &dyn Clock) {
        let mut next_tick = Instant::now() + TICK;
        let _closing = Closing(self);
        loop {
            let asked = self.next(next_tick);
            // A clock that is not set gives no request a time either.
            let now = clock.now().map_or(0, oauth1_core::Timestamp::seconds);
            let mut done = asked.raise.map_or(Ok(()), |timestamp| engine.raise(timestamp, now));
            if asked.sync {
                done = done.and_then(|()| engine.sync());
            }
            let done = done.map_err(Arc::new);
            for waiting in asked.waiting {
                // Who does not wait any longer is not told.
                let _ = waiting.send(done.clone());
            }
            if asked.stop {
                engine.close(now);
                return;
            }
            if Instant::now() >= next_tick {
                if now > 0 {
                    engine.tick(now);
                }
                next_tick = Instant::now() + TICK;
            }
        }
    }

    /// Takes what is asked for, or nothing when it is time for a tick.
    fn next(&self, tick: Instant) -> Queue {
        let mut queue = self.queue();
        loop {
            let rest = tick.saturating_duration_since(Instant::now());
            if rest.is_zero() || queue.stop || !queue.waiting.is_empty() {
                return mem::take(&mut queue);
            }
            let (woken, _) =
                self.called.wait_timeout(queue, rest).unwrap_or_else(PoisonError::into_inner);
            queue = woken;
        }
    }
}

/// Sends everybody away when the thread ends, however it does.
struct Closing<'a>(&'a Shared);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        *self.0.queue() = Queue { closed: true, ..Queue::default() };
    }
}

const TICK: Duration = Duration::from_secs(1);

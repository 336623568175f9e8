//! The link of a store to its server: attached, or not, with a breaker, and a task that looks after
//! it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use crate::{clock::Clock, error::StoreError, policy::AcceptableTimestamps};

/// What a store needs to ask its server, as long as it has it.
pub(super) struct Link<T> {
    state: watch::Sender<State<T>>,
    wake: Notify,
    timeouts: AtomicU32,
}

enum State<T> {
    /// It is being attached; a request waits, as long as it waits for an answer.
    Attaching,
    Attached(Arc<T>),
    /// It could not be attached: requests are refused at once.
    Down(String),
}

impl<T> Link<T> {
    pub(super) fn new() -> Self {
        let state = watch::Sender::new(State::Attaching);
        Self { state, wake: Notify::new(), timeouts: AtomicU32::new(0) }
    }

    /// What there is to ask with. Waits while it is being made.
    pub(super) async fn attached(&self) -> Result<Arc<T>, StoreError> {
        if let Some(attached) = self.current() {
            return Ok(attached);
        }
        let mut changes = self.state.subscribe();
        let state = changes.wait_for(|state| !matches!(state, State::Attaching)).await;
        match state.as_deref() {
            Ok(State::Attached(attached)) => Ok(attached.clone()),
            Ok(State::Down(reason)) => Err(StoreError::new(reason.clone())),
            _ => Err(StoreError::new("the store was closed")),
        }
    }

    fn current(&self) -> Option<Arc<T>> {
        match &*self.state.borrow() {
            State::Attached(attached) => Some(attached.clone()),
            _ => None,
        }
    }

    pub(super) fn attach(&self, attached: T) {
        self.answered();
        self.state.send_replace(State::Attached(Arc::new(attached)));
    }

    /// Gives up what is attached, unless it was given up already.
    pub(super) fn lose(&self, attached: &Arc<T>, reason: &str) {
        let lost = self.state.send_if_modified(|state| match state {
            State::Attached(current) if Arc::ptr_eq(current, attached) => {
                *state = State::Attaching;
                true
            }
            _ => false,
        });
        if lost {
            tracing::warn!(reason, "the store of nonces is attached anew");
            self.wake();
        }
    }

    /// Has the keeper look at once.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    pub(super) fn answered(&self) {
        self.timeouts.store(0, Ordering::Relaxed);
    }

    /// The breaker: a server that hangs is not asked by each request.
    pub(super) fn timed_out(&self, attached: Option<&Arc<T>>) -> StoreError {
        let timeouts = self.timeouts.fetch_add(1, Ordering::Relaxed);
        if let (Some(attached), true) = (attached, timeouts >= BREAKER) {
            self.lose(attached, NO_ANSWER);
        }
        StoreError::new(NO_ANSWER)
    }
}

/// Attaches a link, again and again.
pub(super) trait Keeper: Send + Sync + Sized {
    type Attached: Send + Sync;
    type Error: fmt::Display + Send;

    fn link(&self) -> &Link<Self::Attached>;

    /// Connects, makes sure of the data, and sets the link.
    fn attach(&self) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Looks for what may change while the link lasts.
    fn check(
        &self,
        attached: &Self::Attached,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Runs until the store is dropped.
    fn run(self) -> impl Future<Output = ()> + Send {
        async move {
            loop {
                let link = self.link();
                if let Some(attached) = link.current() {
                    let woken = timeout(CHECK_INTERVAL, link.wake.notified()).await.is_ok();
                    if woken && link.current().is_none() {
                        continue;
                    }
                    match timeout(KEEPER_TIMEOUT, self.check(&attached)).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => link.lose(&attached, &error.to_string()),
                        Err(_) => link.lose(&attached, NO_ANSWER),
                    }
                    continue;
                }
                let reason = match timeout(KEEPER_TIMEOUT, self.attach()).await {
                    Ok(Ok(())) => continue,
                    Ok(Err(error)) => error.to_string(),
                    Err(_) => NO_ANSWER.to_owned(),
                };
                link.state.send_replace(State::Down(reason));
                sleep(RETRY_INTERVAL).await;
            }
        }
    }
}

/// What a server's clock is compared with: the node's clock now, because a request may have been
/// judged some seconds ago, before its body arrived; or then, if that was ahead.
pub(super) fn clock_of(
    clock: &dyn Clock,
    acceptable: AcceptableTimestamps,
) -> Result<u64, StoreError> {
    let now = clock.now().ok_or_else(|| StoreError::new("the clock stands before 1970"))?;
    Ok(now.seconds().max(acceptable.now))
}

/// How long the keeper waits for a server.
pub(super) const KEEPER_TIMEOUT: Duration = Duration::from_secs(2);
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
const RETRY_INTERVAL: Duration = Duration::from_millis(100);
const BREAKER: u32 = 4;
const NO_ANSWER: &str = "the server does not answer in time";

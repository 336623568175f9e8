//! One shard: the connection to its primary, and what is known of its data.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use super::{
    super::{
        NonceOutcome, NonceStoreError, NonceTagger,
        link::Link,
        slots::{SLOT_SECONDS, fenced},
    },
    Settings,
    script::{Answer, Call, Scripts, Seen, answer},
};
use crate::error::StoreError;
use ::redis;
use redis::{RedisError, aio::MultiplexedConnection};

pub(super) struct Shard {
    pub(super) prefix: String,
    pub(super) settings: Settings,
    pub(super) scripts: Scripts,
    pub(super) link: Link<Attached>,
    /// Nonces may have been evicted.
    pub(super) suspect: AtomicBool,
    epoch: Mutex<String>,
    /// Also held here: what Redis forgets, this node does not.
    fence: AtomicU64,
    latest: AtomicU64,
}

/// A connection to a primary whose data are known.
pub(super) struct Attached {
    pub(super) connection: MultiplexedConnection,
    pub(super) epoch: String,
    pub(super) tagger: NonceTagger,
    /// Where Sentinel or the cluster said it is.
    pub(super) place: String,
}

impl Shard {
    pub(super) fn new(prefix: String, settings: Settings) -> Self {
        Self {
            prefix,
            settings,
            scripts: Scripts::new(),
            link: Link::new(),
            suspect: AtomicBool::new(false),
            epoch: Mutex::default(),
            fence: AtomicU64::new(0),
            latest: AtomicU64::new(0),
        }
    }

    /// One call, within the time-box. What is not answered is refused, and never sent again.
    pub(super) async fn call(&self, call: &Call<'_>) -> Result<NonceOutcome, NonceStoreError> {
        let fence = self.fence.load(Ordering::Acquire);
        let timestamp = call.used.map_or(call.now, |used| used.timestamp.seconds());
        if timestamp <= fence {
            return Err(fenced(fence, call.now));
        }
        let mut link = None;
        let asked = tokio::time::timeout(self.settings.timeout, async {
            let attached = link.insert(self.link.attached().await?);
            match self.ask(attached, call).await? {
                Answer::Recorded(outcome) => return Ok(outcome),
                Answer::Refused(error) => return Err(error),
                // The script has said that it recorded nothing, so it may be called again.
                Answer::Lost(reason) => self.link.lose(attached, reason),
            }
            let attached = link.insert(self.link.attached().await?);
            match self.ask(attached, call).await? {
                Answer::Recorded(outcome) => Ok(outcome),
                Answer::Refused(error) => Err(error),
                Answer::Lost(reason) => Err(StoreError::new(reason).into()),
            }
        });
        match asked.await {
            Ok(outcome) => {
                self.link.answered();
                if let (Ok(NonceOutcome::Fresh), Some(_)) = (&outcome, call.used) {
                    self.latest.fetch_max(timestamp, Ordering::AcqRel);
                }
                outcome
            }
            Err(_) => Err(self.link.timed_out(link.as_ref()).into()),
        }
    }

    async fn ask(
        &self,
        attached: &Arc<Attached>,
        call: &Call<'_>,
    ) -> Result<Answer, NonceStoreError> {
        let mut connection = attached.connection.clone();
        let place = (self.prefix.as_str(), attached.epoch.as_str());
        let asked =
            self.scripts.record(&mut connection, place, (call, &attached.tagger), &self.settings);
        let answer = match asked.await {
            Ok(reply) => answer(call, &reply),
            Err(error) => return Err(self.failed(attached, error)),
        };
        let fresh = matches!(answer, Answer::Recorded(NonceOutcome::Fresh));
        if fresh && call.used.is_some() && self.settings.replicas > 0 {
            self.wait_for_replicas(connection).await?;
        }
        Ok(answer)
    }

    /// WAIT covers the writes of its own connection only.
    async fn wait_for_replicas(
        &self,
        mut connection: MultiplexedConnection,
    ) -> Result<(), StoreError> {
        let mut wait = redis::cmd("WAIT");
        // Half of the time-box, so that Redis gives up first: it blocks the connection.
        let milliseconds = u64::try_from(self.settings.timeout.as_millis() / 2).unwrap_or(u64::MAX);
        wait.arg(self.settings.replicas).arg(milliseconds.max(1));
        let replicas: u32 = wait.query_async(&mut connection).await.map_err(StoreError::new)?;
        if replicas < self.settings.replicas {
            return Err(StoreError::new("too few replicas have the nonce"));
        }
        Ok(())
    }

    fn failed(&self, attached: &Arc<Attached>, error: RedisError) -> NonceStoreError {
        let text = error.to_string();
        if text.contains("OOM") {
            return NonceStoreError::Full { retry_after: SLOT_SECONDS };
        }
        // What says that the server has nothing against another attempt on this connection.
        if !["NOREPLICAS", "TRYAGAIN", "BUSY", "MISCONF"].iter().any(|code| text.contains(code)) {
            self.link.lose(attached, "the connection to Redis was lost");
        }
        StoreError::new(error).into()
    }

    pub(super) fn seen(&self) -> Seen {
        Seen {
            epoch: self.epoch.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            latest: self.latest.load(Ordering::Acquire),
            suspect: self.suspect.load(Ordering::Acquire),
        }
    }

    /// Takes what the script has found or made.
    pub(super) fn attach(&self, attached: Attached, fence: u64, now: u64) {
        let before = {
            let mut epoch = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *epoch, attached.epoch.clone())
        };
        self.fence.fetch_max(fence, Ordering::AcqRel);
        self.suspect.store(false, Ordering::Release);
        if fence >= now && before != attached.epoch {
            tracing::warn!(shard = %self.prefix, until = fence, "Redis may have forgotten nonces: requests stamped up to the fence are refused");
        }
        self.link.attach(attached);
    }
}

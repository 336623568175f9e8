//! The log: on standard error, as text or as JSON lines, without secrets.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use tracing::{Event, Level, Metadata};
use tracing_subscriber::{
    Layer,
    filter::LevelFilter,
    layer::{Context, Filter, SubscriberExt},
    util::SubscriberInitExt,
};

use crate::config::Log;

/// Sets the log up for this process.
pub(crate) fn start(settings: &Log) {
    let filter = Bounded {
        level: LevelFilter::from_level(settings.level),
        per_second: u64::from(settings.refusals_per_second),
        start: Instant::now(),
        budget: AtomicU64::new(0),
    };
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let registry = tracing_subscriber::registry();
    // A second subscriber is refused; there is one already then.
    let _ = if settings.json {
        registry.with(layer.json().flatten_event(true).with_filter(filter)).try_init()
    } else {
        registry.with(layer.with_ansi(false).with_filter(filter)).try_init()
    };
}

/// Lets some refused requests through each second: senders can make as many as they like.
struct Bounded {
    level: LevelFilter,
    per_second: u64,
    start: Instant,
    /// The second since the start in the upper half, and how many there were in it.
    budget: AtomicU64,
}

impl Bounded {
    fn allows(&self) -> bool {
        let second = self.start.elapsed().as_secs() << 32;
        let charged = self.budget.fetch_update(Ordering::AcqRel, Ordering::Acquire, |budget| {
            match budget & !COUNT == second {
                true if budget & COUNT >= self.per_second.min(COUNT - 1) => None,
                true => Some(budget + 1),
                false if self.per_second == 0 => None,
                false => Some(second + 1),
            }
        });
        charged.is_ok()
    }
}

impl<S> Filter<S> for Bounded {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        *metadata.level() <= self.level
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        let refusal =
            metadata.target() == oauth1_server::REFUSALS_TARGET && *metadata.level() == Level::INFO;
        !refusal || self.level > LevelFilter::INFO || self.allows()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }
}

const COUNT: u64 = u32::MAX as u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_bounded_per_second() {
        let bounded = |per_second| Bounded {
            level: LevelFilter::INFO,
            per_second,
            start: Instant::now(),
            budget: AtomicU64::new(0),
        };
        assert!(!bounded(0).allows());
        let three = bounded(3);
        // Whatever the second: not more than three, and three if it is the same one.
        let allowed = (0..100).filter(|_| three.allows()).count();
        assert!((3..=6).contains(&allowed), "{allowed}");
        three.budget.store(9 << 32 | 3, Ordering::Release);
        assert!(three.allows(), "another second");
    }
}

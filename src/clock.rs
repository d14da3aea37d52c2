//! The only reader of time.

use std::time::{Duration, Instant, SystemTime};

/// The moment on tokio's clock, so that a paused runtime pauses this library too.
#[expect(clippy::disallowed_methods, reason = "this is the place they are read")]
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The wall clock: only for HTTP-dates and for the `retry_at` of reports, never for elapsed time.
#[expect(clippy::disallowed_methods, reason = "this is the place it is read")]
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}

/// A timer for an absolute moment, which does not drift.
pub(crate) fn sleep_until(at: Instant) -> tokio::time::Sleep {
    tokio::time::sleep_until(at.into())
}

/// The same; `None` if that moment has come, so that a zero delay makes no timer.
pub(crate) fn wait_until(at: Instant) -> Option<tokio::time::Sleep> {
    (at > now()).then(|| sleep_until(at))
}

/// A century: longer than any wait, short enough to be added to any clock.
const FAR: Duration = Duration::from_secs(100 * 365 * 86_400);

/// The wall clock's time after a wait of any length.
pub(crate) fn wall_after(wait: Duration) -> SystemTime {
    let now = wall();
    now.checked_add(wait.min(FAR)).unwrap_or(now)
}

/// `at + wait`, for waits of any length.
pub(crate) fn after(at: Instant, wait: Duration) -> Instant {
    at.checked_add(wait.min(FAR)).unwrap_or(at)
}

/// Both clocks, read at one moment: what turns a time of the one into a time of the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clocks {
    pub(crate) now: Instant,
    pub(crate) wall: SystemTime,
}

impl Clocks {
    pub(crate) fn read() -> Self {
        Self {
            now: now(),
            wall: wall(),
        }
    }

    /// What the wall clock shows at this moment, if nobody sets it until then.
    pub(crate) fn wall_at(&self, at: Instant) -> SystemTime {
        let ahead = at.saturating_duration_since(self.now);
        let behind = self.now.saturating_duration_since(at);
        let shown = self.wall.checked_add(ahead);
        shown
            .and_then(|shown| shown.checked_sub(behind))
            .unwrap_or(self.wall)
    }

    /// The moment at which the wall clock will show this, if nobody sets it until then; now, if that has
    /// passed.
    pub(crate) fn instant_at(&self, shown: SystemTime) -> Instant {
        let ahead = shown.duration_since(self.wall).unwrap_or_default();
        after(self.now, ahead)
    }

    /// The moment at which the wall clock showed this or will show it; `None` where no clock reaches.
    #[cfg(feature = "watch")]
    pub(crate) fn moment_of(&self, shown: SystemTime) -> Option<Instant> {
        match shown.duration_since(self.wall) {
            Ok(ahead) => self.now.checked_add(ahead),
            Err(behind) => self.now.checked_sub(behind.duration()),
        }
    }
}

//! What time is taken: the thread's own, or the wall's.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

/// What time is taken.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The CPU time of this thread, user's and system's: on a shared machine a thread waits for its
    /// turn, and that is nobody's cost.
    Thread,
    /// Where other threads take part, or somebody sleeps.
    Wall,
}

impl Clock {
    /// The time since some moment.
    ///
    /// # Panics
    ///
    /// If a thread may not ask for its own time.
    #[must_use]
    pub fn now(self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            // Not by its usage: some kernels tell that in ticks of milliseconds.
            Self::Thread => {
                let spent = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID);
                spent.expect("a thread may ask for its own time").into()
            }
            Self::Wall => START.elapsed(),
        }
    }
}

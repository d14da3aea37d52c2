//! What time is taken: the thread's own, or the wall's.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};

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
    /// If a thread may not ask for its own usage.
    #[must_use]
    pub fn now(self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Self::Thread => {
                let usage = getrusage(UsageWho::RUSAGE_THREAD);
                let usage = usage.expect("a thread may ask for its own usage");
                micros(usage.user_time()) + micros(usage.system_time())
            }
            Self::Wall => START.elapsed(),
        }
    }
}

fn micros(time: TimeVal) -> Duration {
    Duration::from_micros(time.num_microseconds().unsigned_abs())
}

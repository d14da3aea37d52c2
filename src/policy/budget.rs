//! The retry budget: no caller may multiply the load on an upstream that is in trouble.

mod counts;
mod settings;

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use self::counts::Counts;
pub use self::settings::{BudgetError, BudgetSettings};

/// How long a first attempt earns and a retry counts.
const WINDOW_SECONDS: u32 = 60;

/// The window, the second that its start falls into, and room for threads that read their clocks
/// up to three seconds later: they must not take over a bucket that still counts.
const BUCKETS: usize = WINDOW_SECONDS as usize + 1 + 3;

/// What the ratio and its product lose by being `f64`: half of an epsilon each. Without it, 29 %
/// of 100 would be 28.
const SLACK: f64 = 1.0 + 2.0 * f64::EPSILON;

/// The retry budget of one upstream, shared by every clone of its client.
///
/// **What holds:** at the time `t` of every grant, the retries granted in (`t` − 60 s, `t`], this
/// one included and those given back left out, are at most `ratio` × the first attempts sent in the
/// same 60 s + `floor_per_minute`. To hold it with whole seconds, a retry may count up to a second
/// longer and a first attempt up to a second less. Nothing else earns: no success, no idle time.
///
/// It is a handful of atomics: no lock, no timer, no sweep after an idle week. A deposit is one
/// atomic update, and threads that deposit all the time do so side by side; only a retry looks at
/// the whole window. It may overlook a deposit that is made at that very moment, and those of a
/// second that a thread is just handing on, never count one twice: it grants too little, never too
/// much. An upstream that is called once in a while has no window at all.
///
/// ```
/// use std::time::Instant;
/// use seawall::policy::budget::{Budget, BudgetSettings};
///
/// let now = Instant::now();
/// let budget = Budget::new(BudgetSettings::new(0.2, 0)?, now);
/// for _ in 0..5 {
///     budget.deposit(now);
/// }
/// // One retry for five first attempts, not two.
/// let grant = budget.withdraw(now).expect("20 % of 5");
/// assert!(budget.withdraw(now).is_none());
/// // It was not sent after all: somebody else may have it.
/// budget.give_back(grant);
/// assert!(budget.withdraw(now).is_some());
/// # Ok::<(), seawall::policy::budget::BudgetError>(())
/// ```
pub struct Budget {
    /// The bits of the ratio.
    ratio: AtomicU64,
    floor_per_minute: AtomicU32,
    epoch: Instant,
    counts: Counts,
}

/// The trace of one first attempt, to be given to [`Budget::undo`] if it was not sent after all.
/// Dropped, the first attempt counts.
#[derive(Debug)]
pub struct Deposit {
    tick: u32,
}

/// The right to send one retry. Dropped, the retry counts as sent; if it was not, hand it to
/// [`Budget::give_back`].
#[derive(Debug)]
#[must_use = "a grant that is not used belongs to `Budget::give_back`"]
pub struct Grant {
    tick: u32,
}

#[cfg(feature = "middleware")]
impl Deposit {
    /// Another trace of the same first attempt: only one of the two may be undone.
    pub(crate) const fn duplicate(&self) -> Self {
        Self { tick: self.tick }
    }
}

#[cfg(feature = "middleware")]
impl Grant {
    /// Another hold on the same retry: only one of the two may be given back.
    pub(crate) const fn duplicate(&self) -> Self {
        Self { tick: self.tick }
    }
}

impl Budget {
    /// A budget with nothing in it but the floor. `epoch` is any instant not later than those that
    /// follow; each budget has its own.
    #[must_use]
    pub const fn new(settings: BudgetSettings, epoch: Instant) -> Self {
        Self {
            ratio: AtomicU64::new(settings.ratio.to_bits()),
            floor_per_minute: AtomicU32::new(settings.floor_per_minute),
            epoch,
            counts: Counts::new(),
        }
    }

    /// Counts a first attempt that is sent at `now`. This alone earns retries.
    pub fn deposit(&self, now: Instant) -> Deposit {
        self.deposit_since(now.saturating_duration_since(self.epoch))
    }

    /// The same, so long after the epoch.
    pub(crate) fn deposit_since(&self, elapsed: Duration) -> Deposit {
        let tick = tick(elapsed);
        self.counts.add_first(tick);
        Deposit { tick }
    }

    /// Takes a deposit back: the first attempt was refused here, so the upstream never saw it.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a deposit is taken back once"
    )]
    pub fn undo(&self, deposit: Deposit) {
        self.counts.take_back_first(deposit.tick);
    }

    /// Asks for a retry at `now`. `None`: the budget is used up.
    #[must_use = "only a grant is the right to send a retry"]
    pub fn withdraw(&self, now: Instant) -> Option<Grant> {
        let tick = self.tick(now);
        // Counted first, then judged by its own place in the row: threads that ask at once cannot
        // all get the last free place, and those that come too late do not push the others out.
        let place = self.counts.add_retry(tick);
        let grant = Grant { tick };
        if place as f64 <= self.allowance(tick) {
            return Some(grant);
        }
        self.give_back(grant);
        None
    }

    /// Returns a grant whose retry was not sent.
    #[expect(clippy::needless_pass_by_value, reason = "a grant is given back once")]
    pub fn give_back(&self, grant: Grant) {
        self.counts.take_back_retry(grant.tick);
    }

    /// The retries that are left at `now`; its whole part is how many would be granted.
    #[must_use]
    pub fn balance(&self, now: Instant) -> f64 {
        let tick = self.tick(now);
        (self.allowance(tick) - self.counts.retries(tick) as f64).max(0.0)
    }

    /// Grants by other settings from now on; what was earned and spent stays.
    pub fn apply(&self, settings: BudgetSettings) {
        self.ratio
            .store(settings.ratio.to_bits(), Ordering::Relaxed);
        self.floor_per_minute
            .store(settings.floor_per_minute, Ordering::Relaxed);
    }

    /// What it grants by.
    #[must_use]
    pub fn settings(&self) -> BudgetSettings {
        BudgetSettings {
            ratio: f64::from_bits(self.ratio.load(Ordering::Relaxed)),
            floor_per_minute: self.floor_per_minute.load(Ordering::Relaxed),
        }
    }

    /// The retries that the first attempts of the last 60 s allow. The tick that the window's start
    /// falls into does not count.
    fn allowance(&self, tick: u32) -> f64 {
        let firsts = self.counts.firsts(tick) as f64;
        let settings = self.settings();
        f64::from(settings.floor_per_minute) + settings.ratio * firsts * SLACK
    }

    fn tick(&self, now: Instant) -> u32 {
        tick(now.saturating_duration_since(self.epoch))
    }
}

/// Whole seconds since the epoch, from 1: there is always a tick before.
fn tick(elapsed: Duration) -> u32 {
    let seconds = u32::try_from(elapsed.as_secs()).unwrap_or(u32::MAX);
    seconds.saturating_add(1)
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("settings", &self.settings())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod threads_tests;

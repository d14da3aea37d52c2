//! The retry budget: no caller may multiply the load on an upstream that is in trouble.

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use super::window::Window;

/// How long a first attempt earns and a retry counts.
const WINDOW_SECONDS: u32 = 60;

/// The window, the second that its start falls into, and room for threads that read their clocks
/// up to three seconds later: they must not take over a bucket that still counts.
const BUCKETS: usize = WINDOW_SECONDS as usize + 1 + 3;

/// What the ratio and its product lose by being `f64`: half of an epsilon each. Without it, 29 %
/// of 100 would be 28.
const SLACK: f64 = 1.0 + 2.0 * f64::EPSILON;

/// How many retries an upstream may get: a share of its first attempts, and a floor.
///
/// The floor is counted per *minute*. In the incident of November 2025 each service sent one
/// request a second: a floor of ten retries a second would have let the whole storm through.
///
/// ```
/// use seawall::policy::budget::BudgetSettings;
///
/// let settings = BudgetSettings::new(0.1, 2)?;
/// assert_eq!(settings.floor_per_minute(), 2);
/// assert!(BudgetSettings::new(10.0, 2).is_err());
/// # Ok::<(), seawall::policy::budget::BudgetError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BudgetSettings {
    ratio: f64,
    floor_per_minute: u32,
}

impl BudgetSettings {
    /// Retries up to `ratio` (0.1 is 10 %) of the first attempts of the last minute, plus
    /// `floor_per_minute`, which may be zero.
    ///
    /// # Errors
    ///
    /// [`BudgetError`], if `ratio` is not above 0 and at most 1.
    pub fn new(ratio: f64, floor_per_minute: u32) -> Result<Self, BudgetError> {
        if ratio > 0.0 && ratio <= 1.0 {
            Ok(Self {
                ratio,
                floor_per_minute,
            })
        } else {
            Err(BudgetError::Ratio { ratio })
        }
    }

    /// Retries for each first attempt, in (0, 1].
    #[must_use]
    pub const fn ratio(&self) -> f64 {
        self.ratio
    }

    /// Retries in 60 s that need no first attempt.
    #[must_use]
    pub const fn floor_per_minute(&self) -> u32 {
        self.floor_per_minute
    }
}

/// The retry budget of one upstream, shared by every clone of its client.
///
/// **What holds:** at the time `t` of every grant, the retries granted in (`t` − 60 s, `t`], this
/// one included and those given back left out, are at most `ratio` × the first attempts sent in the
/// same 60 s + `floor_per_minute`. To hold it with whole seconds, a retry may count up to a second
/// longer and a first attempt up to a second less. Nothing else earns: no success, no idle time.
///
/// It is a handful of atomics: no lock, no timer, no sweep after an idle week. A deposit is one
/// atomic update; only a retry looks at the whole window.
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
    firsts: Window<BUCKETS>,
    retries: Window<BUCKETS>,
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
            firsts: Window::new(),
            retries: Window::new(),
        }
    }

    /// Counts a first attempt that is sent at `now`. This alone earns retries.
    pub fn deposit(&self, now: Instant) -> Deposit {
        let tick = self.tick(now);
        self.firsts.add(tick, 1);
        Deposit { tick }
    }

    /// Takes a deposit back: the first attempt was refused here, so the upstream never saw it.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a deposit is taken back once"
    )]
    pub fn undo(&self, deposit: Deposit) {
        self.firsts.take(deposit.tick);
    }

    /// Asks for a retry at `now`. `None`: the budget is used up.
    #[must_use = "only a grant is the right to send a retry"]
    pub fn withdraw(&self, now: Instant) -> Option<Grant> {
        let tick = self.tick(now);
        // Counted first, then judged by its own place in the row: threads that ask at once cannot
        // all get the last free place, and those that come too late do not push the others out.
        let in_this_tick = self.retries.add(tick, 1);
        let grant = Grant { tick };
        if (self.retries_beside(tick) + u64::from(in_this_tick)) as f64 <= self.allowance(tick) {
            return Some(grant);
        }
        self.give_back(grant);
        None
    }

    /// Returns a grant whose retry was not sent.
    #[expect(clippy::needless_pass_by_value, reason = "a grant is given back once")]
    pub fn give_back(&self, grant: Grant) {
        self.retries.take(grant.tick);
    }

    /// The retries that are left at `now`; its whole part is how many would be granted.
    #[must_use]
    pub fn balance(&self, now: Instant) -> f64 {
        let tick = self.tick(now);
        let retries = self.retries_beside(tick) + self.retries.sum(tick, 1);
        (self.allowance(tick) - retries as f64).max(0.0)
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

    /// Retries that may lie in the last 60 s, without those of this very tick. The tick that the
    /// window's start falls into counts whole, and so does what other threads, whose clock readings
    /// are later, have granted already.
    fn retries_beside(&self, tick: u32) -> u64 {
        let before = self.retries.sum(tick.saturating_sub(1), WINDOW_SECONDS);
        let after = self.retries.sum(u32::MAX, u32::MAX - tick);
        before + after
    }

    /// The retries that the first attempts of the last 60 s allow. The tick that the window's start
    /// falls into does not count.
    fn allowance(&self, tick: u32) -> f64 {
        let firsts = self.firsts.sum(tick, WINDOW_SECONDS) as f64;
        let settings = self.settings();
        f64::from(settings.floor_per_minute) + settings.ratio * firsts * SLACK
    }

    /// Whole seconds since the epoch, from 1: there is always a tick before.
    fn tick(&self, now: Instant) -> u32 {
        let seconds = now.saturating_duration_since(self.epoch).as_secs();
        u32::try_from(seconds).unwrap_or(u32::MAX).saturating_add(1)
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("settings", &self.settings())
            .finish_non_exhaustive()
    }
}

/// Why [`BudgetSettings`] were refused. Its text names the value, the rule and the fix.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum BudgetError {
    /// The ratio is not in (0, 1].
    Ratio {
        /// What was given.
        ratio: f64,
    },
}

impl fmt::Display for BudgetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ratio { ratio } => write!(
                f,
                "the retry budget's ratio is {ratio}, and must be above 0 and at most 1: \
                 use 0.1 for 10 %; for no retries at all, set max_attempts to 1"
            ),
        }
    }
}

impl Error for BudgetError {}

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod tests;

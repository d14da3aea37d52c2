//! How long to wait before a retry, when the server does not say.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Exponential backoff with a cap and jitter: `base × multiplier^n`, capped, then jittered.
///
/// It has no default: 25 ms suits a service next door and starts a storm at a payment gateway. In
/// the incident of November 2025 the delay was zero, a default made for somebody else.
///
/// ```
/// use std::time::Duration;
/// use seawall::policy::backoff::{Backoff, Jitter};
///
/// let second = Duration::from_secs(1);
/// let backoff = Backoff::new(second, 2.0, 60 * second, Jitter::Proportional(0.3))?;
/// // The first retry, with the random unit in the middle of its range.
/// assert_eq!(backoff.delay(0, Duration::ZERO, 0.5), second);
/// assert_eq!(backoff.delay(3, 4 * second, 0.5), 8 * second);
/// // However many retries, and whatever the jitter: never longer than the cap.
/// assert!(backoff.delay(1000, 60 * second, 0.999) <= 60 * second);
/// # Ok::<(), seawall::policy::backoff::BackoffError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    base: Duration,
    multiplier: f64,
    cap: Duration,
    jitter: Jitter,
}

/// How a delay is made random, so that clients that failed together do not return together.
///
/// The formulas are those of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015), `d`
/// being the capped exponential delay.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Jitter {
    /// Always `d`. Clients that failed together return together.
    None,
    /// Uniform in `d` ± this factor, which lies in (0, 1]; 0.3 is ±30 %. What would lie above the
    /// cap is cut from the range before the draw: cut after it, half of the clients would share the
    /// cap as their one delay.
    Proportional(f64),
    /// Uniform in [0, `d`]. It spreads best, and some delays are next to nothing.
    Full,
    /// Uniform in [`d` / 2, `d`].
    Equal,
    /// Uniform in [`base`, 3 × the previous delay], then capped. The multiplier plays no part.
    Decorrelated,
}

impl Backoff {
    /// A backoff that starts at `base`, grows by `multiplier` with each retry, and is never longer
    /// than `cap`. A `base` of zero means "no delay".
    ///
    /// # Errors
    ///
    /// [`BackoffError`], if `multiplier` is not a finite number of at least 1, if `cap` is below
    /// `base`, or if the factor of [`Jitter::Proportional`] is not in (0, 1].
    pub fn new(
        base: Duration,
        multiplier: f64,
        cap: Duration,
        jitter: Jitter,
    ) -> Result<Self, BackoffError> {
        if !(multiplier.is_finite() && multiplier >= 1.0) {
            return Err(BackoffError::Multiplier { multiplier });
        }
        if cap < base {
            return Err(BackoffError::Cap { base, cap });
        }
        match jitter {
            Jitter::Proportional(factor) if !(factor > 0.0 && factor <= 1.0) => {
                Err(BackoffError::Factor { factor })
            }
            _ => Ok(Self {
                base,
                multiplier,
                cap,
                jitter,
            }),
        }
    }

    /// The delay before jitter of the first retry.
    #[must_use]
    pub const fn base(&self) -> Duration {
        self.base
    }

    /// By how much the delay grows from one retry to the next; at least 1.
    #[must_use]
    pub const fn multiplier(&self) -> f64 {
        self.multiplier
    }

    /// The longest delay, jitter included.
    #[must_use]
    pub const fn cap(&self) -> Duration {
        self.cap
    }

    /// How each delay is made random.
    #[must_use]
    pub const fn jitter(&self) -> Jitter {
        self.jitter
    }

    /// The delay before retry number `retry`, 0 being the first.
    ///
    /// `previous` is the delay before the retry before this one, zero for the first; only
    /// [`Jitter::Decorrelated`] reads it. `unit` is a random number in [0, 1), drawn afresh for
    /// each delay. No input makes it panic or overflow.
    #[must_use]
    pub fn delay(&self, retry: u32, previous: Duration, unit: f64) -> Duration {
        if self.base.is_zero() {
            return Duration::ZERO;
        }
        let delay = self.before_jitter(retry);
        match self.jitter {
            Jitter::None => delay,
            Jitter::Proportional(factor) => {
                let longest = scale(delay, 1.0 + factor).min(self.cap);
                between(scale(delay, 1.0 - factor), longest, unit)
            }
            Jitter::Full => between(Duration::ZERO, delay, unit),
            Jitter::Equal => between(delay / 2, delay, unit),
            Jitter::Decorrelated => {
                let longest = previous.max(self.base).saturating_mul(3);
                between(self.base, longest, unit).min(self.cap)
            }
        }
    }

    /// A jittered cap: how far ahead `retry_at` lies for a caller whose retries are used up.
    ///
    /// It is drawn from the part of the jitter that lies below the cap, and is never less than half
    /// of it: with full jitter taken as it is, some callers would be told to come back at once, by
    /// the very answer that says "enough" (aws/aws-sdk-net issue 4341).
    ///
    /// ```
    /// use std::time::Duration;
    /// use seawall::policy::backoff::{Backoff, Jitter};
    ///
    /// let second = Duration::from_secs(1);
    /// let backoff = Backoff::new(second, 2.0, 60 * second, Jitter::Full)?;
    /// assert_eq!(backoff.ceiling(0.0), 30 * second);
    /// # Ok::<(), seawall::policy::backoff::BackoffError>(())
    /// ```
    #[must_use]
    pub fn ceiling(&self, unit: f64) -> Duration {
        let half = self.cap / 2;
        let shortest = match self.jitter {
            Jitter::None => self.cap,
            Jitter::Proportional(factor) => scale(self.cap, 1.0 - factor).max(half),
            Jitter::Full | Jitter::Equal | Jitter::Decorrelated => half,
        };
        between(shortest, self.cap, unit)
    }

    fn before_jitter(&self, retry: u32) -> Duration {
        if retry == 0 {
            return self.base;
        }
        scale(self.base, self.multiplier.powf(f64::from(retry))).min(self.cap)
    }
}

/// Uniform between `low` and `high`, for a uniform `unit` in [0, 1). A unit out of range gives the
/// nearer end; one that is not a number, `high`.
pub(super) fn between(low: Duration, high: Duration, unit: f64) -> Duration {
    let span = high.saturating_sub(low);
    low.saturating_add(scale(span, unit.clamp(0.0, 1.0)).min(span))
}

/// In one multiplication: seconds and nanoseconds scaled apart would lose the fraction of a whole
/// second, and with it the jitter. What does not fit is as long as can be.
fn scale(duration: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

/// Why a [`Backoff`] was refused. Its text names the value, the rule and the fix.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum BackoffError {
    /// The multiplier is below 1, infinite or not a number.
    Multiplier {
        /// What was given.
        multiplier: f64,
    },
    /// The cap is below the base.
    Cap {
        /// The base that was given.
        base: Duration,
        /// The cap that was given.
        cap: Duration,
    },
    /// The factor of [`Jitter::Proportional`] is not in (0, 1].
    Factor {
        /// What was given.
        factor: f64,
    },
}

impl BackoffError {
    pub(crate) fn problem(&self) -> String {
        match self {
            Self::Multiplier { multiplier } => format!(
                "the backoff multiplier is {multiplier}, and must be a finite number of at least 1"
            ),
            Self::Cap { base, cap } => {
                format!("the backoff cap is {cap:?}, and must be at least the base, {base:?}")
            }
            Self::Factor { factor } => {
                format!("the proportional jitter is {factor}, and must be above 0 and at most 1")
            }
        }
    }

    pub(crate) const fn fix(&self) -> &'static str {
        match self {
            Self::Multiplier { .. } => "use 2 to double the delay, or 1 to keep it",
            Self::Cap { .. } => "raise the cap or lower the base",
            Self::Factor { .. } => "use 0.3 for ±30 %, or `Jitter::None` for none",
        }
    }
}

impl fmt::Display for BackoffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.problem(), self.fix())
    }
}

impl Error for BackoffError {}

#[cfg(test)]
mod tests;

//! How many retries an upstream may get.

use std::error::Error;
use std::fmt;

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
    pub(super) ratio: f64,
    pub(super) floor_per_minute: u32,
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

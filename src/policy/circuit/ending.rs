//! How an attempt ended, as far as its upstream is concerned.

use std::time::Duration;

use crate::policy::Health;
use crate::policy::rate_limit::Quota;
use crate::policy::retry_after::HeaderText;

/// How an attempt ended, as far as its upstream is concerned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ending {
    /// What it says about the upstream.
    pub health: Health,
    /// The server answered 429.
    pub rate_limited: bool,
    /// From its admission to its response head or error.
    pub took: Duration,
    /// What a Retry-After in the answer closes.
    pub closing: Option<Closing>,
    /// How that Retry-After was written.
    pub header: Option<HeaderText>,
    /// What the answer says of the quota that is left.
    pub quota: Option<Quota>,
}

/// What a Retry-After closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// 503: the upstream, for everyone in this process.
    Upstream(Duration),
    /// 429: the rate-limit key.
    RateKey(u64, Duration),
}

impl Closing {
    /// What the server asked for.
    #[must_use]
    pub const fn asked(self) -> Duration {
        match self {
            Self::Upstream(wait) | Self::RateKey(_, wait) => wait,
        }
    }
}

impl Ending {
    /// An ending that took no time and closes nothing.
    #[must_use]
    pub const fn new(health: Health) -> Self {
        Self {
            health,
            rate_limited: false,
            took: Duration::ZERO,
            closing: None,
            header: None,
            quota: None,
        }
    }
}

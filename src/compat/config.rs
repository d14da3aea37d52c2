//! What the old client was told.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;

use crate::client::redacted;
use crate::{Policy, Provider, Rule};

/// What the client calls. There is no default: the settings of the incident were made for internal
/// GETs, and were then used for payments.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Services of the same house: starts from [`Policy::internal`].
    Internal,
    /// Somebody else's API: starts from [`Policy::external`].
    External,
    /// What moves money: starts from [`Policy::external_payments`].
    Payments(Provider),
}

impl Target {
    pub(super) fn preset(&self) -> Policy {
        match self {
            Self::Internal => Policy::internal(),
            Self::External => Policy::external(),
            Self::Payments(provider) => Policy::external_payments(provider.clone()),
        }
    }
}

/// The settings of an HTTP wrapper, under the names that such wrappers give them.
///
/// The [default](Self::default) is that of `http-client-go` 2.3.1, as the incident of November 2025
/// found it. An `Option` that is `None` was never asked for.
///
/// ```
/// use std::time::Duration;
/// use seawall::Rule;
/// use seawall::compat::{Config, Target};
///
/// let config = Config { max_retries: 9, ..Config::default() };
/// let refused = config.map(&Target::External).unwrap_err();
/// assert_eq!(refused.violations()[0].rule(), Some(Rule::MaxAttempts));
///
/// let config = config.allow(Rule::MaxAttempts, "a batch at night, alone on this upstream");
/// assert_eq!(config.map(&Target::External)?.policy.max_attempts(), 10);
/// # Ok::<(), seawall::compat::ConfigError>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Config {
    /// What relative URLs are appended to, such as `https://gateway.example/v1`. `None` by default:
    /// every URL is absolute.
    pub base_url: Option<String>,
    /// Headers of every request to the origin of the `base_url`, or of every request at all if there
    /// is none. Then one that is a credential by its name, or whose value is marked as
    /// [sensitive](http::HeaderValue::set_sensitive), is refused. A request's own header of the same
    /// name wins. None by default.
    pub headers: HeaderMap,
    /// The `user-agent` of every request. `None` by default: none is sent.
    pub user_agent: Option<String>,
    /// Attempts after the first. 3 by default.
    pub max_retries: u32,
    /// The delay before the first retry. Zero by default, which no target keeps.
    pub retry_delay: Duration,
    /// The longest delay before a retry. `None` by default: the preset's.
    pub retry_max_delay: Option<Duration>,
    /// How the delay grows. [`BackoffKind::Fixed`] by default.
    pub backoff: BackoffKind,
    /// Whether the delays are random in part. `false` by default.
    pub jitter: bool,
    /// The longest wait for an answer, its body included. 5 s by default; zero is "for ever", and is
    /// replaced by the preset's.
    pub timeout: Duration,
    /// What that is the timeout of. [`TimeoutCovers::Attempt`] by default.
    pub timeout_covers: TimeoutCovers,
    /// Status codes that are retried, whatever the method. None by default: those of 500 and above.
    pub retry_on_status: Vec<u16>,
    /// Whether POST and PATCH are retried. `None` by default: they were, and nobody had asked for it.
    pub retry_non_idempotent: Option<bool>,
    /// Whether a Retry-After is ignored. `None` by default: it was never parsed.
    pub ignore_retry_after: Option<bool>,
    /// Whether a redirect is followed. `None` by default: it was.
    pub follow_redirects: Option<bool>,
    /// The safety rules that are overridden, each with its rationale. See [`allow`](Self::allow).
    pub overrides: Vec<(Rule, String)>,
}

impl Config {
    /// Overrides one safety rule, as [`PolicyBuilder::allow`](crate::PolicyBuilder::allow) does: the
    /// rationale must not be blank, travels with the policy, and is logged at WARN.
    #[must_use]
    pub fn allow(mut self, rule: Rule, rationale: impl Into<String>) -> Self {
        self.overrides.push((rule, rationale.into()));
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            base_url: None,
            headers: HeaderMap::new(),
            user_agent: None,
            max_retries: 3,
            retry_delay: Duration::ZERO,
            retry_max_delay: None,
            backoff: BackoffKind::Fixed,
            jitter: false,
            timeout: Duration::from_secs(5),
            timeout_covers: TimeoutCovers::Attempt,
            retry_on_status: Vec::new(),
            retry_non_idempotent: None,
            ignore_retry_after: None,
            follow_redirects: None,
            overrides: Vec::new(),
        }
    }
}

impl fmt::Debug for Config {
    /// The names of the headers, not their values; the base URL without a user name and a query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("base_url", &self.base_url.as_deref().map(redacted))
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("user_agent", &self.user_agent)
            .field("max_retries", &self.max_retries)
            .field("retry_delay", &self.retry_delay)
            .field("retry_max_delay", &self.retry_max_delay)
            .field("backoff", &self.backoff)
            .field("jitter", &self.jitter)
            .field("timeout", &self.timeout)
            .field("timeout_covers", &self.timeout_covers)
            .field("retry_on_status", &self.retry_on_status)
            .field("retry_non_idempotent", &self.retry_non_idempotent)
            .field("ignore_retry_after", &self.ignore_retry_after)
            .field("follow_redirects", &self.follow_redirects)
            .field("overrides", &self.overrides)
            .finish()
    }
}

/// How the delay grows from one retry to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BackoffKind {
    /// Not at all.
    Fixed,
    /// By the same amount each time.
    Linear,
    /// It doubles.
    Exponential,
}

/// What a timeout is the timeout of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeoutCovers {
    /// Each attempt by itself, as in a loop around Go's `http.Client`.
    Attempt,
    /// The whole call, waits included, as a context's deadline or reqwest's timeout around the loop.
    Call,
}

//! A client's configuration from the environment.

mod error;
mod reading;
mod settings;
mod unknown;

use std::env;
use std::ffi::OsString;

pub use self::error::{EnvError, EnvProblem};
pub(super) use self::reading::read;
use self::settings::SETTINGS;
pub(super) use self::unknown::among;
use super::ClientConfig;
use crate::config::Rule;

impl ClientConfig {
    /// The configuration from the process's environment.
    ///
    /// A variable is named by the prefix and the setting's place in a file, in capitals, `_` between
    /// its parts and without `policy`: `circuit.longest_break` is `PAYMENTS_CIRCUIT_LONGEST_BREAK`.
    ///
    /// | variable, after the prefix | what it holds |
    /// |---|---|
    /// | `URL` | the upstream's URL; mandatory |
    /// | `PRESET` | `internal`, `external` or `external_payments`; mandatory |
    /// | `PROVIDER` | `generic`, `stripe`, `adyen`, `ietf` or `none`; mandatory for payments. One of your own is for a file, or for code |
    /// | `MAX_ATTEMPTS`, `MAX_CONCURRENCY` | counts |
    /// | `ATTEMPT_TIMEOUT`, `DEADLINE` | durations, such as `30s` or `1m 30s` |
    /// | `BACKOFF_BASE`, `BACKOFF_CAP` | durations |
    /// | `BACKOFF_MULTIPLIER` | a number |
    /// | `BACKOFF_JITTER` | `full`, `equal`, `decorrelated`, `none` or `proportional:0.3` |
    /// | `BUDGET_RATIO`, `BUDGET_FLOOR_PER_MINUTE` | a number, a count |
    /// | `CIRCUIT_ENABLED` | `true` or `false` |
    /// | `CIRCUIT_CONSECUTIVE_FAILURES`, `CIRCUIT_WITHIN` | a count, a duration |
    /// | `CIRCUIT_FAILURE_RATIO_RATIO`, `CIRCUIT_FAILURE_RATIO_WINDOW`, `CIRCUIT_FAILURE_RATIO_MINIMUM` | a number, a duration, a count |
    /// | `CIRCUIT_SLOW_CALL`, `CIRCUIT_BREAK_DURATION`, `CIRCUIT_LONGEST_BREAK`, `CIRCUIT_RAMP`, `CIRCUIT_GATE_CAP` | durations |
    /// | `CIRCUIT_BREAK_MULTIPLIER`, `CIRCUIT_DECLARED_PEAK_PER_SECOND` | numbers |
    /// | `HONOUR_RETRY_AFTER`, `INJECT_KEYS`, `REPEAT_UNKEYED`, `REQUIRE_HTTPS` | `true` or `false` |
    /// | `ALLOW_BACKOFF_BASE`, `ALLOW_JITTER`, `ALLOW_MAX_ATTEMPTS`, `ALLOW_BUDGET_RATIO`, `ALLOW_BUDGET_FLOOR`, `ALLOW_CIRCUIT`, `ALLOW_RETRY_AFTER`, `ALLOW_UNKEYED_REPEAT`, `ALLOW_PLAIN_HTTP` | the rationale for overriding that safety rule |
    /// | `CONNECT_TIMEOUT`, `POOL_IDLE_TIMEOUT`, `READ_TIMEOUT` | durations |
    /// | `POOL_MAX_IDLE_PER_HOST`, `RESPONSE_BODY_LIMIT` | counts, of connections and of bytes |
    /// | `HTTP2_PRIOR_KNOWLEDGE` | `true` or `false` |
    /// | `ROOT_CERTIFICATES` | files, listed as in `PATH` |
    ///
    /// A variable that begins with the prefix and is none of these is refused: it may be a misspelt
    /// one. For your own there is [`from_env_beside`](Self::from_env_beside). Those that Kubernetes
    /// sets for a service of that name, such as `PAYMENTS_SERVICE_HOST`, are passed over.
    ///
    /// ```no_run
    /// use seawall::ClientConfig;
    ///
    /// let config = ClientConfig::from_env("PAYMENTS")?;
    /// let client = config.build()?;
    /// # Ok::<(), seawall::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`EnvError`] with every missing, invalid or unknown variable, by name.
    pub fn from_env(prefix: &str) -> Result<Self, EnvError> {
        Self::from_env_beside(prefix, &[])
    }

    /// The same, where other variables begin with the prefix too: a credential, or another
    /// upstream's. Each of `others` is a name without the prefix, or the beginning of names if it
    /// ends in `_`.
    ///
    /// ```no_run
    /// use seawall::ClientConfig;
    ///
    /// // PAYMENTS_API_KEY is read elsewhere, PAYMENTS_EU_URL belongs to a client of its own.
    /// let config = ClientConfig::from_env_beside("PAYMENTS", &["API_KEY", "EU_"])?;
    /// let europe = ClientConfig::from_env("PAYMENTS_EU")?;
    /// # Ok::<(), seawall::EnvError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`EnvError`].
    pub fn from_env_beside(prefix: &str, others: &[&str]) -> Result<Self, EnvError> {
        let lookup = |name: &str| env::var_os(name);
        let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let unknown = among(names, prefix, others);
        read(prefix, &lookup, unknown)
    }

    /// The same from any source of variables: a map, a store of settings, a test. As it can only be
    /// asked for a name, a misspelt one stays unseen.
    ///
    /// ```
    /// use seawall::ClientConfig;
    ///
    /// let config = ClientConfig::from_variables("PAYMENTS", |name| {
    ///     let value = match name {
    ///         "PAYMENTS_URL" => "https://gateway.example/v1",
    ///         "PAYMENTS_PRESET" => "external_payments",
    ///         "PAYMENTS_PROVIDER" => "stripe",
    ///         "PAYMENTS_DEADLINE" => "1m",
    ///         _ => return None,
    ///     };
    ///     Some(value.to_owned())
    /// })?;
    /// assert_eq!(config.policy().deadline().as_secs(), 60);
    ///
    /// let refused = ClientConfig::from_variables("PAYMENTS", |name| {
    ///     (name == "PAYMENTS_DEADLINE").then(|| "60".to_owned())
    /// });
    /// let message = refused.unwrap_err().to_string();
    /// assert!(message.contains("PAYMENTS_DEADLINE is a duration without a unit: write a number"));
    /// assert!(message.contains("PAYMENTS_URL is missing"));
    /// assert!(message.contains("PAYMENTS_PRESET is missing"));
    /// # Ok::<(), seawall::EnvError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`EnvError`].
    pub fn from_variables(
        prefix: &str,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, EnvError> {
        let lookup = |name: &str| lookup(name).map(OsString::from);
        read(prefix, &lookup, Vec::new())
    }
}

/// The names of all variables.
pub(super) fn names(prefix: &str) -> Vec<String> {
    let settings = SETTINGS.iter().map(|(name, _)| variable(prefix, name));
    let overrides = Rule::ALL.iter();
    let overrides = overrides.map(|&rule| override_variable(prefix, rule));
    settings.chain(overrides).collect()
}

fn variable(prefix: &str, setting: &str) -> String {
    let name = setting.replace('.', "_").to_ascii_uppercase();
    format!("{prefix}_{name}")
}

fn override_variable(prefix: &str, rule: Rule) -> String {
    let name = rule.as_str().replace('-', "_").to_ascii_uppercase();
    format!("{prefix}_ALLOW_{name}")
}

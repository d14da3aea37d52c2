//! What differs between two policies, and what must not while calls are made.

use std::fmt::{self, Debug};

use super::Policy;
#[cfg(feature = "middleware")]
use super::{PolicyError, Violation};
use crate::policy::Provider;
use crate::policy::circuit::CircuitSettings;

/// One setting that was changed in a policy that is in use.
///
/// ```
/// use std::time::Duration;
/// use seawall::Policy;
///
/// let before = Policy::external();
/// let after = before.to_builder().deadline(Duration::from_secs(20)).build()?;
/// let changes = before.changes_to(&after);
/// assert_eq!(changes.len(), 1);
/// assert_eq!(changes[0].to_string(), "deadline: 30s -> 20s");
/// # Ok::<(), seawall::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    setting: &'static str,
    before: String,
    after: String,
}

impl Change {
    /// The setting, by its name in a file: `max_attempts`, `circuit.ramp`.
    #[must_use]
    pub const fn setting(&self) -> &'static str {
        self.setting
    }

    /// What it was, as `Debug` writes it.
    #[must_use]
    pub fn before(&self) -> &str {
        &self.before
    }

    /// What it is now.
    #[must_use]
    pub fn after(&self) -> &str {
        &self.after
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} -> {}", self.setting, self.before, self.after)
    }
}

impl Policy {
    /// Every setting in which the other policy differs from this one.
    #[must_use]
    pub fn changes_to(&self, other: &Self) -> Vec<Change> {
        let (before, after) = (self.settings(), other.settings());
        let both = before.into_iter().zip(after);
        both.filter(|((_, before), (_, after))| before != after)
            .map(|((setting, before), (_, after))| Change {
                setting,
                before,
                after,
            })
            .collect()
    }

    /// Whether calls that go by this policy may go by the other one from now on.
    ///
    /// # Errors
    ///
    /// A [`PolicyError`] with everything that speaks against it: what makes no sense by itself, and
    /// what may not change while a process runs.
    #[cfg(feature = "middleware")]
    pub(crate) fn may_become(&self, other: &Self) -> Result<(), PolicyError> {
        let mut violations = match other.to_builder().build() {
            Ok(_) => Vec::new(),
            Err(refused) => refused.violations,
        };
        violations.extend(self.fixed_settings_of(other));
        if violations.is_empty() {
            Ok(())
        } else {
            Err(PolicyError { violations })
        }
    }

    /// Payments that become internal calls are a mistake, and a key that goes by another header is one
    /// that the provider has never seen: it would charge again.
    #[cfg(feature = "middleware")]
    fn fixed_settings_of(&self, other: &Self) -> impl Iterator<Item = Violation> {
        const PRESET: &[&str] = &["preset"];
        const KEYS: &[&str] = &[
            "provider.key_header",
            "provider.key_form",
            "provider.honours_keys",
        ];
        let (preset, keys) = (
            "a client is built for one preset: build another client",
            "a key that was sent would not be known again: restart once none is in doubt",
        );
        let fixed = |settings: &'static [&'static str], fix: &'static str| {
            let changes = self.changes_to(other).into_iter();
            changes
                .filter(|change| settings.contains(&change.setting))
                .map(move |change| {
                    let problem = format!("{change} while calls are made");
                    Violation::nonsense(settings, problem, fix)
                })
        };
        fixed(PRESET, preset).chain(fixed(KEYS, keys))
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        // Taken apart, so that a new field cannot be forgotten here.
        let Self {
            preset,
            max_attempts,
            backoff,
            attempt_timeout,
            deadline,
            budget,
            circuit,
            honours_retry_after,
            provider,
            injects_keys,
            repeats_unkeyed,
            requires_https,
            max_concurrency,
            overrides,
        } = self;
        let mut settings = vec![
            ("preset", preset.as_str().to_owned()),
            ("max_attempts", text(max_attempts)),
            ("attempt_timeout", text(attempt_timeout)),
            ("deadline", text(deadline)),
            ("honour_retry_after", text(honours_retry_after)),
            ("inject_keys", text(injects_keys)),
            ("repeat_unkeyed", text(repeats_unkeyed)),
            ("require_https", text(requires_https)),
            ("max_concurrency", text(max_concurrency)),
            ("backoff.base", text(backoff.base())),
            ("backoff.multiplier", text(backoff.multiplier())),
            ("backoff.cap", text(backoff.cap())),
            ("backoff.jitter", text(backoff.jitter())),
            ("budget.ratio", text(budget.ratio())),
            ("budget.floor_per_minute", text(budget.floor_per_minute())),
        ];
        settings.extend(of_circuit(circuit));
        settings.extend(of_provider(provider));
        settings.push(("overrides", text(overrides)));
        settings
    }
}

fn of_circuit(circuit: &CircuitSettings) -> [(&'static str, String); 11] {
    let CircuitSettings {
        trips,
        consecutive,
        within,
        failure_ratio,
        slow_call,
        break_duration,
        break_multiplier,
        max_break,
        ramp,
        gate_cap,
        declared_peak,
        // The provider's, and told there.
        provider_rate: _,
    } = circuit;
    [
        ("circuit.enabled", text(trips)),
        ("circuit.consecutive_failures", text(consecutive)),
        ("circuit.within", text(within)),
        ("circuit.failure_ratio", text(failure_ratio)),
        ("circuit.slow_call", text(slow_call)),
        ("circuit.break_duration", text(break_duration)),
        ("circuit.break_multiplier", text(break_multiplier)),
        ("circuit.longest_break", text(max_break)),
        ("circuit.ramp", text(ramp)),
        ("circuit.gate_cap", text(gate_cap)),
        ("circuit.declared_peak_per_second", text(declared_peak)),
    ]
}

fn of_provider(provider: &Provider) -> [(&'static str, String); 12] {
    let Provider {
        name,
        honours_keys,
        key_header,
        key_form,
        max_key_length,
        key_life,
        conflict,
        vouches_for_503,
        hints,
        credential_header,
        account_header,
        rate_per_second,
    } = provider;
    [
        ("provider.name", name.to_string()),
        ("provider.honours_keys", text(honours_keys)),
        ("provider.key_header", text(key_header)),
        ("provider.key_form", text(key_form)),
        ("provider.max_key_length", text(max_key_length)),
        ("provider.key_life", text(key_life)),
        ("provider.conflict", text(conflict)),
        ("provider.vouches_for_503", text(vouches_for_503)),
        ("provider.hints", text(hints)),
        ("provider.credential_header", text(credential_header)),
        ("provider.account_header", text(account_header)),
        ("provider.rate_per_second", text(rate_per_second)),
    ]
}

fn text(value: impl Debug) -> String {
    format!("{value:?}")
}

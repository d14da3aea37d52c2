//! The three presets, field by field, with the reason for each value.

use std::time::Duration;

use super::{Policy, Preset};
use crate::policy::Provider;
use crate::policy::backoff::{Backoff, Jitter};
use crate::policy::budget::BudgetSettings;
use crate::policy::circuit::{CircuitSettings, FailureRatio};

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Policy {
    /// Calls to services of the same house: quick, load-balanced, forgiving.
    ///
    /// | field | value | why |
    /// |---|---|---|
    /// | attempts | 3 | another instance likely answers |
    /// | backoff | 25 ms ×2 up to 1 s, full jitter | a new instance, not a recovery, is waited for |
    /// | attempt timeout, deadline | 1 s, 3 s | somebody's page waits |
    /// | budget | 20 % and 60 a minute | a restart of one instance must not need a human |
    /// | circuit | 5 in a row within 2 min, or half of at least 20 in 10 s | both quiet and busy services trip |
    /// | break | 5 s ×2 up to 60 s | deployments are short |
    /// | ramp | 5 s | capacity is back at once |
    /// | gate | at most 6 h | a lying header costs at most that |
    /// | idempotency keys | off | internal APIs rarely know them |
    /// | HTTPS | not required | the mesh often does it |
    #[must_use]
    pub fn internal() -> Self {
        Self {
            preset: Preset::Internal,
            max_attempts: 3,
            backoff: backoff(millis(25), seconds(1), Jitter::Full),
            attempt_timeout: seconds(1),
            deadline: seconds(3),
            budget: budget(0.2, 60),
            circuit: CircuitSettings {
                failure_ratio: Some(half_of_twenty_in(seconds(10))),
                break_duration: seconds(5),
                max_break: seconds(60),
                ramp: seconds(5),
                ..external_circuit()
            },
            max_concurrency: None,
            honours_retry_after: true,
            provider: Provider::none(),
            injects_keys: false,
            repeats_unkeyed: false,
            requires_https: false,
            overrides: Vec::new(),
        }
    }

    /// Calls to somebody else's API.
    ///
    /// | field | value | why |
    /// |---|---|---|
    /// | attempts | 3 | a fourth rarely helps and always costs them |
    /// | backoff | 500 ms ×2 up to 30 s, equal jitter | never near zero, never in step with others |
    /// | attempt timeout, deadline | 10 s, 30 s | what a gateway in front of you allows |
    /// | budget | 10 % and 6 a minute | whatever breaks, their load grows by a tenth at most; per minute, because a small service makes one call a second |
    /// | circuit | 5 in a row within 2 min, or half of at least 20 in 30 s | the incident's services made one call a second: no rule that needs a hundred would have acted |
    /// | break | 30 s ×2 up to 5 min | outages of strangers last longer |
    /// | ramp | 30 s | caches and pools need to warm |
    /// | gate | at most 6 h | a lying header costs at most that |
    /// | idempotency keys | off | name a provider to turn them on |
    /// | HTTPS | required | it leaves the house; loopback excepted |
    #[must_use]
    pub fn external() -> Self {
        Self {
            preset: Preset::External,
            max_attempts: 3,
            backoff: backoff(millis(500), seconds(30), Jitter::Equal),
            attempt_timeout: seconds(10),
            deadline: seconds(30),
            budget: budget(0.1, 6),
            circuit: external_circuit(),
            requires_https: true,
            ..Self::internal()
        }
    }

    /// Calls that move money. The provider says whether it honours idempotency keys:
    /// [`Provider::none`] unlocks no repeat of a POST.
    ///
    /// | field | value | why |
    /// |---|---|---|
    /// | attempts | 4 | with a key a repeat is harmless, and a lost sale is not |
    /// | backoff | 1 s ×2 up to 60 s, ±30 % | asked for by the postmortem of the incident; in-call waits reach 4 s, the cap spreads `retry_at` |
    /// | attempt timeout, deadline | 30 s, 90 s | card networks take that long; when all time out the fourth never starts |
    /// | budget | 10 % and 2 a minute | the floor of a service that makes one call a second |
    /// | circuit | 5 in a row within 2 min | a trip needs no traffic; a ratio would add nothing at this rate |
    /// | break | 30 s ×2 up to 2 min | people wait at the till |
    /// | ramp | 30 s | a cold gateway falls over at full load |
    /// | gate | at most 1 h | a lying header must not stop payments for longer |
    /// | rate | 110 % of the declared peak, if one is declared | beyond it, something is wrong on this side |
    /// | idempotency keys | on POST and PATCH | charged once, whatever the network does |
    /// | HTTPS | required | loopback excepted |
    #[must_use]
    pub fn external_payments(provider: Provider) -> Self {
        Self {
            preset: Preset::ExternalPayments,
            max_attempts: 4,
            backoff: backoff(seconds(1), seconds(60), Jitter::Proportional(0.3)),
            attempt_timeout: seconds(30),
            deadline: seconds(90),
            budget: budget(0.1, 2),
            circuit: CircuitSettings {
                failure_ratio: None,
                max_break: seconds(120),
                gate_cap: seconds(3_600),
                provider_rate: provider.rate_per_second,
                ..external_circuit()
            },
            provider,
            injects_keys: true,
            ..Self::external()
        }
    }
}

fn external_circuit() -> CircuitSettings {
    CircuitSettings {
        trips: true,
        consecutive: 5,
        within: seconds(120),
        failure_ratio: Some(half_of_twenty_in(seconds(30))),
        slow_call: None,
        break_duration: seconds(30),
        break_multiplier: 2.0,
        max_break: seconds(300),
        ramp: seconds(30),
        gate_cap: seconds(6 * 3_600),
        declared_peak: None,
        provider_rate: None,
    }
}

fn half_of_twenty_in(window: Duration) -> FailureRatio {
    FailureRatio {
        ratio: 0.5,
        window,
        minimum: 20,
    }
}

fn backoff(base: Duration, cap: Duration, jitter: Jitter) -> Backoff {
    Backoff::new(base, 2.0, cap, jitter).expect("the presets' backoffs are valid")
}

fn budget(ratio: f64, floor_per_minute: u32) -> BudgetSettings {
    BudgetSettings::new(ratio, floor_per_minute).expect("the presets' budgets are valid")
}

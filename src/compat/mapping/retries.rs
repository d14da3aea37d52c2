//! How often, and after which waits.

use std::time::Duration;

use super::Findings;
use crate::compat::{BackoffKind, Config};
use crate::config::check::{MOST_ATTEMPTS, SHORTEST_BASE};
use crate::policy::circuit::LONGEST;
use crate::{Backoff, Jitter, Policy, Rule};

pub(super) struct Retries {
    pub(super) max_attempts: u32,
    pub(super) backoff: Backoff,
}

pub(super) fn map(config: &Config, preset: &Policy, findings: &mut Findings<'_>) -> Retries {
    Retries {
        max_attempts: max_attempts(config, preset, findings),
        backoff: match config.max_retries {
            // There is nothing to wait for.
            0 => preset.backoff(),
            _ => backoff(config, preset, findings),
        },
    }
}

fn max_attempts(config: &Config, preset: &Policy, findings: &mut Findings<'_>) -> u32 {
    let retries = config.max_retries;
    let attempts = retries.saturating_add(1);
    if retries == 0 {
        return attempts;
    }
    // The circuit needs room for one failure more.
    if attempts == u32::MAX {
        let problem = format!("max_retries is {retries}");
        findings.refuse(&["max_retries"], problem, "choose fewer: 4 are many");
    }
    if preset.preset().is_external() && attempts > MOST_ATTEMPTS {
        findings.refuse_unless_allowed(
            Rule::MaxAttempts,
            &["max_retries"],
            format!("max_retries is {retries}, which makes {attempts} attempts"),
            "external calls get at most 4 retries",
        );
    }
    let (share, floor) = (
        preset.budget().ratio() * 100.0,
        preset.budget().floor_per_minute(),
    );
    findings.change(
        "max_retries",
        format!("{retries} retries of every call"),
        format!(
            "{attempts} attempts, the first included; the retries of a minute are at most \
             {share:.0} % of its calls and {floor} more"
        ),
        "in the incident of November 2025 each payment became four requests, and nothing limited \
         their sum",
    );
    attempts
}

fn backoff(config: &Config, preset: &Policy, findings: &mut Findings<'_>) -> Backoff {
    let base = base(config, preset, findings);
    let cap = cap(config, base, preset, findings);
    let jitter = jitter(config, preset, findings);
    let grew = match config.backoff {
        BackoffKind::Fixed => Some("the same delay before each retry"),
        BackoffKind::Linear => Some("a delay that grows by the same amount"),
        BackoffKind::Exponential => None,
    };
    if let Some(was) = grew {
        findings.change(
            "backoff",
            was,
            format!("a delay that doubles, up to {cap:?}"),
            "only exponential backoff is known to let an overloaded system come to rest (Jacobson, \
             Congestion Avoidance and Control, 1988)",
        );
    }
    Backoff::new(base, 2.0, cap, jitter)
        .expect("the cap is at least the base, and the jitter that of a preset or none")
}

fn base(config: &Config, preset: &Policy, findings: &mut Findings<'_>) -> Duration {
    let asked = config.retry_delay;
    if asked > LONGEST {
        let problem = format!("retry_delay is {asked:?}");
        findings.refuse(&["retry_delay"], problem, "choose at most 30 days");
    }
    let too_short = asked.is_zero() || (preset.preset().is_external() && asked < SHORTEST_BASE);
    if !too_short || findings.allows(Rule::BackoffBase) {
        return asked;
    }
    let base = preset.backoff().base();
    findings.change(
        "retry_delay",
        format!("{asked:?}"),
        format!("{base:?}"),
        "a retry without a wait meets the same failure: in the incident of November 2025 all four \
         attempts were over within two seconds",
    );
    base
}

fn cap(config: &Config, base: Duration, preset: &Policy, findings: &mut Findings<'_>) -> Duration {
    let Some(asked) = config.retry_max_delay else {
        let cap = preset.backoff().cap().max(base);
        // A delay of another kind is told to double, and up to what.
        if config.backoff == BackoffKind::Exponential && outgrows(config, base, cap) {
            findings.change(
                "retry_max_delay",
                "a delay that doubles without end",
                format!("{cap:?}"),
                "whoever doubles a wait may bound it (RFC 6298 section 5.5): a longer one spares the \
                 server nothing more, and outlasts its recovery",
            );
        }
        return cap;
    };
    if asked > LONGEST {
        let problem = format!("retry_max_delay is {asked:?}");
        findings.refuse(&["retry_max_delay"], problem, "choose at most 30 days");
    }
    if asked < base {
        findings.change(
            "retry_max_delay",
            format!("{asked:?}"),
            format!("{base:?}"),
            "no delay can be shorter than the first",
        );
    }
    asked.max(base)
}

/// Whether the last delay would be longer than the cap.
fn outgrows(config: &Config, base: Duration, cap: Duration) -> bool {
    let doublings = config.max_retries.saturating_sub(1);
    base.saturating_mul(2_u32.saturating_pow(doublings)) > cap
}

fn jitter(config: &Config, preset: &Policy, findings: &mut Findings<'_>) -> Jitter {
    if !config.jitter && findings.allows(Rule::Jitter) {
        return Jitter::None;
    }
    let jitter = preset.backoff().jitter();
    if !config.jitter {
        findings.change(
            "jitter",
            "none",
            format!("{jitter:?}"),
            "clients that failed together come back together unless chance spreads them \
             (Exponential Backoff And Jitter, AWS Architecture Blog, 2015)",
        );
    }
    jitter
}

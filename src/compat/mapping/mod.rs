//! Old settings in, a safe policy out: a pure function, and what it has to say.

mod defaults;
mod findings;
mod repeats;
mod retries;
mod timeouts;

pub(super) use self::defaults::Defaults;
use self::findings::Findings;
use self::repeats::Repeats;
use self::retries::Retries;
use self::timeouts::Timeouts;
use super::{Config, ConfigError, Notice, Target};
use crate::{Policy, PolicyBuilder, PolicyError};

/// What the old settings mean here.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Mapped {
    /// The policy that they make.
    pub policy: Policy,
    /// Every setting that means something else than it did.
    pub notices: Vec<Notice>,
}

impl Config {
    /// What these settings mean for this target. Nothing is logged and nothing is built.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with everything that cannot be made safe and is not
    /// [allowed](Self::allow), or makes no sense.
    pub fn map(&self, target: &Target) -> Result<Mapped, ConfigError> {
        map(self, target).map(|(mapped, _)| mapped)
    }
}

/// The same, with what every request is given.
pub(super) fn map(config: &Config, target: &Target) -> Result<(Mapped, Defaults), ConfigError> {
    let preset = target.preset();
    let mut findings = Findings::new(&config.overrides);
    let defaults = defaults::map(config, &preset, &mut findings);
    let retries = retries::map(config, &preset, &mut findings);
    let timeouts = timeouts::map(config, &preset, &retries, &mut findings);
    let repeats = repeats::map(config, &preset, &mut findings);
    let (notices, violations) = findings.into_parts();
    let (true, Some(defaults)) = (violations.is_empty(), defaults) else {
        return Err(ConfigError { violations });
    };
    match policy(config, &preset, &retries, &timeouts, &repeats) {
        Ok(policy) => Ok((Mapped { policy, notices }, defaults)),
        // Of the old settings nothing can be left to refuse, but a provider is plain data.
        Err(refused) => Err(ConfigError {
            violations: refused.violations().to_vec(),
        }),
    }
}

fn policy(
    config: &Config,
    preset: &Policy,
    retries: &Retries,
    timeouts: &Timeouts,
    repeats: &Repeats,
) -> Result<Policy, PolicyError> {
    let builder = preset
        .to_builder()
        .max_attempts(retries.max_attempts)
        .backoff(retries.backoff)
        .attempt_timeout(timeouts.attempt)
        .deadline(timeouts.call)
        .honour_retry_after(repeats.honours_retry_after)
        .repeat_unkeyed(repeats.unkeyed)
        .inject_keys(repeats.injects_keys)
        .require_https(repeats.requires_https);
    let builder = with_room(builder, preset, retries, timeouts);
    let overrides = config.overrides.iter();
    let builder = overrides.fold(builder, |builder, (rule, why)| builder.allow(*rule, why));
    builder.build()
}

/// One poisonous call must not trip the circuit alone, and a probe must be able to end within a break:
/// more attempts, or longer ones, need more room than the preset leaves.
fn with_room(
    mut builder: PolicyBuilder,
    preset: &Policy,
    retries: &Retries,
    timeouts: &Timeouts,
) -> PolicyBuilder {
    let circuit = preset.circuit();
    let least = retries.max_attempts.saturating_add(1);
    builder = builder.consecutive_failures(circuit.consecutive.max(least));
    if let Some(rule) = circuit.failure_ratio {
        builder = builder.failure_ratio(rule.ratio, rule.window, rule.minimum.max(least));
    }
    if circuit.max_break <= timeouts.attempt {
        builder = builder.break_duration(circuit.break_duration, timeouts.longest_break());
    }
    builder
}

//! All of a policy, in a file.

use serde::{Deserialize, Serialize};

use super::Span;
use super::backoff::WrittenBackoff;
use super::budget::WrittenBudget;
use super::circuit::WrittenCircuit;
use crate::config::{Override, Policy, PolicyBuilder, PolicyError, Preset, Rule, Violation};
use crate::policy::Provider;

/// A policy as it is written: a preset, and what differs from it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WrittenPolicy {
    pub(crate) preset: Option<Preset>,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) attempt_timeout: Option<Span>,
    pub(crate) deadline: Option<Span>,
    pub(crate) max_concurrency: Option<u32>,
    pub(crate) honour_retry_after: Option<bool>,
    pub(crate) inject_keys: Option<bool>,
    pub(crate) repeat_unkeyed: Option<bool>,
    pub(crate) require_https: Option<bool>,
    pub(crate) provider: Option<Provider>,
    pub(crate) backoff: WrittenBackoff,
    pub(crate) budget: WrittenBudget,
    pub(crate) circuit: WrittenCircuit,
    pub(crate) overrides: Vec<WrittenOverride>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenOverride {
    pub(crate) rule: Rule,
    pub(crate) rationale: String,
}

impl WrittenPolicy {
    /// The checked policy, or everything that is wrong with it.
    pub(crate) fn build(self) -> Result<Policy, PolicyError> {
        let Some(preset) = self.preset else {
            let fix = "choose \"internal\", \"external\" or \"external_payments\": there is no \
                       default";
            let nameless = Violation::nonsense(&["preset"], "no preset is named", fix);
            return Err(PolicyError {
                violations: vec![nameless],
            });
        };
        let mut violations = Vec::new();
        if preset == Preset::ExternalPayments && self.provider.is_none() {
            let fix = "name yours, \"generic\" if its documentation promises idempotency keys, or \
                       \"none\"";
            let problem = "payments need a provider";
            violations.push(Violation::nonsense(&["provider"], problem, fix));
        }
        let (builder, backoff) = self.builder(preset);
        violations.extend(backoff.err());
        match builder.build() {
            Ok(policy) if violations.is_empty() => return Ok(policy),
            Ok(_) => {}
            Err(refused) => violations.extend(refused.violations),
        }
        Err(PolicyError { violations })
    }

    /// Whether it would refuse plain HTTP, as far as it is written.
    #[cfg(feature = "client")]
    pub(crate) fn requires_https(&self) -> bool {
        let usual = self.preset.is_some_and(Preset::is_external);
        self.require_https.unwrap_or(usual)
    }

    fn builder(self, preset: Preset) -> (PolicyBuilder, Result<(), Violation>) {
        let preset = match preset {
            Preset::Internal => Policy::internal(),
            Preset::External => Policy::external(),
            Preset::ExternalPayments => Policy::external_payments(Provider::none()),
        };
        let (ratio, floor) = self.budget.over(preset.budget());
        let builder = preset
            .to_builder()
            .budget(ratio, floor)
            .with(self.provider, PolicyBuilder::provider)
            .with(self.max_attempts, PolicyBuilder::max_attempts)
            .with(self.attempt_timeout, PolicyBuilder::attempt_timeout)
            .with(self.deadline, PolicyBuilder::deadline)
            .with(self.max_concurrency, PolicyBuilder::max_concurrency)
            .with(self.honour_retry_after, PolicyBuilder::honour_retry_after)
            .with(self.inject_keys, PolicyBuilder::inject_keys)
            .with(self.repeat_unkeyed, PolicyBuilder::repeat_unkeyed)
            .with(self.require_https, PolicyBuilder::require_https);
        let builder = self.circuit.apply(builder, preset.circuit());
        let builder = self.overrides.into_iter().fold(builder, |builder, said| {
            builder.allow(said.rule, said.rationale)
        });
        match self.backoff.over(preset.backoff()) {
            Ok(backoff) => (builder.backoff(backoff), Ok(())),
            Err(violation) => (builder, Err(violation)),
        }
    }
}

impl PolicyBuilder {
    /// The setting, where it is written.
    pub(super) fn with<W: Into<T>, T>(
        self,
        written: Option<W>,
        set: impl FnOnce(Self, T) -> Self,
    ) -> Self {
        match written {
            Some(value) => set(self, value.into()),
            None => self,
        }
    }
}

impl From<&Policy> for WrittenPolicy {
    fn from(policy: &Policy) -> Self {
        Self {
            preset: Some(policy.preset),
            max_attempts: Some(policy.max_attempts),
            attempt_timeout: Some(Span(policy.attempt_timeout)),
            deadline: Some(Span(policy.deadline)),
            max_concurrency: policy.max_concurrency,
            honour_retry_after: Some(policy.honours_retry_after),
            inject_keys: Some(policy.injects_keys),
            repeat_unkeyed: Some(policy.repeats_unkeyed),
            require_https: Some(policy.requires_https),
            provider: Some(policy.provider.clone()),
            backoff: policy.backoff.into(),
            budget: policy.budget.into(),
            circuit: (&policy.circuit).into(),
            overrides: policy.overrides.iter().map(WrittenOverride::from).collect(),
        }
    }
}

impl From<&Override> for WrittenOverride {
    fn from(overridden: &Override) -> Self {
        Self {
            rule: overridden.rule,
            rationale: overridden.rationale.clone(),
        }
    }
}

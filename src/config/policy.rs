//! A checked policy.

use std::fmt;
use std::time::Duration;

use super::{Override, PolicyBuilder};
use http::{HeaderMap, Method};

use crate::policy::backoff::Backoff;
use crate::policy::budget::BudgetSettings;
use crate::policy::circuit::CircuitSettings;
use crate::policy::{Guarantee, Provider, takes_keys};

/// Which preset a policy was made from. It decides which safety rules apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Preset {
    /// [`Policy::internal`].
    Internal,
    /// [`Policy::external`].
    External,
    /// [`Policy::external_payments`].
    ExternalPayments,
}

impl Preset {
    /// The name of the constructor.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::External => "external",
            Self::ExternalPayments => "external_payments",
        }
    }

    pub(crate) const fn is_external(self) -> bool {
        !matches!(self, Self::Internal)
    }
}

/// How calls to one kind of upstream are made: a checked, plain value.
///
/// Made by a preset, or by a [builder](Policy::to_builder) that starts from one.
///
/// ```
/// use std::time::Duration;
/// use seawall::{Policy, Provider};
///
/// let policy = Policy::external_payments(Provider::generic())
///     .to_builder()
///     .deadline(Duration::from_secs(60))
///     .declared_peak_per_second(5.0)
///     .build()?;
/// assert_eq!(policy.max_attempts(), 4);
/// # Ok::<(), seawall::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub(super) preset: Preset,
    pub(super) max_attempts: u32,
    pub(super) backoff: Backoff,
    pub(super) attempt_timeout: Duration,
    pub(super) deadline: Duration,
    pub(super) budget: BudgetSettings,
    pub(super) circuit: CircuitSettings,
    pub(super) max_concurrency: Option<u32>,
    pub(super) honours_retry_after: bool,
    pub(super) provider: Provider,
    pub(super) injects_keys: bool,
    pub(super) repeats_unkeyed: bool,
    pub(super) requires_https: bool,
    pub(super) overrides: Vec<Override>,
}

impl Policy {
    /// A builder that starts from this policy, its overrides included.
    pub fn to_builder(&self) -> PolicyBuilder {
        PolicyBuilder::from(self.clone())
    }

    /// The preset it was made from.
    #[must_use]
    pub fn preset(&self) -> Preset {
        self.preset
    }

    /// Whether its calls move money.
    #[must_use]
    pub fn is_for_payments(&self) -> bool {
        self.preset == Preset::ExternalPayments
    }

    /// Attempts in one call, the first included.
    #[must_use]
    pub fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    /// The wait between attempts.
    #[must_use]
    pub fn backoff(&self) -> Backoff {
        self.backoff
    }

    /// The longest one attempt may take, up to its response head, or up to the last byte of its body
    /// where that is collected within the call.
    #[must_use]
    pub fn attempt_timeout(&self) -> Duration {
        self.attempt_timeout
    }

    /// The longest the whole call may take, waits included, up to the same moment as the attempt
    /// timeout.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The retry budget of each upstream.
    #[must_use]
    pub fn budget(&self) -> BudgetSettings {
        self.budget
    }

    /// The circuit of each upstream, its gate and pace included.
    #[must_use]
    pub fn circuit(&self) -> &CircuitSettings {
        &self.circuit
    }

    /// The attempts to each upstream that may be under way at once in this process, from their sending
    /// to the end of the response's body. `None`, as in every preset: any number.
    #[must_use]
    pub fn max_concurrency(&self) -> Option<u32> {
        self.max_concurrency
    }

    /// Whether this side limits how it calls an upstream: by a declared peak, by the provider's rate,
    /// or by [`max_concurrency`](Self::max_concurrency).
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.limits_rate() || self.max_concurrency.is_some()
    }

    pub(crate) fn limits_rate(&self) -> bool {
        self.circuit.declared_peak.is_some() || self.circuit.provider_rate.is_some()
    }

    /// Whether a Retry-After is obeyed.
    #[must_use]
    pub fn honours_retry_after(&self) -> bool {
        self.honours_retry_after
    }

    /// What the provider promises about idempotency keys, and what its answers mean.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Whether a POST without an honoured key is repeated although it may have been acted on.
    #[must_use]
    pub fn repeats_unkeyed(&self) -> bool {
        self.repeats_unkeyed
    }

    /// What makes a repeat of a request harmless under this policy.
    #[must_use]
    pub fn guarantee(&self, method: &Method, headers: &HeaderMap) -> Guarantee {
        let key = self.provider.key_in(headers);
        self.guarantee_with(method, key.is_some_and(|key| key.is_ok()))
    }

    /// The same, when it is known whether the request has a key that the provider would know again.
    pub(crate) fn guarantee_with(&self, method: &Method, has_key: bool) -> Guarantee {
        let honoured = has_key && self.provider.honours_keys_on(method);
        match Guarantee::of(method, honoured) {
            Guarantee::None if self.repeats_unkeyed && takes_keys(method) => Guarantee::Waived,
            guarantee => guarantee,
        }
    }

    /// Whether such a request is given an idempotency key when it brings none.
    #[must_use]
    pub fn injects_key_into(&self, method: &Method) -> bool {
        self.injects_keys && takes_keys(method)
    }

    /// Whether plain HTTP is refused, loopback excepted.
    #[must_use]
    pub fn requires_https(&self) -> bool {
        self.requires_https
    }

    /// The safety rules that were overridden, each with its rationale.
    #[must_use]
    pub fn overrides(&self) -> &[Override] {
        &self.overrides
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} (provider {}): {} attempts of {:?} within {:?}, backoff {:?} ×{} up to {:?}",
            self.preset.as_str(),
            self.provider.name,
            self.max_attempts,
            self.attempt_timeout,
            self.deadline,
            self.backoff.base(),
            self.backoff.multiplier(),
            self.backoff.cap(),
        )?;
        for overridden in &self.overrides {
            write!(f, "; {overridden}")?;
        }
        Ok(())
    }
}

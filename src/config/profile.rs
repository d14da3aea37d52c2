//! What a provider's profile is held against: it is plain data, and may hold anything.

use http::{HeaderName, header};

use super::Violation;
#[cfg(feature = "middleware")]
use super::{Policy, PolicyError};
use crate::policy::Provider;
use crate::policy::idempotency::MAX_LENGTH;

/// Of a generated key.
const UUID_LENGTH: usize = 36;

/// Headers that mean something else: the key would take their place, or their value would be taken
/// for a key, and reported and logged as one.
const TAKEN: [HeaderName; 9] = [
    header::AUTHORIZATION,
    header::PROXY_AUTHORIZATION,
    header::COOKIE,
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::DATE,
];

/// Everything that is wrong with the profile.
pub(super) fn violations(provider: &Provider) -> Vec<Violation> {
    let key_header = &provider.key_header;
    let is_taken = TAKEN.contains(key_header)
        || *key_header == provider.credential_header
        || provider.account_header.as_ref() == Some(key_header);
    let rate = provider.rate_per_second.unwrap_or(1.0);
    let rules = [
        (
            (UUID_LENGTH..=MAX_LENGTH).contains(&provider.max_key_length),
            format!("the provider's longest key is {}", provider.max_key_length),
            "choose 36, the length of a generated key, to 255",
        ),
        (
            !provider.key_life.is_zero(),
            "the provider's key life is 0s".to_owned(),
            "choose how long it remembers a key, or say that `honours_keys` is false",
        ),
        (
            rate.is_finite() && rate > 0.0,
            format!("the provider's rate is {rate} calls per second"),
            "choose a finite rate above zero",
        ),
        (
            !is_taken,
            format!("the provider's key header is `{key_header}`"),
            "choose a header that nothing else is sent in",
        ),
    ];
    rules
        .into_iter()
        .filter(|(holds, ..)| !holds)
        .map(|(_, problem, fix)| Violation::nonsense(&["provider"], problem, fix))
        .collect()
}

#[cfg(feature = "middleware")]
impl Policy {
    /// The same policy with a profile that can do no harm, and what was wrong with the one it had.
    ///
    /// A builder refuses such a profile, and so does a client. A preset takes it as it is, and a layer
    /// has no way to refuse it: there it promises nothing.
    pub(crate) fn with_harmless_provider(mut self) -> (Self, Option<PolicyError>) {
        let violations = violations(&self.provider);
        if violations.is_empty() {
            return (self, None);
        }
        self.circuit.provider_rate = None;
        self.provider = Provider {
            name: self.provider.name,
            credential_header: self.provider.credential_header,
            ..Provider::none()
        };
        (self, Some(PolicyError { violations }))
    }
}

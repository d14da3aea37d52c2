//! What a payment provider promises about idempotency keys.

use http::{HeaderName, Method};

/// What the provider of an upstream promises about idempotency keys.
///
/// ```
/// use seawall::Provider;
///
/// assert!(Provider::generic().honours_keys());
/// assert!(!Provider::none().honours_keys(), "nothing is promised, so nothing is unlocked");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    name: &'static str,
    key_header: HeaderName,
    honours_keys: bool,
}

impl Provider {
    /// A provider that honours `Idempotency-Key` on POST and PATCH, as most gateways do and as
    /// draft-ietf-httpapi-idempotency-key-header describes. The key is sent raw, unquoted.
    ///
    /// Name it only if your provider's documentation says so: it is what allows a POST whose
    /// outcome is unknown to be sent again.
    #[must_use]
    pub fn generic() -> Self {
        Self {
            name: "generic",
            key_header: HeaderName::from_static("idempotency-key"),
            honours_keys: true,
        }
    }

    /// A provider that promises nothing. Keys are still sent, as they help whoever reads the logs,
    /// but no POST is repeated on their strength.
    #[must_use]
    pub fn none() -> Self {
        Self {
            name: "none",
            honours_keys: false,
            ..Self::generic()
        }
    }

    /// The name, as it appears in logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The header that carries the key.
    #[must_use]
    pub fn key_header(&self) -> &HeaderName {
        &self.key_header
    }

    /// Whether the same key sent twice is acted on once.
    #[must_use]
    pub fn honours_keys(&self) -> bool {
        self.honours_keys
    }

    /// Whether that holds for this method: POST and PATCH.
    #[must_use]
    pub fn honours_keys_on(&self, method: &Method) -> bool {
        self.honours_keys && takes_keys(method)
    }
}

/// Methods that are given keys: those that may do something twice.
pub(crate) fn takes_keys(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PATCH)
}

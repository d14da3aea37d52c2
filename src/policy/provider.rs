//! What a payment provider promises about idempotency keys, and what its answers mean.

mod hint;
mod profiles;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::time::Duration;

use http::{HeaderMap, HeaderName, Method};

pub use self::hint::{Hint, HintHeader};
use super::idempotency::{IdempotencyKey, InvalidKey, KeyForm};

/// Names in a head of usual length.
const USUAL_NAMES: usize = 24;

/// What the provider of an upstream promises about idempotency keys, and what its answers mean
/// beyond HTTP's own rules.
///
/// It is plain data. The ready-made profiles are [`generic`](Self::generic),
/// [`stripe`](Self::stripe), [`adyen`](Self::adyen), [`ietf`](Self::ietf) and [`none`](Self::none);
/// write another one over the nearest of them, from your provider's documentation:
///
/// ```
/// use std::time::Duration;
/// use http::HeaderName;
/// use seawall::{Policy, Provider};
///
/// let acme = Provider {
///     name: "acme".into(),
///     key_header: HeaderName::from_static("x-request-key"),
///     max_key_length: 36,
///     key_life: Duration::from_secs(48 * 3600),
///     ..Provider::generic()
/// };
/// let policy = Policy::external_payments(acme).to_builder().build()?;
/// assert!(policy.provider().honours_keys);
/// # Ok::<(), seawall::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// The name, as it appears in logs.
    pub name: Cow<'static, str>,
    /// Whether the same key sent twice is acted on once. This is what allows a POST whose outcome
    /// is unknown to be sent again: set it only if the provider's documentation says so.
    pub honours_keys: bool,
    /// The header that carries the key.
    pub key_header: HeaderName,
    /// How the key is written into it.
    pub key_form: KeyForm,
    /// The longest key it takes, in characters; at most 255, at least the 36 of a UUID.
    pub max_key_length: usize,
    /// How long it is sure to remember a key, from the first time it was sent. After that the same
    /// key is a new payment, so nothing is repeated.
    pub key_life: Duration,
    /// What a 409 to a request with a key means.
    pub conflict: Conflict,
    /// Whether every 503 of theirs, also one without a Retry-After, is a promise that nothing was
    /// done. Proxies send a bare 503 after they have forwarded the request, so this needs to be
    /// their word, for the whole way.
    pub vouches_for_503: bool,
    /// What their response headers say about a repeat.
    pub hints: Vec<HintHeader>,
    /// The header that holds the credential: their rate limit (429) is counted against it.
    pub credential_header: HeaderName,
    /// The header that names the account in whose name a call is made, when their rate limit counts
    /// each account on its own.
    pub account_header: Option<HeaderName>,
    /// The rate they allow, in calls per second: no more is ever sent, nor more than that at once.
    pub rate_per_second: Option<f64>,
}

/// What a 409 to a request with a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Conflict {
    /// An earlier attempt with the same key is still being carried out: come again with the key.
    InProgress,
    /// The request was refused, like any other 4xx.
    Rejected,
}

impl Provider {
    /// Whether the same key sent twice is acted on once, for this method: POST and PATCH.
    #[must_use]
    pub fn honours_keys_on(&self, method: &Method) -> bool {
        self.honours_keys && takes_keys(method)
    }

    /// The key that these request headers carry. `None`: there is no such header.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] when the provider could not know it again: two of them, too long a one, or
    /// what a missing variable leaves behind.
    ///
    /// ```
    /// use http::HeaderMap;
    /// use seawall::{IdempotencyKey, Provider};
    ///
    /// let ietf = Provider::ietf();
    /// let mut headers = HeaderMap::new();
    /// assert_eq!(ietf.key_in(&headers), None);
    ///
    /// headers.insert(&ietf.key_header, "\"order-17\"".parse().unwrap());
    /// assert_eq!(ietf.key_in(&headers), Some(IdempotencyKey::parse("order-17")));
    /// ```
    #[must_use]
    pub fn key_in(&self, headers: &HeaderMap) -> Option<Result<IdempotencyKey, InvalidKey>> {
        if !self.has_key_in(headers) {
            return None;
        }
        let mut lines = headers.get_all(&self.key_header).iter();
        let line = lines.next()?;
        if lines.next().is_some() {
            return Some(Err(InvalidKey::Several));
        }
        let key = self.key_form.read(line);
        Some(key.and_then(|key| self.check(&key).map(|()| key)))
    }

    /// Whether these request headers carry a key, valid or not. To look at each name of a usual head
    /// takes less than the hash of one.
    pub(crate) fn has_key_in(&self, headers: &HeaderMap) -> bool {
        if headers.keys_len() > USUAL_NAMES {
            return headers.contains_key(&self.key_header);
        }
        headers.keys().any(|name| name == self.key_header)
    }

    /// Whether the provider takes this key.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::TooLong`].
    pub fn check(&self, key: &IdempotencyKey) -> Result<(), InvalidKey> {
        let (length, most) = (key.len(), self.max_key_length);
        if length > most {
            return Err(InvalidKey::TooLong { length, most });
        }
        Ok(())
    }

    /// What the headers of a response say about a repeat, as far as this provider's hints go. The
    /// word that forbids more counts.
    #[must_use]
    pub fn hint_in(&self, headers: &HeaderMap) -> Option<Hint> {
        self.hints
            .iter()
            .filter(|hint| hint.is_in(headers))
            .map(|hint| hint.means)
            .max()
    }
}

/// Methods that are given keys: those that may do something twice.
pub(crate) fn takes_keys(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PATCH)
}

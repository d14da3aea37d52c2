//! The ready-made profiles, each value from the provider's own documentation.

use std::time::Duration;

use http::{HeaderName, header};

use super::{Conflict, Hint, HintHeader, Provider};
use crate::policy::idempotency::{KeyForm, MAX_LENGTH};

const DAY: Duration = Duration::from_secs(24 * 3_600);

impl Provider {
    /// A provider that honours `Idempotency-Key` on POST and PATCH, as most gateways do.
    ///
    /// | field | value | why |
    /// |---|---|---|
    /// | form | raw | few gateways want the quotes of the IETF draft |
    /// | longest key | 255 | what most allow; a UUID has 36 |
    /// | key life | 24 h | the shortest that a large gateway documents |
    /// | 409 | in progress | the usual answer while the first attempt is still running |
    /// | bare 503 | not vouched for | proxies send it after forwarding |
    /// | hints, rate | none | they belong to a provider's own profile |
    ///
    /// Name it only if your provider's documentation says that keys are honoured: it is what allows
    /// a POST whose outcome is unknown to be sent again.
    #[must_use]
    pub fn generic() -> Self {
        Self {
            name: "generic".into(),
            honours_keys: true,
            key_header: HeaderName::from_static("idempotency-key"),
            key_form: KeyForm::Raw,
            max_key_length: MAX_LENGTH,
            key_life: DAY,
            conflict: Conflict::InProgress,
            vouches_for_503: false,
            hints: Vec::new(),
            credential_header: header::AUTHORIZATION,
            account_header: None,
            rate_per_second: None,
        }
    }

    /// Stripe: <https://docs.stripe.com/api/idempotent_requests> and
    /// <https://docs.stripe.com/rate-limits>.
    ///
    /// | field | value | why |
    /// |---|---|---|
    /// | longest key | 255 | documented |
    /// | key life | 24 h | keys may be removed once they are at least that old |
    /// | 409 | in progress | a conflict with a request that holds the same key |
    /// | `Stripe-Should-Retry` | `true`: repeat; `false`: do not | Stripe knows better than the status does |
    /// | `Idempotent-Replayed: true` | final | a stored answer, a 500 too, never changes |
    /// | rate scope | the credential and `Stripe-Account` | a connected account has a limit of its own |
    /// | rate | 100 calls a second | in live mode; a sandbox has 25 |
    #[must_use]
    pub fn stripe() -> Self {
        Self {
            name: "stripe".into(),
            hints: vec![
                HintHeader::new("stripe-should-retry", "true", Hint::Repeat),
                HintHeader::new("stripe-should-retry", "false", Hint::DoNotRepeat),
                HintHeader::new("idempotent-replayed", "true", Hint::Replayed),
            ],
            account_header: Some(HeaderName::from_static("stripe-account")),
            rate_per_second: Some(100.0),
            ..Self::generic()
        }
    }

    /// Adyen: <https://docs.adyen.com/development-resources/api-idempotency>.
    ///
    /// | field | value | why |
    /// |---|---|---|
    /// | longest key | 64 | documented |
    /// | key life | 7 days | older pages promise 7 days, newer ones 31: the shorter cannot charge twice |
    /// | `transient-error` | `true`: repeat; `false`: do not | `true` also comes with the 422 of two requests that raced with one key |
    /// | credential | `X-API-Key` | not `Authorization` |
    #[must_use]
    pub fn adyen() -> Self {
        Self {
            name: "adyen".into(),
            max_key_length: 64,
            key_life: 7 * DAY,
            hints: vec![
                HintHeader::new("transient-error", "true", Hint::InProgress),
                HintHeader::new("transient-error", "false", Hint::DoNotRepeat),
            ],
            credential_header: HeaderName::from_static("x-api-key"),
            ..Self::generic()
        }
    }

    /// A provider that follows draft-ietf-httpapi-idempotency-key-header to the letter: the key is
    /// a structured-field string, in quotes. The draft leaves the key's life to the provider: 24 h
    /// until you know better.
    #[must_use]
    pub fn ietf() -> Self {
        Self {
            name: "ietf".into(),
            key_form: KeyForm::StructuredField,
            ..Self::generic()
        }
    }

    /// A provider that promises nothing. Keys are still sent, as they help whoever reads the logs,
    /// but no POST is repeated on their strength.
    #[must_use]
    pub fn none() -> Self {
        Self {
            name: "none".into(),
            honours_keys: false,
            ..Self::generic()
        }
    }
}

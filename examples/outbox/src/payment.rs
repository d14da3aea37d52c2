//! A payment, as it is stored.

use std::time::SystemTime;

use seawall::IdempotencyKey;
use serde::Serialize;

/// One attempt of a customer to pay one order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Payment {
    pub(crate) id: i64,
    pub(crate) charge: Charge,
    pub(crate) state: State,
    /// When the first call began that may have reached the gateway; `None` while nothing can have
    /// been charged. The life of the key is counted from here.
    pub(crate) first_sent_at: Option<SystemTime>,
    /// When the worker takes it up again; `None` once it is settled.
    pub(crate) retry_at: Option<SystemTime>,
    /// Somebody is calling the gateway about it, unless `retry_at` has passed: then they are dead.
    pub(crate) claimed: bool,
    /// How often it was claimed. It tells one claim from the next.
    pub(crate) claims: i64,
    /// How the last call ended, for support.
    pub(crate) code: Option<String>,
}

/// What is asked of the gateway. Nothing of it ever changes: the same key always travels with the
/// same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Charge {
    /// The order and the number of the attempt. A new amount or a new card is a new attempt.
    pub(crate) business_id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) key: String,
    /// The request's body as it is sent, each time. Made anew by a later release, it might differ.
    pub(crate) body: Vec<u8>,
}

impl Charge {
    pub(crate) fn new(order: &str, attempt: u32, amount: i64, currency: &str) -> Self {
        let business_id = format!("{order}/{attempt}");
        let body = serde_json::json!({
            "reference": business_id, "amount": amount, "currency": currency,
        });
        Self {
            key: IdempotencyKey::for_operation("checkout", "charge", &business_id).to_string(),
            body: body.to_string().into_bytes(),
            amount,
            currency: currency.to_owned(),
            business_id,
        }
    }
}

/// What is known of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// Nothing was charged yet. It will be tried at `retry_at`.
    Pending,
    /// It may have been charged. The gateway will be called again at `retry_at`.
    Unknown,
    /// Charged, once. Final.
    Paid,
    /// Refused for good, nothing charged. Final.
    Declined,
    /// It may have been charged, and no call can tell any more: a person has to look. Final.
    Review,
}

impl State {
    pub(crate) const ALL: [Self; 5] = [
        Self::Pending,
        Self::Unknown,
        Self::Paid,
        Self::Declined,
        Self::Review,
    ];

    /// The name, as it is stored and answered.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Unknown => "unknown",
            Self::Paid => "paid",
            Self::Declined => "declined",
            Self::Review => "review",
        }
    }
}

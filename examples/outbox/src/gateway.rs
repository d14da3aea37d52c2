//! The gateway, as this service calls it: through seawall, and with nothing but facts in return.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use seawall::policy::Delivery;
use seawall::{Client, Error, IdempotencyKey, Policy, Priority};
use serde::Deserialize;

use crate::payment::Charge;
use crate::settle::{End, Word};

/// The client, and where the payments are.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    client: Client,
    payments: String,
}

/// The part of the gateway's answers that counts.
#[derive(Deserialize)]
struct Answer {
    status: String,
}

impl Gateway {
    pub(crate) fn new(url: &str, policy: Policy) -> Result<Self, Error> {
        Ok(Self {
            client: Client::builder(policy).build()?,
            payments: format!("{}/payments", url.trim_end_matches('/')),
        })
    }

    /// The longest that one call can take, answer included.
    pub(crate) fn longest_call(&self) -> Duration {
        self.client.policy().deadline()
    }

    /// How long the provider knows a key again.
    pub(crate) fn key_life(&self) -> Duration {
        self.client.policy().provider().key_life
    }

    /// Sends a charge: the same key and the same bytes, each time. `first_sent_at`: when it was, if
    /// an earlier call may have charged it. Seawall holds that against the life of the key, and then
    /// believes no refusal that nothing was done.
    pub(crate) async fn send(
        &self,
        charge: &Charge,
        first_sent_at: Option<SystemTime>,
        priority: Priority,
    ) -> (End, String) {
        let key = match IdempotencyKey::parse(&charge.key) {
            Ok(key) => key,
            Err(error) => return (never_sent(), error.to_string()),
        };
        let request = self.client.post(&self.payments).idempotency_key(&key);
        let request = match first_sent_at {
            Some(at) => request.first_sent_at(at),
            None => request,
        };
        let request = request.header("content-type", "application/json");
        let request = request.priority(priority).body(charge.body.clone());
        end(request.collect().await)
    }

    /// Asks what became of a key.
    pub(crate) async fn ask(&self, charge: &Charge, priority: Priority) -> (End, String) {
        let url = format!("{}/{}", self.payments, charge.key);
        end(self.client.get(url).priority(priority).collect().await)
    }
}

/// How the call ended, and a code for it.
fn end(result: Result<seawall::Answer, Error>) -> (End, String) {
    let answer = match result {
        Ok(answer) => answer,
        Err(error) => {
            let end = End {
                status: None,
                word: Word::Silent,
                delivery: error.delivery(),
                retry_at: error.retry_at(),
            };
            return (end, error.code().to_owned());
        }
    };
    let status = answer.status();
    // Of a refusal the body may have broken off; below 400 it is whole.
    let body = answer.bytes().unwrap_or_default();
    let end = End {
        status: Some(status),
        word: word(status, &body),
        delivery: answer.report().delivery(),
        retry_at: answer.report().retry_at(),
    };
    (end, status.as_u16().to_string())
}

/// What the answer says of the payment. A body that is cut off, or is somebody else's, says nothing.
fn word(status: StatusCode, body: &[u8]) -> Word {
    let answer = serde_json::from_slice(body).unwrap_or(Answer {
        status: String::new(),
    });
    match (status, answer.status.as_str()) {
        (StatusCode::NOT_FOUND, "unknown") => Word::NoSuchKey,
        (status, "paid") if status.is_success() => Word::Paid,
        (status, "declined") if status.is_success() => Word::Declined,
        _ => Word::Silent,
    }
}

fn never_sent() -> End {
    End {
        status: None,
        word: Word::Silent,
        delivery: Delivery::NotSent,
        retry_at: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paid_is_what_a_success_says_in_its_body() {
        let paid = br#"{"id":"ch_1","status":"paid"}"#;
        assert_eq!(word(StatusCode::OK, paid), Word::Paid);
        assert_eq!(word(StatusCode::CREATED, paid), Word::Paid);
        assert_eq!(word(StatusCode::BAD_GATEWAY, paid), Word::Silent);
        assert_eq!(word(StatusCode::OK, &paid[..20]), Word::Silent, "cut off");
        assert_eq!(word(StatusCode::OK, b"<html>"), Word::Silent);
        let processing = br#"{"status":"processing"}"#;
        assert_eq!(word(StatusCode::OK, processing), Word::Silent);
        let declined = br#"{"status":"declined"}"#;
        assert_eq!(word(StatusCode::OK, declined), Word::Declined);
    }

    #[test]
    fn a_404_is_the_gateways_only_if_its_body_says_so() {
        let unknown = br#"{"status":"unknown"}"#;
        assert_eq!(word(StatusCode::NOT_FOUND, unknown), Word::NoSuchKey);
        assert_eq!(word(StatusCode::NOT_FOUND, b"not found"), Word::Silent);
        assert_eq!(word(StatusCode::OK, unknown), Word::Silent);
    }
}

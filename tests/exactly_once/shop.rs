//! The shop: it sells, and notes what it was told of each payment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use seawall::testing::Gateway;
use seawall::{
    Backoff, Client, Delivery, Error, IdempotencyKey, Jitter, Policy, PolicyBuilder, Provider,
    Response, Rule,
};
use tokio::task::JoinSet;

use crate::Protocol;
use crate::storm::Storm;

const AT_A_TIME: usize = 32;

/// What protects a payment from being charged twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// Keys that the provider honours.
    Keys,
    /// No keys; what may have been done is not sent again.
    NoRepeats,
    /// No keys, and it is sent again.
    Careless,
}

/// Whether circuit and gate keep payments out of a storm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shelter {
    In,
    Out,
}

/// What the shop was told of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Paid,
    NotSent,
    Rejected,
    Unknown,
}

/// A payment, and what was told of it.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub(crate) reference: String,
    pub(crate) told: Told,
    /// Its own client kept it from being sent, or sent again.
    pub(crate) refused_here: bool,
    /// In the words of the client, for whoever looks into a false report.
    #[expect(dead_code, reason = "read in the message of a failed assertion")]
    words: String,
}

#[derive(Clone)]
pub(crate) struct Shop {
    url: Arc<str>,
    care: Care,
    shelter: Shelter,
    clients: Arc<[Client]>,
}

impl Shop {
    pub(crate) fn new(
        protocol: Protocol,
        care: Care,
        shelter: Shelter,
        gateway: &Gateway,
        seed: u64,
    ) -> Self {
        let client = |seed| {
            let client = Client::builder(policy(care, shelter)).seed(seed);
            let client = match protocol {
                Protocol::Http1 => client,
                Protocol::Http2 => client.http2_prior_knowledge(),
            };
            client.build().expect("a valid client")
        };
        // On HTTP/2 each has one connection; a fault that breaks it takes all its payments along.
        let clients = match protocol {
            Protocol::Http1 => 1,
            Protocol::Http2 => 8,
        };
        Self {
            url: format!("{}/payments", gateway.url()).into(),
            care,
            shelter,
            clients: (seed..).take(clients).map(client).collect(),
        }
    }

    /// Sends so many payments, 32 at a time.
    pub(crate) async fn sell(&self, payments: usize, storm: &Storm) -> Vec<Payment> {
        let next = Arc::new(AtomicUsize::new(0));
        let mut tills = JoinSet::new();
        for till in 0..AT_A_TIME {
            let (shop, storm, next) = (self.clone(), storm.clone(), next.clone());
            tills.spawn(async move {
                let mut told = Vec::new();
                loop {
                    let number = next.fetch_add(1, Relaxed);
                    if number >= payments {
                        return told;
                    }
                    storm.turn(number);
                    told.push(shop.sell_one(till, format!("p-{number}")).await);
                }
            });
        }
        tills.join_all().await.concat()
    }

    async fn sell_one(&self, till: usize, reference: String) -> Payment {
        let payment = self.pay(till, reference).await;
        if self.shelter == Shelter::In && payment.told != Told::Paid {
            breath().await;
        }
        payment
    }

    /// Sends a payment in doubt again, by its key, as long as it takes within reason.
    pub(crate) async fn settle(&self, doubt: &Payment) -> Payment {
        let mut payment = doubt.clone();
        for _ in 0..100 {
            if payment.told == Told::Paid {
                break;
            }
            payment = self.pay(0, payment.reference).await;
        }
        payment
    }

    async fn pay(&self, till: usize, reference: String) -> Payment {
        let client = &self.clients[till % self.clients.len()];
        let mut request = client
            .post(&self.url)
            .body(format!(r#"{{"reference":"{reference}","amount":100}}"#));
        if self.care == Care::Keys {
            let key = IdempotencyKey::for_operation("shop", "charge", &reference);
            request = request.idempotency_key(&key);
        }
        let result = request.send().await;
        let error = result.as_ref().err();
        let refused_here = error.is_some_and(|error| error.refusal().is_some());
        let (told, words) = told(result).await;
        Payment {
            reference,
            told,
            refused_here,
            words,
        }
    }
}

/// Paid is only what was answered so, in whole.
async fn told(result: Result<Response, Error>) -> (Told, String) {
    let response = match result {
        Ok(response) => response,
        Err(error) => return (of(error.delivery()), format!("{error:?}")),
    };
    let (words, delivery) = (format!("{response:?}"), response.report().delivery());
    if !response.status().is_success() {
        return (of(delivery), words);
    }
    match response.bytes().await {
        Ok(body) => {
            assert!(body.starts_with(br#"{"id":"ch_"#), "{body:?}, {words}");
            (Told::Paid, words)
        }
        Err(error) => (Told::Unknown, format!("{error:?}")),
    }
}

fn of(delivery: Delivery) -> Told {
    match delivery {
        Delivery::NotSent => Told::NotSent,
        Delivery::Rejected => Told::Rejected,
        Delivery::Unknown => Told::Unknown,
        other => unreachable!("neither a success nor a failure: {other}"),
    }
}

/// The preset for payments, in a hurry.
fn policy(care: Care, shelter: Shelter) -> Policy {
    let (hurry, control) = (
        "a test on loopback",
        "it would keep payments out of the storm",
    );
    let builder = match care {
        Care::Keys => Policy::external_payments(Provider::generic()).to_builder(),
        Care::NoRepeats => without_keys(),
        Care::Careless => without_keys()
            .repeat_unkeyed(true)
            .allow(Rule::UnkeyedRepeat, "the control of the proof"),
    };
    let millis = Duration::from_millis;
    let backoff = Backoff::new(millis(2), 2.0, millis(50), Jitter::Proportional(0.3));
    let builder = builder
        .backoff(backoff.expect("a valid backoff"))
        .attempt_timeout(millis(300))
        .deadline(millis(2_000))
        .budget(0.5, 10)
        .break_duration(millis(50), millis(400))
        .ramp(millis(500))
        .allow(Rule::BackoffBase, hurry);
    let builder = match shelter {
        Shelter::In => builder,
        Shelter::Out => builder
            .without_circuit()
            .honour_retry_after(false)
            .allow(Rule::Circuit, control)
            .allow(Rule::RetryAfter, control),
    };
    builder.build().expect("every broken rule is allowed")
}

/// So that a till whose payments are refused at once does not hurry through all of them.
#[expect(clippy::disallowed_methods, reason = "it stands for a customer")]
async fn breath() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

fn without_keys() -> PolicyBuilder {
    let policy = Policy::external_payments(Provider::none());
    policy.to_builder().inject_keys(false)
}

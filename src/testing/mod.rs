//! A fake payment gateway on a real socket, for load and failure tests before production.
//!
//! [`Gateway`] takes payments, keeps a ledger, and fails on command: it goes into maintenance, limits
//! its rate, resets connections, loses the answers of payments that it took. Your code calls it as it
//! would call the real one; the ledger then says what was charged.
//!
#![cfg_attr(feature = "client", doc = "```")]
#![cfg_attr(not(feature = "client"), doc = "```text")]
//! use seawall::testing::{Fault, Gateway};
//! use seawall::{Client, IdempotencyKey, Policy, Provider};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let gateway = Gateway::start().await?;
//! // The payment is taken, and the answer is lost.
//! gateway.next(Fault::CommitThenDrop);
//!
//! let client = Client::builder(Policy::external_payments(Provider::generic())).build()?;
//! let key = IdempotencyKey::for_operation("shop", "charge", "order-17/attempt-1");
//! let payment = client.post(&format!("{}/payments", gateway.url()));
//! let response = payment.idempotency_key(&key).body("{}").send().await?;
//!
//! // It was sent again with its key, and charged once.
//! assert_eq!(response.status(), 200);
//! assert_eq!(response.report().attempts(), 2);
//! assert_eq!(gateway.charges_for(key.as_str()), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # What it answers
//!
//! It speaks HTTP/1.1, and HTTP/2 with prior knowledge, on the same port.
//!
//! | request | answer |
//! |---|---|
//! | `POST` to any path | 200 and `{"id":"ch_1","status":"paid","key":"…"}`, and a [`Charge`] in the ledger |
//! | … without a key | the same, each time: whoever sends it twice is charged twice |
//! | … with a key it knows | the same answer with `Idempotent-Replayed: true`, and no charge |
//! | … with a key of another path or body | 422 |
//! | … with a key whose payment is still being carried out | 409 |
//! | `GET /payments/{key}` | 200 with that answer, 409 as above, or 404 `{"status":"unknown"}` |
//! | any other method | 405 |
//!
//! Only a payment that was taken is remembered: what was refused or failed before that can be sent
//! again with its key. Bodies are kept in memory as long as the gateway lives.
//!
//! # What it can be told
//!
//! For all requests: [`latency`](Gateway::latency), [`maintenance`](Gateway::maintenance),
//! [`rate_limit`](Gateway::rate_limit), [`queue_limit`](Gateway::queue_limit),
//! [`refuse`](Gateway::refuse). For one request: a [`Fault`], [next](Gateway::next) or
//! [by chance](Gateway::fault). [`calm`](Gateway::calm) undoes it all.
//!
//! A request meets at most one of them, which is settled when its first byte arrives: maintenance
//! before the queue limit, that before the rate limit, and a fault only if none of them turned it
//! away. Chance comes from a [seed](GatewayBuilder::seed).

mod act;
mod answer;
mod builder;
mod connection;
mod counts;
mod door;
mod fault;
mod gateway;
mod ledger;
mod shared;
mod weather;

pub use self::builder::GatewayBuilder;
pub use self::counts::Counts;
pub use self::fault::Fault;
pub use self::gateway::Gateway;
pub use self::ledger::Charge;

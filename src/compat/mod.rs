//! A drop-in for HTTP wrappers in the manner of `http-client-go`: their settings, their methods, on a
//! policy that storms nobody.
//!
//! In November 2025 fourteen services called a payment gateway through one such wrapper, with the
//! settings that [`Config::default`] has. Here the same settings make a safe [`Policy`](crate::Policy):
//! [`HttpClient::new`] takes them, logs a WARN for each that means something else than it did, with the
//! reason, and refuses what cannot be made safe. Two rules say which is which:
//!
//! - What nobody asked for is mended: a wrapper's own default, such as no delay and no jitter.
//! - What somebody asked for and is not safe is refused, all of it at once, unless it is
//!   [allowed](Config::allow) with a rationale.
//!
//! | field | what it means here | a WARN | refused |
//! |---|---|---|---|
//! | `base_url` | the same; default headers go to its origin only | no | if it is none, or plain HTTP beyond loopback on an external target (`plain-http`) |
//! | `headers` | the same | no | a credential without a `base_url`; an idempotency key; framing |
//! | `user_agent` | the same | no | if it is no header value |
//! | `max_retries` | one attempt more than retries, within the preset's budget | above 0 | more than 4 on an external target (`max-attempts`); the last two of a `u32` |
//! | `retry_delay` | the base of the backoff; the preset's if it is zero, or below 100 ms on an external target | when raised | over 30 days; kept as it is with `backoff-base` |
//! | `retry_max_delay` | the cap of the backoff; the preset's if it is `None` | when below the base, or `None` and delays would double past it | over 30 days |
//! | `backoff` | delays double | for `Fixed` and `Linear` | no |
//! | `jitter` | that of the preset | for `false` | no; left out with `jitter` |
//! | `timeout` | each attempt's or the whole call's; there is always one of both | yes | from 30 days |
//! | `retry_on_status` | nothing: what may be repeated is in [`classify`](crate::policy::classify) | if there are any, or retries | those that are never repeated, such as 400 |
//! | `retry_non_idempotent` | with a key that the provider honours, yes; else, and for `Some(false)`, only one that never arrived | if there are retries | `Some(true)` without such keys (`unkeyed-repeat`) |
//! | `ignore_retry_after` | it is obeyed, by every call of the process | for `None` | `Some(true)` (`retry-after`) |
//! | `follow_redirects` | never | for `None` | `Some(true)` |
//!
//! Everything else is the preset's, circuit and budget above all. A response body may have two MiB.
//!
//! ```
//! use std::time::Duration;
//! use seawall::Provider;
//! use seawall::compat::{Config, Target};
//!
//! let config = Config {
//!     max_retries: 3,
//!     retry_delay: Duration::from_millis(500),
//!     ..Config::default()
//! };
//! let mapped = config.map(&Target::Payments(Provider::generic()))?;
//! assert_eq!(mapped.policy.max_attempts(), 4);
//! for notice in &mapped.notices {
//!     println!("{notice}");
//! }
//! # Ok::<(), seawall::compat::ConfigError>(())
//! ```
//!
//! It is a first step: [`HttpClient::client`] is the real client underneath, and `MIGRATING.md` shows
//! field by field how to go on from there.

mod client;
mod config;
mod error;
mod mapping;
mod notice;
mod request;
mod response;

pub use self::client::HttpClient;
pub use self::config::{BackoffKind, Config, Target, TimeoutCovers};
pub use self::error::ConfigError;
pub use self::mapping::Mapped;
pub use self::notice::Notice;
pub use self::request::Request;
pub use self::response::Response;

#[cfg(test)]
mod tests;

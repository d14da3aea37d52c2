//! The layers over [reqwest], as a service and as a middleware.
//!
//! | you have | you write |
//! |---|---|
//! | a `reqwest::ClientBuilder` | [`ReqwestService::build`], and [`ResilienceLayer`](crate::ResilienceLayer) around it |
//! | a `reqwest::Client` that others have made | [`ReqwestService::ready_made`], and a warning in the log |
//! | code that calls [reqwest-middleware](reqwest_middleware) | [`ResilienceMiddleware::client`], or [`ResilienceMiddleware::new`] in a chain of its own |
//! | a request or a response of the other kind | [`http_request`], [`reqwest_request`], [`http_response`], [`reqwest_response`] |
//!
//! # What a reqwest client does by itself
//!
//! One with its defaults sends a request again after an HTTP/2 `REFUSED_STREAM` or GOAWAY, twice, at
//! once, a POST without a key too, past every budget and circuit. It follows redirects: a 301, 302 or 303
//! turns a POST into a GET, and the idempotency key goes along to whatever origin it is led to. What is
//! [built](ReqwestService::build) here does neither.
//!
//! Of a ready-made client nobody can know. So, for a method that may change something, no failure of it
//! proves that nothing was sent: it may be that of a second request. Such a failure is
//! [`Other`](crate::policy::Failure::Other), its delivery [unknown](crate::Delivery::Unknown), and without
//! a key that the provider honours the call is not made again. The same goes for an answer from another
//! URL than the one that was asked, unless it is a success. A redirect to the very same URL cannot be
//! told from an answer: where a 303 leads a POST back to its own URL, a 404 or 405 that comes from there
//! counts as one to the POST.
//!
//! # What is different from seawall's own client
//!
//! - An attempt that runs out of time is always unknown: only seawall's own transport can prove that
//!   nothing was written. So set a `connect_timeout`, which reqwest has none of by default: that one
//!   proves it. reqwest's own `timeout` counts as an attempt timeout.
//! - The single retry after a 421 may meet the same connection: reqwest opens no second one on demand.
//! - Idle connections are kept for 90 s. Gateways close them earlier; `pool_idle_timeout` of 20 s avoids
//!   most of the requests that come back unsent.
//! - A request is HTTP/1.1 or HTTP/2; HTTP/3 is refused.
//! - reqwest's default headers are added below the layers: an `Authorization` among them is not seen
//!   when a 429 is counted, and an `Idempotency-Key` among them would be one for all payments. Give
//!   credentials to [`CredentialsLayer`](crate::CredentialsLayer).
//! - Whoever reads a body that reqwest decompresses reads it in its decompressed length.

mod body;
mod chain;
mod convert;
mod future;
mod middleware;
mod plain;
mod sent;
mod service;
#[cfg(test)]
mod tests;

pub use self::convert::{http_request, http_response, reqwest_request, reqwest_response};
pub use self::future::ReqwestFuture;
pub use self::middleware::ResilienceMiddleware;
pub use self::service::ReqwestService;

//! Clients, all behind one question: was this payment paid? The library's own is here; its peers are
//! the comparison's.

mod seawall;

pub(crate) use seawall::{SeawallClient, SocketClient};

use crate::model::gateway::REFERENCE;
use ::seawall::policy::Delivery;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use std::time::Duration;

/// The client of one instance, as its application sees it.
pub(crate) trait Client: Send + Sync + 'static {
    /// Makes one call for a payment; the client may turn it into several attempts.
    fn pay(&self, call: Call) -> impl Future<Output = Answer> + Send;
}

/// One call of an application.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// The payment's id.
    pub(crate) payment: usize,
    /// What is left of the application's ten tries.
    pub(crate) tries_left: u32,
    /// Whether an outbox makes it, rather than a customer who waits.
    pub(crate) background: bool,
}

/// What an application learns from a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Answer {
    Paid,
    Failed {
        /// What counts against the application's ten: requests for the clients that know nothing
        /// else, calls for seawall.
        tries: u32,
        delivery: Delivery,
        /// From now, if calling again can help.
        retry_after: Option<Duration>,
    },
}

impl Answer {
    /// A failure of a client that cannot tell "refused" from "maybe charged": its application
    /// believes that the payment was not made.
    pub(crate) const fn unpaid(tries: u32) -> Self {
        Self::Failed {
            tries,
            delivery: Delivery::Rejected,
            retry_after: None,
        }
    }
}

/// What every request carries; the gateway reads only headers.
pub(crate) const BODY: Bytes = Bytes::from_static(b"{\"amount\":\"7.40\"}");

/// Where the in-process gateway would be, if it were anywhere.
pub(crate) fn in_process() -> Uri {
    Uri::from_static("https://gateway.test/payments")
}

/// The request for a payment, without an idempotency key.
pub(crate) fn payment_request(payment: usize, uri: &Uri) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(BODY));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri.clone();
    request
        .headers_mut()
        .insert(REFERENCE, HeaderValue::from(payment as u64));
    request
}

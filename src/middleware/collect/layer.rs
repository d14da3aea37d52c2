//! The layer.

use std::time::Duration;

use tower_layer::Layer;

use super::Collect;
use crate::response_body::Limits;

/// Reads the whole body of each response before it is passed on.
///
/// It belongs right above the transport, inside the attempt timeout, which then covers head and
/// body.
///
/// After a success (2xx), a body that breaks off, stalls or exceeds the limit is the
/// end of the attempt: a [`TransportError`](crate::TransportError) with
/// [`Failure::BrokenBody`](crate::policy::Failure::BrokenBody) or
/// [`Failure::OversizedBody`](crate::policy::Failure::OversizedBody). Of any other answer the head says what
/// matters, its Retry-After above all: the response is passed on with the part that came, and
/// [`Collected::error`](super::Collected::error) tells what happened to the rest.
///
/// ```
/// use std::time::Duration;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use seawall::middleware::collect::CollectLayer;
/// use seawall::{Policy, ResilienceLayer};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let gateway = service_fn(|_: Request<Full<Bytes>>| async {
///     Ok::<_, std::io::Error>(Response::new(Full::new(Bytes::from("paid"))))
/// });
/// // At most 64 KiB, and at most 5 s between two frames.
/// let collected = CollectLayer::new(64 * 1024, Duration::from_secs(5)).layer(gateway);
/// let service = ResilienceLayer::new(Policy::external()).layer(collected);
///
/// let request = Request::get("https://gateway.example/payments/17").body(Full::default())?;
/// let response = service.oneshot(request).await?;
/// assert_eq!(response.into_body().into_inner().into_bytes()?, "paid");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CollectLayer {
    limits: Limits,
}

impl CollectLayer {
    /// Bodies of at most `limit` bytes, whose frames are waited for at most `read_timeout` each.
    ///
    /// Neither has a default: a server that pours without end, or keeps an attempt for ever, is
    /// what both are for.
    #[must_use]
    pub const fn new(limit: usize, read_timeout: Duration) -> Self {
        Self {
            limits: Limits {
                size: limit,
                read_timeout,
            },
        }
    }

    #[cfg(feature = "client")]
    pub(crate) const fn within(limits: Limits) -> Self {
        Self { limits }
    }
}

impl<S> Layer<S> for CollectLayer {
    type Service = Collect<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Collect::new(inner, self.limits)
    }
}

//! The layer.

use tower_layer::Layer;

use super::Idempotency;
use crate::Upstreams;

/// Adds a generated key (`UUIDv4`) to POST and PATCH where the policy says so and the caller has set
/// none. A caller's own key is never replaced: it is set as an [`IdempotencyKey`] in the request's
/// extensions, and written as the provider wants it, or as the header itself.
///
/// A call is refused before anything is sent, with a
/// [`key_refusal`](crate::Error::key_refusal), when its key
///
/// - is none that the provider would know again: too long, not ASCII, two of them;
/// - is on a method that does nothing which must not happen twice, such as GET;
/// - was sent before with another method, URL or body, or to another origin;
/// - is older than the life that the provider promises it: the provider may have forgotten it, and
///   would do it again;
/// - is missing, while a [`FirstSentAt`] says that it was sent before.
///
/// What was sent before is known to all who share the [`Upstreams`]: at least the last 16,384 keys that
/// callers brought, or that were made here and may have been acted on. The body of a stream is
/// not compared. Of an earlier process only the caller knows, by [`FirstSentAt`].
///
/// While an earlier call with the same key may have been acted on, no later one is reported as not
/// sent or rejected: its delivery is unknown until it is answered.
///
/// [`IdempotencyKey`]: crate::IdempotencyKey
/// [`FirstSentAt`]: crate::FirstSentAt
///
/// ```
/// use seawall::{Policy, Provider, Upstreams};
/// use seawall::middleware::idempotency::IdempotencyLayer;
///
/// let policy = Policy::external_payments(Provider::generic());
/// let layer = IdempotencyLayer::new(Upstreams::new(policy));
/// ```
#[derive(Clone, Debug)]
pub struct IdempotencyLayer {
    upstreams: Upstreams,
}

impl IdempotencyLayer {
    /// Keys as the policy of these upstreams says.
    #[must_use]
    pub const fn new(upstreams: Upstreams) -> Self {
        Self { upstreams }
    }
}

impl<S> Layer<S> for IdempotencyLayer {
    type Service = Idempotency<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Idempotency::new(inner, self.upstreams.clone())
    }
}

//! The layer: the one order that works.

use std::sync::Arc;

use tower_layer::Layer;

use super::Resilience;
use super::route::Routes;
use crate::middleware::attempt_timeout::{AttemptTimeout, AttemptTimeoutLayer};
use crate::middleware::circuit::{CircuitBreaker, CircuitLayer};
use crate::middleware::credentials::{Authenticate, CredentialsLayer};
use crate::middleware::deadline::{CallDeadline, DeadlineLayer};
use crate::middleware::idempotency::{Idempotency, IdempotencyLayer};
use crate::middleware::require_https::{RequireHttps, RequireHttpsLayer};
use crate::middleware::retry::{Retry, RetryLayer};
use crate::middleware::spans::{AttemptSpan, AttemptSpanLayer, CallSpan, CallSpanLayer};
use crate::middleware::throttle::{Throttle, ThrottleLayer};
use crate::upstream::Remembers;
use crate::{Control, Policy, Upstreams};

/// All of the layers around a transport.
pub(super) type Whole<S> = CallSpan<RequireHttps<CallDeadline<Idempotency<Retry<Attempts<S>>>>>>;

/// The layers that each attempt goes through.
pub(super) type Attempts<S> =
    Throttle<CircuitBreaker<AttemptSpan<Authenticate<AttemptTimeout<S>>>>>;

/// The whole stack: what a [`Policy`] says, around any HTTP service.
///
/// A transport of your own may ask when the call must have ended, by
/// [`Deadline::of`](crate::Deadline::of), if the request's body is a [`Body`](crate::Body). With any other
/// body an attempt may go without it. The deadline holds all the same.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use seawall::{Policy, Provider, ResilienceLayer};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), seawall::Error> {
/// let gateway = service_fn(|_: Request<Full<Bytes>>| async {
///     Ok::<_, std::io::Error>(Response::new(Full::new(Bytes::from("paid"))))
/// });
/// let service = ResilienceLayer::new(Policy::external_payments(Provider::generic())).layer(gateway);
///
/// let request = Request::post("https://gateway.example/payments")
///     .body(Full::new(Bytes::from("{}")))
///     .expect("a valid request");
/// let response = service.oneshot(request).await?;
/// let report = seawall::Report::of(&response).expect("every response carries one");
/// assert_eq!(report.attempts(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ResilienceLayer(Arc<Shared>);

/// What all services of a layer share.
#[derive(Debug)]
struct Shared {
    stack: Stack,
    routes: Routes,
}

/// What the layers are made of.
#[derive(Clone, Debug)]
pub(super) struct Stack {
    pub(super) upstreams: Upstreams,
    pub(super) credentials: CredentialsLayer,
}

impl ResilienceLayer {
    /// The stack for one policy. All services made by this layer and its clones share their
    /// upstreams.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self::over(Upstreams::new(policy))
    }

    /// The stack over upstreams that others share.
    #[must_use]
    pub fn over(upstreams: Upstreams) -> Self {
        let credentials = CredentialsLayer::NONE;
        Self::of(Stack {
            upstreams,
            credentials,
        })
    }

    fn of(stack: Stack) -> Self {
        let upstreams = stack.upstreams.clone();
        let routes = Routes::default();
        let shared = Arc::new(Shared { stack, routes });
        let weak = Arc::downgrade(&shared);
        upstreams.are_remembered_by(weak);
        Self(shared)
    }

    /// The same stack, which gives each attempt its credential. Unless the layer
    /// says otherwise, a renewal may take as long as an attempt.
    #[must_use]
    pub fn with_credentials(self, credentials: CredentialsLayer) -> Self {
        let upstreams = self.stack().upstreams.clone();
        let timeout = upstreams.policy_now().attempt_timeout();
        Self::of(Stack {
            credentials: credentials.or_refresh_timeout(timeout),
            upstreams,
        })
    }

    /// The handle for whoever operates the upstreams.
    #[must_use]
    pub fn control(&self) -> Control {
        self.stack().upstreams.control()
    }

    /// The upstreams, for other layers to share.
    #[must_use]
    pub fn upstreams(&self) -> &Upstreams {
        &self.stack().upstreams
    }

    pub(super) fn routes(&self) -> &Routes {
        &self.0.routes
    }

    pub(super) fn stack(&self) -> &Stack {
        &self.0.stack
    }
}

impl Remembers for Shared {
    fn let_go(&self) {
        self.routes.let_go();
    }
}

impl Stack {
    /// All of the layers. Outermost last: each line wraps the ones before it.
    pub(super) fn whole<S>(&self, transport: S) -> Whole<S> {
        let upstreams = || self.upstreams.clone();
        let retried = RetryLayer::new(upstreams())
            .with_credentials(&self.credentials)
            .layer(self.attempts(transport));
        // Outside the retries, so that every attempt carries the same key.
        let keyed = IdempotencyLayer::new(upstreams()).layer(retried);
        // It bounds everything, the waits included.
        let bounded = DeadlineLayer::over(upstreams()).layer(keyed);
        // Before anything else: what must not be sent needs no deadline.
        let secured = RequireHttpsLayer::new(upstreams()).layer(bounded);
        // Around all of it, so that every refusal shows.
        CallSpanLayer::new().layer(secured)
    }

    /// The layers that each attempt goes through.
    pub(super) fn attempts<S>(&self, transport: S) -> Attempts<S> {
        let upstreams = || self.upstreams.clone();
        // Innermost, so that a timeout is a failure for the circuit.
        let timed = AttemptTimeoutLayer::over(upstreams()).layer(transport);
        // Outside it, so that a renewal takes nothing of the attempt's time.
        let authentic = self.credentials.layer(timed);
        // Inside the circuit: what is refused there is no attempt.
        let seen = AttemptSpanLayer::new().layer(authentic);
        // Inside the retries, so that it sees every attempt and can refuse each.
        let guarded = CircuitLayer::new(upstreams())
            .with_credentials(&self.credentials)
            .layer(seen);
        // Outside the circuit: a wait for its turn is no part of an attempt.
        ThrottleLayer::new(upstreams())
            .with_credentials(&self.credentials)
            .layer(guarded)
    }
}

impl<S> Layer<S> for ResilienceLayer {
    type Service = Resilience<S>;

    fn layer(&self, transport: S) -> Resilience<S> {
        self.stack().upstreams.guard();
        self.stack().credentials.sources().leave_alarm();
        Resilience::new(transport, self.clone())
    }
}

//! What follows an attempt that went express.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use tower_service::Service;

use super::express::Express;
use super::layer::Attempts;
use super::under_way::UnderWay;
use crate::body::{Replay, SendGate};
use crate::event::AttemptEnd;
use crate::middleware::circuit::{LateStatus, outcome};
use crate::middleware::deadline::CallDeadlineFuture;
use crate::middleware::extensions::{CredentialWait, Identity, hash};
use crate::middleware::idempotency::{IdempotencyFuture, KeyInUse};
use crate::middleware::retry::{Began, Resumed, RetryFuture, resume};
use crate::middleware::throttle::ThrottledBody;
use crate::middleware::verdict;
use crate::policy::{Delivery, Progress, StopReason};
use crate::upstream::Sending;
use crate::{BoxError, Error, Report, clock};

/// What follows it.
pub(super) enum Ended<R, G> {
    Returns(R),
    GoesOn(Pin<Box<G>>),
}

/// A call that goes on in the layers, where it would be by now.
pub(super) type GoesOn<S, B> = CallDeadlineFuture<IdempotencyFuture<RetryFuture<Attempts<S>, B>>>;

type Returned<C> = Result<Response<ThrottledBody<C>>, Error>;

impl<B: Replay> Express<B> {
    /// The attempt has ended so, and not in a plain success; `None`: its time was over.
    pub(super) fn ended<S, C>(
        self,
        result: Option<Result<Response<C>, S::Error>>,
        service: S,
    ) -> Ended<Returned<C>, GoesOn<S, B>>
    where
        S: Service<Request<B>, Response = Response<C>> + Clone,
        S::Error: Into<BoxError>,
    {
        match result {
            Some(Ok(response)) => self.answered(response, service),
            Some(Err(error)) => self.failed(Error::from_inner(error), service),
            None => {
                let error = self.timed_out();
                self.failed(error, service)
            }
        }
    }

    /// The attempt has ended in a plain success: nothing has to be decided.
    pub(super) fn succeeded<C>(
        &mut self,
        response: Response<C>,
        end: AttemptEnd,
    ) -> Response<ThrottledBody<C>> {
        let elapsed = self.under_way.succeeded(end);
        let UnderWay {
            route,
            since,
            method,
            ..
        } = &self.under_way;
        let policy = &route.policy;
        let key_expires = self.key.as_ref().and_then(|key| {
            // The same call that comes again with it is no new one.
            let key = hash(key);
            route.upstream.recognise(*since, key);
            let is_kept = policy.provider().honours_keys_on(method);
            is_kept.then(|| {
                let expires = clock::after(*since, route.made_key_life);
                let keys = route.stack.upstreams.sent_keys();
                keys.made_key_answered(&keys.describe(&self.sending(), key, expires, false));
                expires
            })
        });
        let report = Report {
            upstream: Arc::clone(&route.name),
            attempts: 1,
            elapsed,
            waited: Duration::ZERO,
            stop_reason: StopReason::Answered,
            delivery: Delivery::Done,
            guarantee: policy.guarantee_with(method, self.key.is_some()),
            idempotency_key: self.key.take(),
            key_expires,
            retry: None,
        };
        response.map(|body| ThrottledBody::reported(body, report))
    }

    fn sending(&self) -> Sending<'_, B> {
        Sending {
            method: &self.under_way.method,
            origin: self.under_way.route.origin,
            target: self.kept.target(),
            body: self.kept.body(),
        }
    }

    fn timed_out(&self) -> Error {
        let gate = self.gate.as_ref();
        let progress = gate.map_or(Progress::MaybeSent, SendGate::revoke);
        Error::transport(self.limit().failure(progress))
    }

    fn answered<S, C>(
        mut self,
        mut response: Response<C>,
        service: S,
    ) -> Ended<Returned<C>, GoesOn<S, B>>
    where
        S: Service<Request<B>, Response = Response<C>> + Clone,
        S::Error: Into<BoxError>,
    {
        if let Some(mut admitted) = self.under_way.hand_over() {
            let (_, status) = verdict::ended(&response);
            // Only a rate limit asks who has called.
            if status == StatusCode::TOO_MANY_REQUESTS {
                let route = &self.under_way.route;
                let sources = route.stack.credentials.sources();
                let provider = route.policy.provider();
                admitted.identity = Identity::of(&self.kept.head(), provider, sources);
            }
            outcome::answered(&mut admitted, &mut response);
        }
        self.go_on(Ok(response), service)
    }

    fn failed<S, C>(mut self, error: Error, service: S) -> Ended<Returned<C>, GoesOn<S, B>>
    where
        S: Service<Request<B>, Response = Response<C>> + Clone,
        S::Error: Into<BoxError>,
    {
        if let Some(mut admitted) = self.under_way.hand_over() {
            outcome::failed(&mut admitted, &error);
        }
        self.go_on(Err(error), service)
    }

    /// The retry layer concludes, and makes the attempts that are left.
    fn go_on<S, C>(
        self,
        result: Result<Response<C>, Error>,
        service: S,
    ) -> Ended<Returned<C>, GoesOn<S, B>>
    where
        S: Service<Request<B>, Response = Response<C>> + Clone,
        S::Error: Into<BoxError>,
    {
        let deadline = self.deadline();
        let UnderWay { since, route, .. } = &self.under_way;
        let (policy, stack) = (&route.policy, &route.stack);
        let key_in_use = self.key.as_ref().and_then(|key| {
            // The same call that comes again with it is no new one.
            route.upstream.recognise(*since, hash(key));
            KeyInUse::made(
                key.clone(),
                &stack.upstreams,
                policy,
                &self.sending(),
                *since,
            )
        });
        let began = Began {
            at: *since,
            policy: Arc::clone(policy),
            first: self.first,
            upstreams: stack.upstreams.clone(),
            upstream: Arc::clone(&route.upstream),
        };
        let payments = policy.is_for_payments();
        let sources = stack.credentials.sources();
        let attempts = || stack.attempts(service);
        match resume(self.kept, began, deadline, sources, result, attempts) {
            Resumed::Ended(result) => Ended::Returns(returned(key_in_use, result)),
            Resumed::Retries(retries) => {
                let keyed = IdempotencyFuture::sent(retries, key_in_use);
                let bounded = CallDeadlineFuture::new(keyed, deadline.instant(), payments);
                Ended::GoesOn(Box::pin(bounded))
            }
        }
    }
}

fn returned<C>(key: Option<KeyInUse>, result: Result<Response<C>, Error>) -> Returned<C> {
    let result = match key {
        Some(mut key) => key.ended_with(result),
        None => result,
    };
    result.map(|response| response.map(ThrottledBody::unlimited))
}

/// How an attempt has ended about whose response nothing has to be decided: a success, with nothing left
/// on it by a layer below, and not the end of another stack's call, which may know more.
pub(super) fn plain_success<C>(response: &Response<C>) -> Option<AttemptEnd> {
    let (end, status) = verdict::ended(response);
    let extensions = response.extensions();
    let says_more = !extensions.is_empty()
        && (extensions.get::<Report>().is_some()
            || extensions.get::<CredentialWait>().is_some()
            || extensions.get::<LateStatus>().is_some());
    (status.is_success() && !says_more).then_some(end)
}

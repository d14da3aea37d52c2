//! What follows a first attempt that went express.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use tower_service::Service;

use super::again::Again;
use super::express::Express;
use super::layer::Attempts;
use super::rest::Rest;
use super::under_way::UnderWay;
use crate::body::{Replay, SendGate};
use crate::event::AttemptEnd;
use crate::middleware::circuit::{Admitted, LateStatus, outcome};
use crate::middleware::deadline::CallDeadlineFuture;
use crate::middleware::extensions::{CredentialWait, Identity, KeyPast, hash};
use crate::middleware::idempotency::{IdempotencyFuture, KeyInUse};
use crate::middleware::retry::{Began, CallLog, Conclusion, Known};
use crate::middleware::throttle::ThrottledBody;
use crate::middleware::verdict;
use crate::policy::{Delivery, Guarantee, Progress, StopReason};
use crate::upstream::Sending;
use crate::{BoxError, Error, Report, clock};

/// What follows it.
pub(super) enum Ended<R, G> {
    Returns(R),
    GoesOn(Pin<Box<G>>),
}

/// The rest of a call that goes on, with what bounds it and remembers its key.
pub(super) type GoesOn<S, B> = CallDeadlineFuture<IdempotencyFuture<Again<S, B>>>;

type Returned<C> = Result<Response<ThrottledBody<C>>, Error>;

impl<B: Replay> Express<B> {
    /// The attempt has ended so, and not in a plain success; `None`: its time was over.
    pub(super) fn ended<S, C>(
        mut self,
        result: Option<Result<Response<C>, S::Error>>,
        service: S,
    ) -> Ended<Returned<C>, GoesOn<S, B>>
    where
        S: Service<Request<B>, Response = Response<C>> + Clone,
        S::Error: Into<BoxError>,
        Attempts<S>: Service<Request<B>>,
    {
        let mut result = match result {
            Some(result) => result.map_err(Error::from_inner),
            None => Err(self.timed_out()),
        };
        if let Some(admitted) = self.under_way.hand_over() {
            tell(admitted, &mut result, || self.identity());
        }
        let key_in_use = self.key_in_use();
        let (deadline, payments) = (self.deadline(), self.is_payment());
        let mut rest = self.rest(service);
        match rest.conclude(result) {
            Conclusion::Return(result) => Ended::Returns(returned(key_in_use, result)),
            Conclusion::Retry(at) => {
                let keyed = IdempotencyFuture::sent(Again::at(at, rest), key_in_use);
                let bounded = CallDeadlineFuture::new(keyed, deadline.instant(), payments);
                Ended::GoesOn(Box::pin(bounded))
            }
        }
    }

    /// The attempt has ended in a plain success: nothing has to be decided.
    pub(super) fn succeeded<C>(
        &mut self,
        response: Response<C>,
        end: AttemptEnd,
    ) -> Response<ThrottledBody<C>> {
        let elapsed = self.under_way.succeeded(&response, end);
        let UnderWay {
            route,
            since,
            method,
            ..
        } = &self.under_way;
        let policy = &route.policy;
        // Counted before a key is written down, far away: a count waits for all that was written.
        let upstream = Arc::clone(&route.name);
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
            upstream,
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

    fn identity(&self) -> Identity {
        self.under_way.route.identity_of(&self.kept.head())
    }

    fn is_payment(&self) -> bool {
        self.under_way.route.policy.is_for_payments()
    }

    /// What is remembered of its key.
    fn key_in_use(&self) -> Option<KeyInUse> {
        let (key, UnderWay { since, route, .. }) = (self.key.as_ref()?, &self.under_way);
        // The same call that comes again with it is no new one.
        route.upstream.recognise(*since, hash(key));
        KeyInUse::made(
            key.clone(),
            &route.stack.upstreams,
            &route.policy,
            &self.sending(),
            *since,
        )
    }

    /// The call, in which nothing was concluded so far.
    fn rest<S>(self, service: S) -> Rest<S, B> {
        let deadline = self.deadline();
        let UnderWay {
            since,
            route,
            method,
            ..
        } = &self.under_way;
        let guarantee = route.policy.guarantee_with(method, self.key.is_some());
        let known = Known {
            method: method.clone(),
            past: (guarantee == Guarantee::Keyed).then(|| KeyPast {
                expires: clock::after(*since, route.made_key_life),
                in_doubt: false,
            }),
            key: self.key,
            guarantee,
            deadline,
        };
        let began = Began {
            at: *since,
            policy: Arc::clone(&route.policy),
            first: self.first,
            upstreams: route.stack.upstreams.clone(),
            upstream: Arc::clone(&route.upstream),
        };
        Rest {
            service,
            kept: Some(self.kept),
            log: CallLog::with(known, began),
            route: Arc::clone(route),
            deadline,
        }
    }
}

/// Tells the circuit how an attempt has ended. Only a rate limit asks who has called.
pub(super) fn tell<C>(
    mut admitted: Admitted,
    result: &mut Result<Response<C>, Error>,
    identity: impl FnOnce() -> Identity,
) {
    match result {
        Ok(response) => {
            let (_, status) = verdict::ended(response);
            if status == StatusCode::TOO_MANY_REQUESTS {
                admitted.identity = identity();
            }
            outcome::answered(&mut admitted, response);
        }
        Err(error) => outcome::failed(&mut admitted, error),
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

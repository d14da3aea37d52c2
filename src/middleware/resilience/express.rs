//! A first attempt that no layer has anything to say about.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Method, Request, Response, StatusCode};
use tower_service::Service;

use super::ResilienceLayer;
use super::layer::Attempts;
use crate::body::{Replay, SendGate};
use crate::event::span;
use crate::middleware::Deadline;
use crate::middleware::attempt_timeout::Limit;
use crate::middleware::circuit::{Admitted, outcome};
use crate::middleware::deadline::CallDeadlineFuture;
use crate::middleware::extensions::{Identity, hash};
use crate::middleware::idempotency::{IdempotencyFuture, KeyInUse};
use crate::middleware::require_https::is_exposed;
use crate::middleware::retry::{Began, Kept, Resumed, RetryFuture, resume};
use crate::middleware::throttle::ThrottledBody;
use crate::policy::circuit::Call;
use crate::policy::idempotency::{Asked, Choice, IdempotencyKey, choose};
use crate::policy::{Delivery, Progress, StopReason};
use crate::{BoxError, Error, Policy, Report, clock};

/// What is known of a call while its first attempt goes express.
pub(super) struct Express<B> {
    layer: ResilienceLayer,
    began: Began,
    deadline: Deadline,
    kept: Kept<B>,
    key: Option<IdempotencyKey>,
    key_in_use: Option<KeyInUse>,
    admitted: Admitted,
    limit: Limit,
    /// Only a transport of this crate has one to take.
    gate: Option<SendGate>,
}

/// A call that goes on in the layers, where it would be by now.
pub(super) type GoesOn<S, B> = CallDeadlineFuture<IdempotencyFuture<RetryFuture<Attempts<S>, B>>>;

/// What follows the first attempt.
pub(super) enum Ended<R, G> {
    Returns(R),
    GoesOn(G),
}

impl<B> Express<B> {
    /// When the attempt must have ended.
    pub(super) const fn ends(&self) -> Instant {
        self.limit.at()
    }
}

impl<B: Replay> Express<B> {
    /// Makes the request ready to be sent. `None`, and nothing is changed: some layer has something to
    /// say about it.
    pub(super) fn prepare(layer: &ResilienceLayer, request: &mut Request<B>) -> Option<Self> {
        let upstreams = layer.upstreams();
        let policy = upstreams.policy();
        if span::attempts_are_seen() || upstreams.may_be_limited() || !is_plain(request, &policy) {
            return None;
        }
        if layer
            .credentials()
            .sources()
            .covering(request.uri())
            .is_some()
        {
            return None;
        }
        let body = request.body().replay()?;
        let key = generated(layer, &policy, request.method())?;
        let (now, upstream) = (clock::now(), upstreams.find(request));
        let permit = upstream.admit_untroubled(now, &Call::default())?;
        // From here on it is under way.
        let call = Call {
            key: key.as_ref().map(hash),
            ..Call::default()
        };
        let first = upstream.budget().deposit(now);
        upstream.arrive(now, &call);
        if let Some(key) = &key {
            let provider = policy.provider();
            let value = provider.key_form.write(key);
            request.headers_mut().insert(&provider.key_header, value);
        }
        let key_in_use = key
            .as_ref()
            .and_then(|key| KeyInUse::made(key, upstreams, &policy, request, now));
        let kept = Kept::with(body, request);
        let deadline = Deadline::at(clock::after(now, policy.deadline()));
        let limit = Limit::of(now, policy.attempt_timeout(), Some(deadline));
        let gate = layer.tells_its_transport().then(SendGate::new);
        if let Some(gate) = &gate {
            request.extensions_mut().insert(gate.clone());
            limit.pass_down(request);
        }
        let method = request.method().clone();
        let admitted = Admitted::untroubled(
            Arc::clone(&upstream),
            permit,
            now,
            method,
            layer.credentials().alarms_after(),
            policy.honours_retry_after(),
        );
        let began = Began {
            at: now,
            policy,
            first,
            upstreams: upstreams.clone(),
            upstream,
        };
        Some(Self {
            layer: layer.clone(),
            began,
            deadline,
            kept,
            key,
            key_in_use,
            admitted,
            limit,
            gate,
        })
    }

    /// The attempt has ended so; `None`: its time was over.
    pub(super) fn ended<S, C>(
        mut self,
        result: Option<Result<Response<C>, S::Error>>,
        service: S,
    ) -> Ended<Result<Response<ThrottledBody<C>>, Error>, GoesOn<S, B>>
    where
        S: Service<Request<B>, Response = Response<C>> + Clone,
        S::Error: Into<BoxError>,
    {
        let mut result = match result {
            Some(result) => result.map_err(Error::from_inner),
            None => Err(self.timed_out()),
        };
        match &mut result {
            Ok(response) => self.answered(response),
            Err(error) => outcome::failed(&mut self.admitted, error),
        }
        match result {
            Ok(response) if is_plain_success(&response) => {
                let result = Ok(self.reported(response));
                Ended::Returns(returned(self.key_in_use.as_mut(), result))
            }
            result => self.go_on(result, service),
        }
    }

    fn timed_out(&self) -> Error {
        let gate = self.gate.as_ref();
        let progress = gate.map_or(Progress::MaybeSent, SendGate::revoke);
        Error::transport(self.limit.failure(progress))
    }

    fn answered<C>(&mut self, response: &mut Response<C>) {
        // Only a rate limit asks who has called.
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            let sources = self.layer.credentials().sources();
            let head = self.kept.head();
            self.admitted.identity = Identity::of(&head, self.began.policy.provider(), sources);
        }
        outcome::answered(&mut self.admitted, response);
    }

    /// What the retry layer would say of a success.
    fn reported<C>(&self, mut response: Response<C>) -> Response<C> {
        let Began {
            at,
            policy,
            upstream,
            ..
        } = &self.began;
        let method = self.kept.method();
        response.extensions_mut().insert(Report {
            upstream: Arc::clone(upstream.name()),
            attempts: 1,
            elapsed: clock::now().saturating_duration_since(*at),
            waited: Duration::ZERO,
            stop_reason: StopReason::Answered,
            delivery: Delivery::Done,
            idempotency_key: self.key.clone(),
            guarantee: policy.guarantee_with(method, self.key.is_some()),
            key_expires: self.key_in_use.as_ref().map(KeyInUse::expires),
            retry: None,
        });
        response
    }
}

impl<B: Replay> Express<B> {
    fn go_on<S, C>(
        mut self,
        result: Result<Response<C>, Error>,
        service: S,
    ) -> Ended<Result<Response<ThrottledBody<C>>, Error>, GoesOn<S, B>>
    where
        S: Service<Request<B>, Response = Response<C>> + Clone,
        S::Error: Into<BoxError>,
    {
        let payments = self.began.policy.is_for_payments();
        let (layer, deadline) = (&self.layer, self.deadline);
        let sources = layer.credentials().sources();
        let attempts = || layer.attempts(service);
        match resume(self.kept, self.began, deadline, sources, result, attempts) {
            Resumed::Ended(result) => Ended::Returns(returned(self.key_in_use.as_mut(), result)),
            Resumed::Retries(retries) => Ended::GoesOn(CallDeadlineFuture::new(
                IdempotencyFuture::sent(retries, self.key_in_use),
                deadline.instant(),
                payments,
            )),
        }
    }
}

fn returned<C>(
    key: Option<&mut KeyInUse>,
    result: Result<Response<C>, Error>,
) -> Result<Response<ThrottledBody<C>>, Error> {
    let result = match key {
        Some(key) => key.ended_with(result),
        None => result,
    };
    result.map(|response| response.map(ThrottledBody::unlimited))
}

/// Whether nothing about the request asks for a layer: it may cross the network as it is, brings no key
/// and no wishes of the caller's, and is no tunnel.
fn is_plain<B>(request: &Request<B>, policy: &Policy) -> bool {
    let may_cross = !policy.requires_https() || !is_exposed(request.uri());
    may_cross
        && request.extensions().is_empty()
        && !request
            .headers()
            .contains_key(&policy.provider().key_header)
        && *request.method() != Method::CONNECT
}

/// The outer `None`: a layer would refuse it. The inner one: it needs no key.
fn generated(
    layer: &ResilienceLayer,
    policy: &Policy,
    method: &Method,
) -> Option<Option<IdempotencyKey>> {
    let asked = Asked {
        method,
        header: None,
        given: None,
        injects: policy.injects_key_into(method),
        sent_before: false,
    };
    match choose(&asked).ok()? {
        Choice::Generate => {
            let random = layer.upstreams().random();
            let key = IdempotencyKey::from_random_bytes(random.key_bytes());
            policy.provider().check(&key).ok()?;
            Some(Some(key))
        }
        _ => Some(None),
    }
}

/// Whether nothing has to be decided about the response: a success, and not the end of another stack's
/// call, which may know more.
fn is_plain_success<C>(response: &Response<C>) -> bool {
    response.status().is_success() && Report::of(response).is_none()
}

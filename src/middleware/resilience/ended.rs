//! What follows an attempt that went express.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use tower_service::Service;

use super::express::Express;
use super::layer::Attempts;
use crate::body::{Replay, SendGate};
use crate::middleware::circuit::outcome;
use crate::middleware::deadline::CallDeadlineFuture;
use crate::middleware::extensions::Identity;
use crate::middleware::idempotency::{IdempotencyFuture, KeyInUse};
use crate::middleware::retry::{Began, Resumed, RetryFuture, resume};
use crate::middleware::throttle::ThrottledBody;
use crate::middleware::verdict;
use crate::policy::{Delivery, Progress, StopReason};
use crate::{BoxError, Error, Report, clock};

/// What follows it.
pub(super) enum Ended<R, G> {
    Returns(R),
    GoesOn(G),
}

/// A call that goes on in the layers, where it would be by now.
pub(super) type GoesOn<S, B> = CallDeadlineFuture<IdempotencyFuture<RetryFuture<Attempts<S>, B>>>;

type Returned<C> = Result<Response<ThrottledBody<C>>, Error>;

impl<B: Replay> Express<B> {
    /// The attempt has ended so; `None`: its time was over.
    pub(super) fn ended<S, C>(
        mut self,
        result: Option<Result<Response<C>, S::Error>>,
        service: S,
    ) -> Ended<Returned<C>, GoesOn<S, B>>
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
                let response = self.reported(response);
                Ended::Returns(returned(self.key_in_use, Ok(response)))
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
        let (_, status) = verdict::ended(response);
        // Only a rate limit asks who has called.
        if status == StatusCode::TOO_MANY_REQUESTS {
            let sources = self.layer.credentials().sources();
            let provider = self.began.policy.provider();
            self.admitted.identity = Identity::of(&self.kept.head(), provider, sources);
        }
        outcome::answered(&mut self.admitted, response);
    }

    /// What the retry layer says of a success.
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
        let payments = self.began.policy.is_for_payments();
        let (layer, deadline) = (&self.layer, self.deadline);
        let sources = layer.credentials().sources();
        let attempts = || layer.attempts(service);
        match resume(self.kept, self.began, deadline, sources, result, attempts) {
            Resumed::Ended(result) => Ended::Returns(returned(self.key_in_use, result)),
            Resumed::Retries(retries) => {
                let keyed = IdempotencyFuture::sent(retries, self.key_in_use);
                let bounded = CallDeadlineFuture::new(keyed, deadline.instant(), payments);
                Ended::GoesOn(bounded)
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

/// Whether nothing has to be decided about the response: a success, and not the end of another stack's
/// call, which may know more.
fn is_plain_success<C>(response: &Response<C>) -> bool {
    let (_, status) = verdict::ended(response);
    status.is_success() && Report::of(response).is_none()
}

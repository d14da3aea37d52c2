//! What is left of a call whose first attempt went express.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::{Request, Response};
use tower_service::Service;

use super::ended::tell;
use super::layer::Attempts;
use super::route::Route;
use crate::body::{Replay, SendGate};
use crate::event::span;
use crate::middleware::Deadline;
use crate::middleware::attempt_timeout::Limit;
use crate::middleware::circuit::Admitted;
use crate::middleware::extensions::Identity;
use crate::middleware::retry::{CallLog, Conclusion, Kept, RetryFuture, Spare};
use crate::middleware::timed::Timed;
use crate::policy::Progress;
use crate::policy::circuit::Permit;
use crate::{BoxError, Error, clock};

/// What is left of a call whose first attempt went express.
pub(super) struct Rest<S, B> {
    pub(super) service: S,
    /// What is sent next; `None` while the last attempt is under way.
    pub(super) kept: Option<Kept<B>>,
    pub(super) log: CallLog,
    pub(super) route: Arc<Route>,
    pub(super) deadline: Deadline,
}

/// A retry that is under way, and what is known of it.
type UnderWay<F> = (Timed<F>, Sent);

/// A retry that went straight to the transport.
pub(super) struct Sent {
    admitted: Admitted,
    limit: Limit,
    /// Only where a transport of this crate may take it.
    gate: Option<SendGate>,
}

impl<S, B> Rest<S, B>
where
    S: Service<Request<B>>,
    S::Error: Into<BoxError>,
    B: Replay,
{
    /// Sends it again. `None`: some layer has something to say about that. The circuit is asked last:
    /// from then on the attempt counts.
    pub(super) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<UnderWay<S::Future>>, Error>> {
        let (now, Route { stack, policy, .. }) = (clock::now(), &*self.route);
        let limit = Limit::of(now, policy.attempt_timeout(), Some(self.deadline));
        if span::attempts_are_seen() || stack.upstreams.may_be_limited() || limit.is_over(now) {
            return Poll::Ready(Ok(None));
        }
        // If it cannot be made ready, the call may come again when its credential may.
        self.identify_if_gated();
        ready!(self.log.poll_ready(&mut self.service, cx))?;
        let permit = self.route.upstream.admit_at_once(now);
        Poll::Ready(Ok(permit.map(|permit| self.send(now, permit, limit))))
    }

    fn send(&mut self, now: Instant, permit: Permit, limit: Limit) -> UnderWay<S::Future> {
        let admitted = self.admitted(now, permit);
        let (mut request, again) = kept(&mut self.kept).send(self.log.may_retry());
        if again.is_none() {
            // Nobody can read it in the head later on.
            let identity = self.route.identity_of(&request);
            self.log.identify(identity);
        }
        self.kept = again;
        self.log.resent(&mut request);
        let gate =
            B::TELLS_ITS_TRANSPORT.then(|| limit.pass_down(&mut request, Some(self.deadline)));
        admitted.tell_of_start();
        let attempt = Timed::new(self.service.call(request), limit.at());
        let sent = Sent {
            admitted,
            limit,
            gate,
        };
        (attempt, sent)
    }
}

impl<S, B: Replay> Rest<S, B> {
    /// That attempt has ended so, and its request with it; `None`: its time was over.
    pub(super) fn ended<C, E: Into<BoxError>>(
        &mut self,
        sent: Sent,
        result: Option<Result<Response<C>, E>>,
    ) -> Conclusion<C> {
        let mut result = match result {
            Some(result) => result.map_err(Error::from_inner),
            None => Err(sent.timed_out()),
        };
        tell(sent.admitted, &mut result, || self.identity());
        self.conclude(result)
    }

    /// Whether it is sent again, and when.
    pub(super) fn conclude<C>(&mut self, result: Result<Response<C>, Error>) -> Conclusion<C> {
        self.identify_if_gated();
        let may_retry = self.log.may_retry();
        let spare = match &mut self.kept {
            Some(kept) if may_retry => Spare::Kept(kept.body_mut()),
            None if may_retry => Spare::None,
            _ => Spare::NotNeeded,
        };
        self.log.conclude(result, spare)
    }

    /// The same call in the layers, which send it now.
    pub(super) fn in_the_layers(mut self) -> RetryFuture<Attempts<S>, B>
    where
        Attempts<S>: Service<Request<B>>,
    {
        self.identify();
        let mut told = Request::new(());
        told.extensions_mut().insert(self.deadline);
        self.log.pass_down(&mut told);
        let mut kept = kept(&mut self.kept);
        *kept.extensions_mut() = mem::take(told.extensions_mut());
        let attempts = self.route.stack.attempts(self.service);
        RetryFuture::again(attempts, kept, self.log)
    }

    fn admitted(&self, now: Instant, permit: Permit) -> Admitted {
        let Route {
            stack,
            policy,
            upstream,
            ..
        } = &*self.route;
        Admitted::under_way(
            (Arc::clone(upstream), permit),
            (now, self.log.next_number()),
            self.log.method().clone(),
            stack.credentials.alarms_after(),
            policy.honours_retry_after(),
        )
    }

    /// Who has made the call matters only while the gate of a credential is closed.
    fn identify_if_gated(&mut self) {
        if self.route.upstream.gates_keys() {
            self.identify();
        }
    }

    fn identify(&mut self) {
        let identity = self.identity();
        self.log.identify(identity);
    }

    fn identity(&self) -> Identity {
        match &self.kept {
            Some(kept) => self.route.identity_of(&kept.head()),
            None => self.log.identity(),
        }
    }
}

impl Sent {
    fn timed_out(&self) -> Error {
        let gate = self.gate.as_ref();
        let progress = gate.map_or(Progress::MaybeSent, SendGate::revoke);
        Error::transport(self.limit.failure(progress))
    }
}

fn kept<B>(kept: &mut Option<Kept<B>>) -> Kept<B> {
    kept.take()
        .expect("a retry is decided only for what can be replayed")
}

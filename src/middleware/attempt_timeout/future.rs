//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use http::{Request, Response};
use pin_project_lite::pin_project;

use crate::body::SendGate;
use crate::middleware::Deadline;
use crate::middleware::extensions::Attempt;
use crate::middleware::timed::Timed;
use crate::policy::{Failure, Progress};
use crate::{BoxError, Error, clock};

pin_project! {
    /// The future of an [`AttemptTimeout`](super::AttemptTimeout).
        pub struct AttemptTimeoutFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        Running {
            #[pin]
            attempt: Timed<F>,
            limit: Limit,
            gate: SendGate,
        },
        Ended { error: Option<Error> },
    }
}

/// When the attempt must have ended, and by whose rule.
#[derive(Clone, Copy, Debug)]
pub(in crate::middleware) struct Limit {
    at: Instant,
    is_deadline: bool,
}

impl Limit {
    pub(in crate::middleware) fn of(
        now: Instant,
        timeout: Duration,
        deadline: Option<Deadline>,
    ) -> Self {
        let at = clock::after(now, timeout);
        match deadline.map(Deadline::instant) {
            Some(deadline) if deadline <= at => Self {
                at: deadline,
                is_deadline: true,
            },
            _ => Self {
                at,
                is_deadline: false,
            },
        }
    }

    pub(in crate::middleware) const fn at(&self) -> Instant {
        self.at
    }

    pub(in crate::middleware) fn is_over(&self, now: Instant) -> bool {
        self.at <= now
    }

    /// Tells whoever sends it. Another attempt timeout around this one may be tighter.
    pub(in crate::middleware) fn pass_down<B>(
        &self,
        request: &mut Request<B>,
        deadline: Option<Deadline>,
    ) -> SendGate {
        let gate = SendGate::new();
        let extensions = request.extensions_mut();
        let around = extensions.get::<Attempt>();
        extensions.insert(Attempt {
            ends: around.map_or(self.at, |around| self.at.min(around.ends)),
            deadline,
            gate: gate.clone(),
        });
        gate
    }

    pub(in crate::middleware) fn failure(self, progress: Progress) -> Failure {
        if self.is_deadline {
            Failure::Deadline(progress)
        } else {
            Failure::AttemptTimeout(progress)
        }
    }
}

impl<F> AttemptTimeoutFuture<F> {
    pub(super) const fn new(attempt: F, limit: Limit, gate: SendGate) -> Self {
        let attempt = Timed::new(attempt, limit.at);
        Self {
            state: State::Running {
                attempt,
                limit,
                gate,
            },
        }
    }

    pub(super) const fn refused(error: Error) -> Self {
        Self {
            state: State::Ended { error: Some(error) },
        }
    }
}

impl<F, C, E> Future for AttemptTimeoutFuture<F>
where
    F: Future<Output = Result<Response<C>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<C>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        let (limit, gate) = match state.as_mut().project() {
            StateProj::Running {
                attempt,
                limit,
                gate,
            } => match ready!(attempt.poll(cx)) {
                Some(result) => return Poll::Ready(result.map_err(Error::from_inner)),
                None => (*limit, gate.clone()),
            },
            StateProj::Ended { error } => {
                let error = error.take();
                return Poll::Ready(Err(error.expect("a future is not polled once it was ready")));
            }
        };
        // The request ends here, and only then can the gate say how far it had come.
        state.set(State::Ended { error: None });
        Poll::Ready(Err(Error::transport(limit.failure(gate.revoke()))))
    }
}

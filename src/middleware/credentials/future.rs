//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::Credential;
use super::errand::{Errand, Follows, Renewed};
use super::renewal::Renewal;
use crate::body::Replay;
use crate::{BoxError, Error};

pin_project! {
    /// The future of an [`Authenticate`](super::Authenticate).
    pub struct AuthenticateFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S::Future, S::Response>,
        // `None`: the request is none of ours.
        errand: Option<Errand<S, B>>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, R> {
        Sending {
            #[pin]
            attempt: F,
        },
        // After this answer, or before anything was sent.
        Renewing {
            #[pin]
            renewal: Renewal,
            answer: Option<R>,
        },
        Readying { credential: Option<Credential> },
    }
}

impl<S, B> AuthenticateFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) const fn untouched(attempt: S::Future) -> Self {
        Self {
            state: State::Sending { attempt },
            errand: None,
        }
    }

    pub(super) const fn sent(attempt: S::Future, errand: Errand<S, B>) -> Self {
        Self {
            state: State::Sending { attempt },
            errand: Some(errand),
        }
    }

    pub(super) const fn waiting(renewal: Renewal, errand: Errand<S, B>) -> Self {
        Self {
            state: State::Renewing {
                renewal,
                answer: None,
            },
            errand: Some(errand),
        }
    }
}

impl<S, B, C> Future for AuthenticateFuture<S, B>
where
    S: Service<Request<B>, Response = Response<C>>,
    S::Error: Into<BoxError>,
    B: Replay,
{
    type Output = Result<Response<C>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProj::Sending { attempt } => {
                    let result = ready!(attempt.poll(cx)).map_err(Error::from_inner);
                    let Some(errand) = this.errand else {
                        return Poll::Ready(result);
                    };
                    match errand.concluded(result) {
                        Follows::Return(result) => return Poll::Ready(result),
                        Follows::Renew(answer) => State::Renewing {
                            renewal: errand.renewal(),
                            answer: Some(answer),
                        },
                    }
                }
                StateProj::Renewing { renewal, answer } => {
                    let other = ready!(renewal.poll(cx)).flatten();
                    let errand = ours(this.errand);
                    match errand.renewed(other, answer.take()) {
                        Renewed::Return(result) => return Poll::Ready(result),
                        Renewed::Send(credential) => State::Sending {
                            attempt: errand.send_held(credential),
                        },
                        Renewed::Replay(credential) => State::Readying {
                            credential: Some(credential),
                        },
                    }
                }
                StateProj::Readying { credential } => {
                    let errand = ours(this.errand);
                    if let Err(error) = ready!(errand.service().poll_ready(cx)) {
                        let error = errand.unready(Error::before_sending(error));
                        return Poll::Ready(Err(error));
                    }
                    let credential = credential.take();
                    let credential = credential.expect("a replay is made with another credential");
                    State::Sending {
                        attempt: errand.replay(credential),
                    }
                }
            };
            this.state.set(next);
        }
    }
}

/// Only what has a credential of ours is renewed.
fn ours<S, B>(errand: &mut Option<Errand<S, B>>) -> &mut Errand<S, B> {
    errand.as_mut().expect("a renewal is for an errand")
}

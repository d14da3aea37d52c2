//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use crate::policy::Delivery;
use crate::upstream::KeyUse;
use crate::{BoxError, Error, Report, Upstreams};

pin_project! {
    /// The future of an [`Idempotency`](super::Idempotency).
    pub struct IdempotencyFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        Sent { #[pin] inner: F, kept: Option<Kept> },
        Refused { error: Option<Error> },
    }
}

/// What is to be remembered of a key once its call has ended.
#[derive(Debug)]
pub(super) struct Kept {
    upstreams: Upstreams,
    key_use: KeyUse,
    is_new: bool,
}

impl Kept {
    /// A key that was made for this call.
    pub(super) const fn new_key(upstreams: Upstreams, key_use: KeyUse) -> Self {
        Self {
            upstreams,
            key_use,
            is_new: true,
        }
    }

    /// A key of the caller's own: it is remembered already.
    pub(super) const fn known_key(upstreams: Upstreams, key_use: KeyUse) -> Self {
        Self {
            upstreams,
            key_use,
            is_new: false,
        }
    }

    /// The call has ended; without a report, somebody has answered it.
    fn settle(&self, delivery: Delivery) {
        match delivery {
            Delivery::NotSent => self.upstreams.sent_keys().forget(self.key_use),
            // A key that was made for this call and has done its work is used by nobody again.
            Delivery::Done if self.is_new => {}
            _ => self.upstreams.sent_keys().keep(self.key_use),
        }
    }
}

impl<F> IdempotencyFuture<F> {
    pub(super) const fn sent(inner: F, kept: Option<Kept>) -> Self {
        Self {
            state: State::Sent { inner, kept },
        }
    }

    pub(super) const fn refused(error: Error) -> Self {
        Self {
            state: State::Refused { error: Some(error) },
        }
    }
}

impl<F, C, E> Future for IdempotencyFuture<F>
where
    F: Future<Output = Result<Response<C>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<C>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Sent { inner, kept } => {
                let result = ready!(inner.poll(cx)).map_err(Error::from_inner);
                if let Some(kept) = kept {
                    kept.settle(delivery_of(&result));
                }
                Poll::Ready(result)
            }
            StateProj::Refused { error } => Poll::Ready(Err(error
                .take()
                .expect("a future is not polled once it was ready"))),
        }
    }
}

fn delivery_of<C>(result: &Result<Response<C>, Error>) -> Delivery {
    match result {
        Ok(response) => Report::of(response).map_or(Delivery::Done, Report::delivery),
        Err(error) => error.delivery(),
    }
}

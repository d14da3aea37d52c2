//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use crate::middleware::refusable::Refusable;
use crate::policy::Delivery;
use crate::policy::idempotency::IdempotencyKey;
use crate::upstream::KeyUse;
use crate::{BoxError, Error, Report, Upstreams};

pin_project! {
    /// The future of an [`Idempotency`](super::Idempotency).
    pub struct IdempotencyFuture<F> {
        #[pin]
        call: Refusable<F>,
        kept: Option<Kept>,
    }
}

/// What is to be remembered of a key once its call has ended.
#[derive(Debug)]
pub(super) struct Kept {
    upstreams: Upstreams,
    key: IdempotencyKey,
    key_use: KeyUse,
    /// It was made for this call.
    is_new: bool,
    has_ended: bool,
}

impl Kept {
    pub(super) const fn new(
        upstreams: Upstreams,
        key: IdempotencyKey,
        key_use: KeyUse,
        is_new: bool,
    ) -> Self {
        Self {
            upstreams,
            key,
            key_use,
            is_new,
            has_ended: false,
        }
    }

    /// The call has ended so; `None`: it was dropped.
    fn end(&mut self, delivery: Option<Delivery>) {
        self.has_ended = true;
        // Of a key that was made for this call the caller learns at its end: an answer may still turn
        // into a doubt, when its body is lost on the way.
        let is_told = matches!(delivery, Some(Delivery::Unknown | Delivery::Done));
        if !self.is_new || is_told {
            self.upstreams.sent_keys().end(&self.key_use, delivery);
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if !self.has_ended {
            self.end(None);
        }
    }
}

impl<F> IdempotencyFuture<F> {
    pub(super) const fn sent(call: F, kept: Option<Kept>) -> Self {
        Self {
            call: Refusable::passed(call),
            kept,
        }
    }

    pub(super) const fn refused(error: Error) -> Self {
        Self {
            call: Refusable::refused(error),
            kept: None,
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
        let this = self.project();
        let result = ready!(this.call.poll(cx));
        let Some(kept) = this.kept else {
            return Poll::Ready(result);
        };
        kept.end(Some(delivery_of(&result)));
        Poll::Ready(result.map_err(|error| error.with_key(&kept.key)))
    }
}

fn delivery_of<C>(result: &Result<Response<C>, Error>) -> Delivery {
    match result {
        Ok(response) => Report::of(response).map_or(Delivery::Done, Report::delivery),
        Err(error) => error.delivery(),
    }
}

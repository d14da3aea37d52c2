//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::{Method, Response};
use pin_project_lite::pin_project;

use crate::body::Replay;
use crate::middleware::extensions::{hash, life_left};
use crate::middleware::refusable::Refusable;
use crate::policy::Delivery;
use crate::policy::idempotency::IdempotencyKey;
use crate::upstream::{KeyUse, Sending};
use crate::{BoxError, Error, Policy, Report, Upstreams, clock};

pin_project! {
    /// The future of an [`Idempotency`](super::Idempotency).
    pub struct IdempotencyFuture<F> {
        #[pin]
        call: Refusable<F>,
        kept: Option<KeyInUse>,
    }
}

/// What is to be remembered of a key once its call has ended.
#[derive(Debug)]
pub(in crate::middleware) struct KeyInUse {
    upstreams: Upstreams,
    key: IdempotencyKey,
    key_use: KeyUse,
    /// It was made for this call.
    is_new: bool,
    has_ended: bool,
}

impl KeyInUse {
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

    /// The use of a key that was made for this request now, if the provider makes anything of it.
    pub(in crate::middleware) fn made<B: Replay>(
        key: IdempotencyKey,
        upstreams: &Upstreams,
        policy: &Policy,
        sending: &Sending<'_, B>,
        now: Instant,
    ) -> Option<Self> {
        let expires = made_key_expires(policy, sending.method, now)?;
        let keys = upstreams.sent_keys();
        let key_use = keys.describe(sending, hash(&key), expires, false);
        Some(Self::new(upstreams.clone(), key, key_use, true))
    }

    /// Its call has ended so.
    pub(in crate::middleware) fn ended_with<C>(
        &mut self,
        result: Result<Response<C>, Error>,
    ) -> Result<Response<C>, Error> {
        self.end(Some(delivery_of(&result)));
        result.map_err(|error| error.with_key(&self.key))
    }

    /// The call has ended so; `None`: it was dropped.
    fn end(&mut self, delivery: Option<Delivery>) {
        self.has_ended = true;
        let keys = self.upstreams.sent_keys();
        // Of a key that was made for this call the caller learns at its end: an answer may still turn
        // into a doubt, when its body is lost on the way.
        match delivery {
            Some(Delivery::Done) if self.is_new => keys.made_key_answered(&self.key_use),
            Some(Delivery::Unknown) => keys.end(&self.key_use, delivery),
            _ if self.is_new => {}
            _ => keys.end(&self.key_use, delivery),
        }
    }
}

/// When the provider may have forgotten a key that was made then; `None`: it makes nothing of it.
fn made_key_expires(policy: &Policy, method: &Method, now: Instant) -> Option<Instant> {
    let provider = policy.provider();
    let is_kept = provider.honours_keys_on(method);
    is_kept.then(|| clock::after(now, life_left(None, policy)))
}

impl Drop for KeyInUse {
    fn drop(&mut self) {
        if !self.has_ended {
            self.end(None);
        }
    }
}

impl<F> IdempotencyFuture<F> {
    pub(in crate::middleware) const fn sent(call: F, kept: Option<KeyInUse>) -> Self {
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
        Poll::Ready(kept.ended_with(result))
    }
}

fn delivery_of<C>(result: &Result<Response<C>, Error>) -> Delivery {
    match result {
        Ok(response) => Report::in_extensions(response).map_or(Delivery::Done, Report::delivery),
        Err(error) => error.delivery(),
    }
}

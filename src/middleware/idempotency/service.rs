//! The service.

use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::IdempotencyFuture;
use super::future::KeyInUse;
use crate::body::Replay;
use crate::middleware::extensions::{FirstSentAt, KeyPast, hash, life_left};
use crate::policy::idempotency::{Asked, Choice, IdempotencyKey, KeyRefusal, choose};
use crate::upstream::Sending;
use crate::{BoxError, Error, Upstreams, clock};

/// The service of an [`IdempotencyLayer`](super::IdempotencyLayer).
#[derive(Clone, Debug)]
pub struct Idempotency<S> {
    inner: S,
    upstreams: Upstreams,
}

impl<S> Idempotency<S> {
    pub(super) const fn new(inner: S, upstreams: Upstreams) -> Self {
        Self { inner, upstreams }
    }

    /// Gives the request its key, and holds that against what was sent with it before.
    fn prepare<B: Replay>(&self, request: &mut Request<B>) -> Result<Option<KeyInUse>, Error> {
        let policy = self.upstreams.policy_now();
        let given = request.extensions().get::<IdempotencyKey>();
        let injects = policy.injects_key_into(request.method());
        if given.is_none() && !injects && !policy.provider().honours_keys {
            // Nothing is made of a key here, so its header is one like any other.
            return Ok(None);
        }
        let asked = Asked {
            method: request.method(),
            header: policy.provider().key_in(request.headers()),
            given,
            injects,
            sent_before: request.extensions().get::<FirstSentAt>().is_some(),
        };
        let choice = choose(&asked).map_err(|refusal| self.refuse(refusal, None, request))?;
        match choice {
            Choice::Nothing => Ok(None),
            Choice::Keep(key) => self.remember(key, request),
            Choice::Write(key) => {
                self.write(&key, request)?;
                self.remember(key, request)
            }
            Choice::Generate => {
                let key = IdempotencyKey::from_random_bytes(self.upstreams.random().key_bytes());
                self.write(&key, request)?;
                let sending = Sending::of(request, self.upstreams.sent_keys());
                let now = clock::now();
                Ok(KeyInUse::made(key, &self.upstreams, &policy, &sending, now))
            }
        }
    }

    fn write<B>(&self, key: &IdempotencyKey, request: &mut Request<B>) -> Result<(), Error> {
        let policy = self.upstreams.policy_now();
        let provider = policy.provider();
        provider
            .check(key)
            .map_err(|invalid| self.refuse(invalid.into(), Some(key), request))?;
        let value = provider.key_form.write(key);
        request.headers_mut().insert(&provider.key_header, value);
        Ok(())
    }

    /// A key of the caller's own may have been sent before.
    fn remember<B: Replay>(
        &self,
        key: IdempotencyKey,
        request: &mut Request<B>,
    ) -> Result<Option<KeyInUse>, Error> {
        let policy = self.upstreams.policy_now();
        if !policy.provider().honours_keys_on(request.method()) {
            return Ok(None);
        }
        let (now, keys) = (clock::now(), self.upstreams.sent_keys());
        let told = request.extensions().get::<FirstSentAt>();
        let expires = clock::after(now, life_left(told, &policy));
        let sending = Sending::of(request, keys);
        let key_use = keys.describe(&sending, hash(&key), expires, told.is_some());
        let history = keys
            .begin(&key_use, now)
            .map_err(|refusal| self.refuse(refusal, Some(&key), request))?;
        request.extensions_mut().insert(KeyPast {
            expires: history.sent().expires,
            in_doubt: history.is_in_doubt(),
        });
        Ok(Some(KeyInUse::new(
            self.upstreams.clone(),
            key,
            key_use,
            false,
        )))
    }

    fn refuse<B>(
        &self,
        refusal: KeyRefusal,
        key: Option<&IdempotencyKey>,
        request: &Request<B>,
    ) -> Error {
        let payments = self.upstreams.policy_now().is_for_payments();
        let upstream = Upstreams::name_of(request);
        Error::key_refused(refusal, key.cloned(), upstream).for_payments(payments)
    }
}

impl<S, B, C> Service<Request<B>> for Idempotency<S>
where
    S: Service<Request<B>, Response = Response<C>>,
    S::Error: Into<BoxError>,
    B: Replay,
{
    type Response = Response<C>;
    type Error = Error;
    type Future = IdempotencyFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::before_sending)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.prepare(&mut request) {
            Ok(kept) => IdempotencyFuture::sent(self.inner.call(request), kept),
            Err(error) => IdempotencyFuture::refused(error),
        }
    }
}

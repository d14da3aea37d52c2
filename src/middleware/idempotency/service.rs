//! The service.

use std::task::{Context, Poll};
use std::time::Instant;

use http::{Request, Response};
use tower_service::Service;

use super::IdempotencyFuture;
use super::future::Kept;
use crate::body::Replay;
use crate::middleware::extensions::{FirstSentAt, KeyExpires};
use crate::policy::Provider;
use crate::policy::idempotency::{Asked, Choice, IdempotencyKey, KeyRefusal, choose};
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
    fn prepare<B: Replay>(&self, request: &mut Request<B>) -> Result<Option<Kept>, Error> {
        let policy = self.upstreams.policy();
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
        };
        let choice = choose(&asked).map_err(|refusal| self.refuse(refusal, None, request))?;
        match choice {
            Choice::Nothing => Ok(None),
            Choice::Keep(key) => self.remember(&key, request),
            Choice::Write(key) => {
                self.write(&key, request)?;
                self.remember(&key, request)
            }
            Choice::Generate => {
                let bytes = self.upstreams.random().key_bytes();
                let key = IdempotencyKey::from_random_bytes(bytes);
                self.write(&key, request)?;
                // Nobody has sent it before, and it is remembered only if somebody may send it again.
                let expires = clock::after(clock::now(), policy.provider().key_life);
                let key_use = self.upstreams.sent_keys().describe(request, &key, expires);
                let honoured = policy.provider().honours_keys_on(request.method());
                Ok(honoured.then(|| Kept::new_key(self.upstreams.clone(), key_use)))
            }
        }
    }

    fn write<B>(&self, key: &IdempotencyKey, request: &mut Request<B>) -> Result<(), Error> {
        let provider = self.upstreams.policy().provider();
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
        key: &IdempotencyKey,
        request: &mut Request<B>,
    ) -> Result<Option<Kept>, Error> {
        let provider = self.upstreams.policy().provider();
        if !provider.honours_keys_on(request.method()) {
            return Ok(None);
        }
        let (now, sent_keys) = (clock::now(), self.upstreams.sent_keys());
        let first_sent_at = request.extensions().get::<FirstSentAt>();
        let expires = expiry(now, first_sent_at, provider);
        let key_use = sent_keys
            .remember(sent_keys.describe(request, key, expires), now)
            .map_err(|refusal| self.refuse(refusal, Some(key), request))?;
        request
            .extensions_mut()
            .insert(KeyExpires(key_use.sent.expires));
        Ok(Some(Kept::known_key(self.upstreams.clone(), key_use)))
    }

    fn refuse<B>(
        &self,
        refusal: KeyRefusal,
        key: Option<&IdempotencyKey>,
        request: &Request<B>,
    ) -> Error {
        let payments = self.upstreams.policy().is_for_payments();
        let upstream = Upstreams::name_of(request);
        Error::key_refused(refusal, key.cloned(), upstream).for_payments(payments)
    }
}

/// When the provider may have forgotten the key. A first time in the future, which a clock that was
/// set back leaves behind, is taken for now.
fn expiry(now: Instant, first_sent_at: Option<&FirstSentAt>, provider: &Provider) -> Instant {
    let age = first_sent_at.and_then(|at| clock::wall().duration_since(at.wall_time()).ok());
    let left = provider.key_life.saturating_sub(age.unwrap_or_default());
    clock::after(now, left)
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

//! recloser: a circuit breaker alone.

use std::task::{Context, Poll};

use recloser::{AnyError, AsyncRecloser, Recloser, RecloserFuture};
use tower::Service;

/// A service within a breaker.
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    breaker: AsyncRecloser,
    service: S,
}

/// A breaker at its defaults.
pub fn breaker<S>(service: S) -> Guarded<S> {
    let breaker = AsyncRecloser::from(Recloser::default());
    Guarded { breaker, service }
}

impl<S, R> Service<R> for Guarded<S>
where
    S: Service<R>,
{
    type Response = S::Response;
    type Error = recloser::Error<S::Error>;
    type Future = RecloserFuture<S::Future, AnyError>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(cx).map_err(recloser::Error::Inner)
    }

    fn call(&mut self, request: R) -> Self::Future {
        self.breaker.call(self.service.call(request))
    }
}

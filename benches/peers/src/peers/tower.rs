//! tower's timeout + retry + timeout: neither a circuit nor a key.

use std::future::{Ready, ready};
use std::time::Duration;

use http::{Request, Response};
use tower::Service;
use tower::retry::{Policy, Retry};
use tower::timeout::Timeout;

use crate::request::Body;

/// Retries what a 5xx has answered, at once.
#[derive(Clone, Debug)]
pub struct Attempts {
    left: u32,
}

impl<C, E> Policy<Request<Body>, Response<C>, E> for Attempts {
    type Future = Ready<()>;

    fn retry(
        &mut self,
        _: &mut Request<Body>,
        result: &mut Result<Response<C>, E>,
    ) -> Option<Ready<()>> {
        let failed = match result {
            Ok(response) => response.status().is_server_error(),
            Err(_) => true,
        };
        self.left = self.left.checked_sub(u32::from(failed))?;
        failed.then(|| ready(()))
    }

    fn clone_request(&mut self, request: &Request<Body>) -> Option<Request<Body>> {
        Some(request.clone())
    }
}

pub fn stack<S>(service: S) -> Timeout<Retry<Attempts, Timeout<S>>> {
    let attempt = Timeout::new(service, Duration::from_secs(30));
    Timeout::new(
        Retry::new(Attempts { left: 3 }, attempt),
        Duration::from_secs(90),
    )
}

/// One call, for an executor.
///
/// # Errors
///
/// What the service says.
pub async fn call<S>(service: &mut S, request: Request<Body>) -> Result<S::Response, S::Error>
where
    S: Service<Request<Body>>,
{
    std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
    service.call(request).await
}

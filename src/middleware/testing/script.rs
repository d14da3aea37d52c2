//! A scripted upstream, strict about readiness.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Response};
use http_body_util::BodyExt;
use tower_service::Service;

use super::*;
use crate::middleware::extensions::FreshConnection;
use crate::{BoxError, Deadline, clock};

/// What the upstream saw of one request.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) at: Duration,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Bytes,
    pub(crate) fresh: bool,
    pub(crate) deadline: Option<Duration>,
    /// Response bodies that were alive when the request came.
    pub(crate) open_bodies: usize,
}

/// A scripted upstream. Past the end of its script it answers 200.
///
/// Every clone must be made ready before it is called, as a pool of permits would demand.
#[derive(Debug)]
pub(crate) struct Script {
    shared: Arc<Shared>,
    ready: bool,
}

struct Shared {
    born: Instant,
    steps: Mutex<VecDeque<Step>>,
    seen: Mutex<Vec<Seen>>,
    bodies: Arc<AtomicUsize>,
    in_flight: Arc<AtomicUsize>,
    /// From this request on no instance becomes ready, and why.
    blocked: Mutex<Option<(usize, Blocked)>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Blocked {
    Pending,
    Failing,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let shared = Shared {
            born: clock::now(),
            steps: Mutex::new(steps.into_iter().collect()),
            seen: Mutex::default(),
            bodies: Arc::default(),
            in_flight: Arc::default(),
            blocked: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
            ready: false,
        }
    }

    pub(crate) fn add(&self, steps: impl IntoIterator<Item = Step>) {
        lock(&self.shared.steps).extend(steps);
    }

    /// Forgets the rest of the script.
    pub(crate) fn clear(&self) {
        lock(&self.shared.steps).clear();
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    pub(crate) fn count(&self) -> usize {
        lock(&self.shared.seen).len()
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.shared.in_flight.load(SeqCst)
    }

    /// Response bodies that are alive.
    pub(crate) fn open_bodies(&self) -> usize {
        self.shared.bodies.load(SeqCst)
    }

    /// From request number `from` (0 is the first) no instance becomes ready.
    pub(crate) fn block(&self, from: usize, how: Blocked) {
        *lock(&self.shared.blocked) = Some((from, how));
    }

    fn see(&self, request: Call) {
        let (head, body) = request.into_parts();
        let body = body.collect();
        let mut body = std::pin::pin!(body);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let Poll::Ready(Ok(body)) = body.as_mut().poll(&mut cx) else {
            panic!("a full body is there at once");
        };
        let text = |name| Some(head.headers.get(name)?.to_str().ok()?.to_owned());
        lock(&self.shared.seen).push(Seen {
            at: clock::now() - self.shared.born,
            path: head.uri.path().to_owned(),
            key: text("idempotency-key"),
            authorization: text("authorization"),
            body: body.to_bytes(),
            fresh: head.extensions.get::<FreshConnection>().is_some(),
            deadline: head
                .extensions
                .get::<Deadline>()
                .map(|deadline| deadline.instant() - self.shared.born),
            open_bodies: self.shared.bodies.load(SeqCst),
            method: head.method,
        });
    }
}

impl Clone for Script {
    /// A clone is never ready.
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            ready: false,
        }
    }
}

impl Service<Call> for Script {
    type Response = Answer;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match *lock(&self.shared.blocked) {
            Some((from, how)) if self.count() >= from => match how {
                Blocked::Pending => Poll::Pending,
                Blocked::Failing => Poll::Ready(Err("the pool is gone".into())),
            },
            _ => {
                self.ready = true;
                Poll::Ready(Ok(()))
            }
        }
    }

    fn call(&mut self, request: Call) -> Self::Future {
        assert!(
            std::mem::take(&mut self.ready),
            "called an instance that was not made ready"
        );
        self.see(request);
        let step = lock(&self.shared.steps).pop_front();
        let step = step.unwrap_or_else(|| status(200));
        let flight = Counted::new(&self.shared.in_flight);
        let bodies = Arc::clone(&self.shared.bodies);
        Box::pin(async move {
            let _flight = flight;
            perform(step, &bodies).await
        })
    }
}

async fn perform(mut step: Step, bodies: &Arc<AtomicUsize>) -> Result<Answer, BoxError> {
    loop {
        match step {
            Step::Answer(status, headers, data) => {
                let mut response = Response::new(Tracked {
                    data,
                    _alive: Counted::new(bodies),
                });
                *response.status_mut() = status;
                for (name, value) in headers {
                    response.headers_mut().append(name, value.parse().unwrap());
                }
                return Ok(response);
            }
            Step::Fail(error) => return Err(error),
            Step::Hang => std::future::pending().await,
            Step::After(time, next) => {
                pass(time).await;
                step = *next;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

/// Counts how many of it are alive.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// A response body that is missed when it is dropped.
pub(crate) struct Tracked {
    data: Pieces,
    _alive: Counted,
}

impl std::fmt::Debug for Tracked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tracked")
    }
}

impl http_body::Body for Tracked {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.data).poll_frame(cx)
    }
}

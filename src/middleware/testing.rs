//! A scripted upstream for the tests of the layers, strict about readiness.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;
use tower_layer::Layer;
use tower_service::Service;

use super::extensions::FreshConnection;
use super::{Deadline, Resilience, ResilienceLayer};
use crate::policy::backoff::{Backoff, Jitter};
use crate::policy::{Delivery, Failure, StopReason};
use crate::{
    BoxError, Error, Policy, PolicyBuilder, Provider, Report, TransportError, Upstreams, clock,
};

pub(crate) type Call = Request<Full<Bytes>>;
pub(crate) type Answer = Response<Tracked>;
pub(crate) type Outcome = Result<Answer, Error>;

pub(crate) const URL: &str = "https://gateway.test/v1/payments?card=s3cret-query";

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Lets that much time pass, and whoever waits for it run.
#[expect(clippy::disallowed_methods, reason = "a test says what time it is")]
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Lets all other tasks run until none can go on.
pub(crate) async fn settle() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}

pub(crate) fn call(method: Method, url: &str, body: &'static str) -> Call {
    let mut request = Request::new(Full::new(Bytes::from_static(body.as_bytes())));
    *request.method_mut() = method;
    *request.uri_mut() = url.parse::<Uri>().unwrap();
    request
}

pub(crate) fn get() -> Call {
    call(Method::GET, URL, "")
}

pub(crate) fn put() -> Call {
    call(Method::PUT, URL, "s3cret-body")
}

pub(crate) fn post() -> Call {
    call(Method::POST, URL, "s3cret-body")
}

pub(crate) fn with_header(mut request: Call, name: &'static str, value: &str) -> Call {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

pub(crate) fn with_extension<T: Clone + Send + Sync + 'static>(
    mut request: Call,
    extension: T,
) -> Call {
    request.extensions_mut().insert(extension);
    request
}

pub(crate) fn keyed() -> Call {
    with_header(post(), "idempotency-key", "order-1042")
}

/// What the upstream does with one request.
pub(crate) enum Step {
    Answer(StatusCode, Vec<(&'static str, String)>),
    Fail(BoxError),
    Hang,
    After(Duration, Box<Step>),
}

impl Step {
    pub(crate) fn after(self, time: Duration) -> Self {
        Self::After(time, Box::new(self))
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        if let Self::Answer(_, headers) = &mut self {
            headers.push((name, value.to_string()));
        }
        self
    }
}

pub(crate) fn status(status: u16) -> Step {
    Step::Answer(StatusCode::from_u16(status).unwrap(), Vec::new())
}

pub(crate) fn retry_after(code: u16, seconds: u64) -> Step {
    status(code).header("retry-after", seconds)
}

pub(crate) fn failure(failure: Failure) -> Step {
    Step::Fail(TransportError::new(failure, "scripted").into())
}

/// An error of another crate, of which only the type says something.
pub(crate) fn io(kind: std::io::ErrorKind) -> Step {
    Step::Fail(std::io::Error::from(kind).into())
}

/// What the upstream saw of one request.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) at: Duration,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) key: Option<String>,
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
            Step::Answer(status, headers) => {
                let mut response = Response::new(Tracked {
                    data: Full::new(Bytes::from_static(b"s3cret-answer")),
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
    data: Full<Bytes>,
    _alive: Counted,
}

impl std::fmt::Debug for Tracked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tracked")
    }
}

impl http_body::Body for Tracked {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.data).poll_frame(cx)
    }
}

/// Payments with a provider that honours keys, and a budget that does not get in the way.
pub(crate) fn payments() -> PolicyBuilder {
    Policy::external_payments(Provider::generic())
        .to_builder()
        .budget(0.5, 10)
}

/// Someone else's API, and a budget that does not get in the way.
pub(crate) fn external() -> PolicyBuilder {
    Policy::external().to_builder().budget(0.5, 10)
}

/// A backoff of exactly 1 s, 2 s, 4 s. External policies want jitter, so it is next to none.
pub(crate) fn steady() -> Backoff {
    Backoff::new(secs(1), 2.0, secs(60), Jitter::Proportional(1e-6)).unwrap()
}

/// The whole stack around an upstream, and what its calls share.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    pub(crate) upstreams: Upstreams,
    service: Resilience<Script>,
}

impl Stack {
    pub(crate) fn new(policy: PolicyBuilder, upstream: &Script) -> Self {
        Self::seeded(policy, upstream, 7)
    }

    pub(crate) fn seeded(policy: PolicyBuilder, upstream: &Script, seed: u64) -> Self {
        let upstreams = Upstreams::with_seed(policy.build().unwrap(), seed);
        let service = ResilienceLayer::over(upstreams.clone()).layer(upstream.clone());
        Self { upstreams, service }
    }

    pub(crate) async fn send(&self, request: Call) -> Outcome {
        self.service.clone().oneshot(request).await
    }

    /// Sends it in a task of its own, as far as it goes without time.
    pub(crate) async fn start(&self, request: Call) -> tokio::task::JoinHandle<Outcome> {
        let call = tokio::spawn(self.service.clone().oneshot(request));
        settle().await;
        call
    }
}

/// What a test asks of an outcome, response or error.
pub(crate) trait Tell {
    fn report(&self) -> Report;

    fn stop(&self) -> StopReason {
        self.report().stop_reason()
    }

    fn delivery(&self) -> Delivery {
        self.report().delivery()
    }

    fn attempts(&self) -> u32 {
        self.report().attempts()
    }

    fn comes_again(&self) -> Option<Duration> {
        self.report().retry_after()
    }
}

impl Tell for Outcome {
    fn report(&self) -> Report {
        match self {
            Ok(response) => Report::of(response).expect("a report").clone(),
            Err(error) => error.report().clone(),
        }
    }
}

/// Runs `future` where making a timer panics.
pub(crate) fn without_timers<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

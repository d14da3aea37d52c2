//! The request, the service at the bottom, and a call polled by hand: no executor has a part in it.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use criterion::BenchmarkGroup;
use criterion::measurement::WallTime;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use tower::Service;

pub(crate) type Body = Full<Bytes>;
pub(crate) type Answer = Result<Response<Body>, Infallible>;
pub(crate) type Group<'a> = BenchmarkGroup<'a, WallTime>;

/// Eight headers and 64 bytes, as a payment has them, just built: nothing is shared so far.
pub(crate) fn fresh(method: &Method) -> Request<Body> {
    let mut request = Request::new(Full::new(Bytes::copy_from_slice(&[b'x'; 64])));
    *request.method_mut() = method.clone();
    *request.uri_mut() = Uri::try_from("https://gateway.example/payments").expect("a valid URL");
    let names = ["accept", "accept-encoding", "authorization", "content-type"];
    let more = ["traceparent", "user-agent", "x-request-id", "x-tenant"];
    for name in names.into_iter().chain(more) {
        let value = HeaderValue::from_bytes(b"a-value-of-some-length").expect("visible characters");
        let name = HeaderName::from_static(name);
        request.headers_mut().insert(name, value);
    }
    request
}

/// One to clone calls from: its bytes are shared already.
pub(crate) fn template(method: &Method) -> Request<Body> {
    let request = fresh(method);
    drop(request.clone());
    request
}

/// The service at the bottom.
#[derive(Clone, Copy)]
pub(crate) enum Bare {
    Ready,
    PendingOnce,
    /// Every other answer is a 502.
    FailingFirst {
        fails: bool,
    },
}

impl Service<Request<Body>> for Bare {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answered;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answered {
        black_box(request);
        let mut response = Response::new(Body::default());
        if let Self::FailingFirst { fails } = self
            && std::mem::replace(fails, !*fails)
        {
            *response.status_mut() = StatusCode::BAD_GATEWAY;
        }
        Answered {
            answer: ready(Ok(response)),
            pends: matches!(self, Self::PendingOnce),
        }
    }
}

pub(crate) struct Answered {
    answer: Ready<Answer>,
    pends: bool,
}

impl Future for Answered {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        if std::mem::take(&mut self.pends) {
            return Poll::Pending;
        }
        Pin::new(&mut self.answer).poll(cx)
    }
}

/// One call. Nobody wakes it, since nothing here waits for anything.
pub(crate) fn call<S: Service<Request<Body>>>(service: &mut S, request: Request<Body>) {
    let mut cx = Context::from_waker(Waker::noop());
    let _ = black_box(service.poll_ready(&mut cx)).is_ready();
    let mut call = pin!(service.call(request));
    while call.as_mut().poll(&mut cx).map(black_box).is_pending() {}
}

/// A service with requests cloned from a template.
pub(crate) fn measure<S>(group: &mut Group<'_>, name: &str, mut service: S, method: &Method)
where
    S: Service<Request<Body>>,
{
    let template = template(method);
    group.bench_function(name, |bencher| {
        bencher.iter(|| call(&mut service, template.clone()));
    });
}

/// A service with requests that are built for each call.
pub(crate) fn measure_fresh<S>(group: &mut Group<'_>, name: &str, mut service: S, method: &Method)
where
    S: Service<Request<Body>>,
{
    group.bench_function(name, |bencher| {
        bencher.iter(|| call(&mut service, fresh(method)));
    });
}

/// Timers need a runtime, though nobody waits.
pub(crate) fn timers() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime can be made")
}

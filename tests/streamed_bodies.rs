//! Streams through the client, over HTTP/1.1 and HTTP/2, to a server that says 503 at some point of
//! the first attempt. Real sockets, real time, no sleeps.
#![cfg(feature = "client")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use seawall::{Backoff, Body, Client, Jitter, Policy, Provider, StopReason};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// How much of the first attempt the server reads before it says 503.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reads {
    Nothing,
    Half,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Http {
    One,
    Two,
}

/// What the server has seen of an attempt.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    length: Option<String>,
    announced: Option<u64>,
    body: String,
    trailer: Option<HeaderValue>,
    whole: bool,
}

/// A stream whose frames the test hands out.
struct Rows {
    rows: mpsc::UnboundedReceiver<Frame<Bytes>>,
    left: Option<u64>,
}

impl http_body::Body for Rows {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let polled = self.rows.poll_recv(cx);
        if let Poll::Ready(Some(frame)) = &polled {
            let length = frame.data_ref().map_or(0, Bytes::len) as u64;
            self.left = self.left.map(|left| left - length);
        }
        polled.map(|frame| frame.map(Ok))
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

const FIRST: &str = "first half, ";
const SECOND: &str = "second half";

fn row(text: &'static str) -> Frame<Bytes> {
    Frame::data(Bytes::from_static(text.as_bytes()))
}

fn trailers() -> Frame<Bytes> {
    let sum = HeaderValue::from_static("77");
    let name = HeaderName::from_static("x-checksum");
    Frame::trailers(HeaderMap::from_iter([(name, sum)]))
}

/// The server: its attempts, and the second half of the stream, that it lets go when it needs it.
struct Server {
    reads: Reads,
    half: Mutex<Vec<mpsc::UnboundedSender<Frame<Bytes>>>>,
    seen: Mutex<Vec<Seen>>,
}

impl Server {
    fn release(&self) {
        for half in self.half.lock().unwrap().drain(..) {
            half.send(row(SECOND)).unwrap();
            half.send(trailers()).unwrap();
        }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Empty<Bytes>>, Infallible> {
        let first = self.seen.lock().unwrap().is_empty();
        let length = request.headers().get("content-length");
        let mut seen = Seen {
            length: length.map(|length| length.to_str().unwrap().to_owned()),
            announced: request.body().size_hint().exact(),
            ..Seen::default()
        };
        let reads = if first { self.reads } else { Reads::All };
        if reads == Reads::All {
            self.release();
        }
        read(request.into_body(), reads, &mut seen).await;
        self.seen.lock().unwrap().push(seen);
        let mut response = Response::new(Empty::new());
        if first {
            *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
        }
        Ok(response)
    }
}

async fn read(mut body: Incoming, reads: Reads, seen: &mut Seen) {
    let enough = match reads {
        Reads::Nothing => 0,
        Reads::Half => FIRST.len(),
        Reads::All => usize::MAX,
    };
    while seen.body.len() < enough {
        match body.frame().await {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => seen.body.push_str(std::str::from_utf8(&data).unwrap()),
                Err(frame) => seen.trailer = frame.into_trailers().unwrap().remove("x-checksum"),
            },
            Some(Err(_)) => return,
            None => {
                seen.whole = true;
                return;
            }
        }
    }
}

async fn serve(server: Arc<Server>, version: Http) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/batches", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            tcp.set_nodelay(true).unwrap();
            let server = Arc::clone(&server);
            let service = service_fn(move |request| {
                let server = Arc::clone(&server);
                async move { server.answer(request).await }
            });
            let io = TokioIo::new(tcp);
            // An error here is a request that was cut off, as it must be.
            match version {
                Http::One => drop(tokio::spawn(
                    http1::Builder::new().serve_connection(io, service),
                )),
                Http::Two => drop(tokio::spawn(
                    http2::Builder::new(TokioExecutor::new()).serve_connection(io, service),
                )),
            }
        }
    });
    url
}

fn client(version: Http) -> Client {
    let tenth = Duration::from_millis(100);
    let backoff = Backoff::new(tenth, 1.0, tenth, Jitter::Proportional(0.1)).unwrap();
    let policy = Policy::external_payments(Provider::generic());
    let policy = policy.to_builder().backoff(backoff).budget(0.5, 10);
    let builder = Client::builder(policy.build().unwrap());
    match version {
        Http::One => builder,
        Http::Two => builder.http2_prior_knowledge(),
    }
    .build()
    .unwrap()
}

/// Sends a stream and returns what the server has seen of its attempts.
async fn send(
    version: Http,
    reads: Reads,
    size: Option<u64>,
    limit: usize,
) -> (Vec<Seen>, u16, StopReason) {
    let (half, rows) = mpsc::unbounded_channel();
    half.send(row(FIRST)).unwrap();
    let server = Arc::new(Server {
        reads,
        half: Mutex::new(vec![half]),
        seen: Mutex::default(),
    });
    let url = serve(Arc::clone(&server), version).await;
    let body = Body::stream_with_limit(Rows { rows, left: size }, limit);
    let request = client(version).post(url).body(body);
    // Over HTTP/1.1 only the trailers that a request announces are sent.
    let sent = request.header("trailer", "x-checksum").send();
    let answer = tokio::time::timeout(Duration::from_secs(60), sent).await;
    let answer = answer.expect("nothing hangs").unwrap();
    let seen = std::mem::take(&mut *server.seen.lock().unwrap());
    (
        seen,
        answer.status().as_u16(),
        answer.report().stop_reason(),
    )
}

const SIZE: u64 = (FIRST.len() + SECOND.len()) as u64;
const EACH: [(Http, Reads); 6] = [
    (Http::One, Reads::Nothing),
    (Http::One, Reads::Half),
    (Http::One, Reads::All),
    (Http::Two, Reads::Nothing),
    (Http::Two, Reads::Half),
    (Http::Two, Reads::All),
];

#[tokio::test]
async fn a_stream_of_known_size_is_sent_again_whole_with_its_content_length() {
    for (version, reads) in EACH {
        let (seen, status, _) = send(version, reads, Some(SIZE), SIZE as usize).await;
        assert_eq!((status, seen.len()), (200, 2), "{version:?} {reads:?}");
        for attempt in &seen {
            assert_eq!(attempt.length, Some(SIZE.to_string()), "{version:?}");
            assert_eq!(attempt.announced, Some(SIZE), "{version:?} {reads:?}");
        }
        assert_eq!(seen[1].body, format!("{FIRST}{SECOND}"), "{version:?}");
        assert!(seen[1].whole, "{version:?} {reads:?}");
        assert_eq!(seen[0].whole, reads == Reads::All, "{version:?} {reads:?}");
    }
}

#[tokio::test]
async fn a_stream_of_unknown_size_is_sent_again_whole_with_its_trailers() {
    for (version, reads) in EACH {
        let (seen, status, _) = send(version, reads, None, Body::REPLAY_LIMIT).await;
        assert_eq!((status, seen.len()), (200, 2), "{version:?} {reads:?}");
        for attempt in &seen {
            assert_eq!(attempt.length, None, "{version:?} {reads:?}");
            assert_eq!(attempt.announced, None, "{version:?} {reads:?}");
        }
        let last = &seen[1];
        assert_eq!(last.body, format!("{FIRST}{SECOND}"), "{version:?}");
        assert_eq!(
            last.trailer,
            Some(HeaderValue::from_static("77")),
            "{version:?} {reads:?}"
        );
        assert!(last.whole, "{version:?} {reads:?}");
    }
}

#[tokio::test]
async fn a_stream_past_its_limit_is_sent_once_and_whole() {
    for version in [Http::One, Http::Two] {
        let limit = SIZE as usize - 1;
        let (seen, status, reason) = send(version, Reads::All, None, limit).await;
        assert_eq!((status, seen.len()), (503, 1), "{version:?}");
        assert_eq!(reason, StopReason::BodyNotReplayable, "{version:?}");
        assert_eq!(seen[0].body, format!("{FIRST}{SECOND}"), "{version:?}");
        assert!(seen[0].whole, "{version:?}");
    }
}

#[tokio::test]
async fn a_stream_that_grows_past_its_limit_only_later_is_sent_again_once() {
    // At the 503 only the first half was read, and the attempt before may not read on.
    for version in [Http::One, Http::Two] {
        let (seen, status, _) = send(version, Reads::Half, None, FIRST.len()).await;
        assert_eq!((status, seen.len()), (200, 2), "{version:?}");
        assert_eq!(seen[1].body, format!("{FIRST}{SECOND}"), "{version:?}");
    }
}

//! A tonic server that does what it is told, call by call.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Status};
use tower::{Service, service_fn};

use crate::pieces::{Pieces, map};
use crate::{BytesCodec, Piece};

/// What it does with one call.
#[derive(Debug)]
pub(crate) enum Step {
    /// Answers with the message that it got.
    Echo,
    Fail(Status),
    Hang,
    /// Answers with this head and this body.
    Raw(StatusCode, Vec<(&'static str, &'static str)>, Vec<Piece>),
}

impl Step {
    pub(crate) fn fail(code: Code) -> Self {
        Self::Fail(Status::new(code, "as told"))
    }

    /// A failure that asks to be left alone for so long, in the header's words.
    pub(crate) fn push_back(by: &'static str) -> Self {
        let mut status = Status::unavailable("as told");
        let wait = by.parse().expect("a value");
        status.metadata_mut().insert("grpc-retry-pushback-ms", wait);
        Self::Fail(status)
    }

    /// An answer of gRPC with this body.
    pub(crate) fn body(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let head = vec![("content-type", "application/grpc")];
        Self::Raw(StatusCode::OK, head, pieces.into_iter().collect())
    }
}

/// What it saw of a call.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) at: Instant,
    pub(crate) path: String,
    pub(crate) timeout: Option<Duration>,
    pub(crate) message: Bytes,
}

/// The server. Past the end of its script it echoes.
pub(crate) struct Server {
    address: SocketAddr,
    script: Script,
    serving: JoinHandle<()>,
}

#[derive(Clone, Default)]
struct Script {
    steps: Arc<Mutex<VecDeque<Step>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(crate) async fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let script = Script::default();
        script.steps.lock().expect("no panic before").extend(steps);
        let service = script.clone();
        let serving = tokio::spawn(async move {
            let incoming = TcpIncoming::from(listener);
            let mut server = tonic::transport::Server::builder();
            let serving = std::mem::take(&mut server).serve_with_incoming(service, incoming);
            serving.await.expect("a server");
        });
        Self {
            address,
            script,
            serving,
        }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.script.seen.lock().expect("no panic before").clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.seen().len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Service<Request<Body>> for Script {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let script = self.clone();
        Box::pin(async move { Ok(script.answer(request).await) })
    }
}

impl Script {
    #[expect(
        clippy::disallowed_methods,
        reason = "real sockets know no paused clock"
    )]
    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let at = Instant::now();
        let (head, body) = request.into_parts();
        let step = self.steps.lock().expect("no panic before").pop_front();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return error.into_http(),
        };
        self.seen.lock().expect("no panic before").push(Seen {
            at,
            path: head.uri.path().to_owned(),
            timeout: seawall::policy::grpc::timeout(&head.headers),
            message: body.slice(5.min(body.len())..),
        });
        match step.unwrap_or(Step::Echo) {
            Step::Hang => std::future::pending().await,
            Step::Raw(status, fields, pieces) => {
                let mut response = Response::new(Body::new(Pieces::new(pieces)));
                *response.status_mut() = status;
                *response.headers_mut() = map(&fields);
                response
            }
            step => unary(Request::from_parts(head, body), step).await,
        }
    }
}

/// Answers as a generated service does.
async fn unary(request: Request<Bytes>, step: Step) -> Response<Body> {
    let step = Mutex::new(Some(step));
    let service = service_fn(|request: tonic::Request<Bytes>| {
        let step = step.lock().expect("no panic before").take();
        async move {
            match step {
                Some(Step::Fail(status)) => Err(status),
                _ => Ok(tonic::Response::new(request.into_inner())),
            }
        }
    });
    let request = request.map(Full::new);
    tonic::server::Grpc::new(BytesCodec)
        .unary(service, request)
        .await
}

//! Both ends of a small service, as generated code would have them.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::{Buf, BufMut};
use http::uri::PathAndQuery;
use http::{Request, Response};
use tokio::net::TcpListener;
use tonic::Status;
use tonic::body::Body;
use tonic::client::{Grpc, GrpcService};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Server, server::TcpIncoming};
use tower::service_fn;

pub(crate) const BALANCE: &str = "/ledger.v1.Ledger/Balance";
pub(crate) const PAY: &str = "/ledger.v1.Ledger/Pay";

/// What a generated client is.
#[derive(Clone, Debug)]
pub(crate) struct Client<S>(S);

impl<S> Client<S>
where
    S: GrpcService<Body> + Clone,
    S::ResponseBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    <S::ResponseBody as http_body::Body>::Error: Into<seawall::BoxError>,
{
    pub(crate) const fn new(service: S) -> Self {
        Self(service)
    }

    pub(crate) async fn call(
        &self,
        method: &'static str,
    ) -> Result<tonic::Response<String>, Status> {
        let mut client = Grpc::new(self.0.clone());
        let ready = client.ready().await;
        ready.map_err(|error| Status::from_error(error.into()))?;
        let request = tonic::Request::new("account 17".to_owned());
        let path = PathAndQuery::from_static(method);
        client.unary(request, path, Text).await
    }
}

/// Serves until the process ends; every odd call is told that the ledger is busy. Gives its origin.
pub(crate) async fn serve() -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let calls = std::sync::Arc::new(AtomicUsize::new(0));
    let service = service_fn(move |request: Request<Body>| answer(request, &calls));
    tokio::spawn(async move {
        let mut server = Server::builder();
        let incoming = TcpIncoming::from(listener);
        let serving = std::mem::take(&mut server).serve_with_incoming(service, incoming);
        if let Err(error) = serving.await {
            eprintln!("the server has ended: {error}");
        }
    });
    Ok(origin)
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

fn answer(request: Request<Body>, calls: &AtomicUsize) -> Answer {
    let is_busy = calls.fetch_add(1, Relaxed).is_multiple_of(2);
    let method = service_fn(move |request: tonic::Request<String>| async move {
        if is_busy {
            return Err(Status::unavailable("the ledger is busy"));
        }
        Ok(tonic::Response::new(format!("{}: done", request.get_ref())))
    });
    Box::pin(async move { Ok(tonic::server::Grpc::new(Text).unary(method, request).await) })
}

/// Messages of plain text.
#[derive(Clone, Copy, Debug, Default)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(text.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = from.copy_to_bytes(from.remaining());
        let text = String::from_utf8(bytes.into());
        text.map(Some)
            .map_err(|_| Status::internal("the message is no text"))
    }
}

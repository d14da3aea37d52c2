//! What a generated client does, written by hand.

use bytes::Bytes;
use http::Uri;
use http::uri::PathAndQuery;
use http_body::Body;
use seawall::BoxError;
use tonic::client::{Grpc, GrpcService};
use tonic::{Request, Response, Status, Streaming};

use crate::BytesCodec;

/// A client.
#[derive(Clone)]
pub(crate) struct Calls<S> {
    service: S,
    origin: Uri,
    longest: usize,
}

impl<S, B> Calls<S>
where
    S: GrpcService<tonic::body::Body, ResponseBody = B> + Clone,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    pub(crate) fn new(service: S) -> Self {
        Self {
            service,
            origin: Uri::default(),
            longest: usize::MAX,
        }
    }

    /// The same that sends absolute URIs.
    pub(crate) fn with_origin(mut self, origin: &str) -> Self {
        self.origin = origin.parse().expect("an origin");
        self
    }

    /// The same that encodes no message longer than this.
    pub(crate) fn encoding_at_most(mut self, bytes: usize) -> Self {
        self.longest = bytes;
        self
    }

    pub(crate) async fn unary(&self, path: &'static str) -> Result<Response<Bytes>, Status> {
        self.send(path, Request::new("s3cret-amount".into())).await
    }

    pub(crate) async fn send(
        &self,
        path: &'static str,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Status> {
        let mut client = self.ready().await?;
        client
            .unary(request, PathAndQuery::from_static(path), BytesCodec)
            .await
    }

    pub(crate) async fn stream(
        &self,
        path: &'static str,
    ) -> Result<Response<Streaming<Bytes>>, Status> {
        let (path, request) = (PathAndQuery::from_static(path), Request::new(Bytes::new()));
        let mut client = self.ready().await?;
        client.server_streaming(request, path, BytesCodec).await
    }

    async fn ready(&self) -> Result<Grpc<S>, Status> {
        let client = Grpc::with_origin(self.service.clone(), self.origin.clone());
        let mut client = client.max_encoding_message_size(self.longest);
        let ready = client.ready().await;
        ready.map_err(|error| Status::from_error(error.into()))?;
        Ok(client)
    }
}

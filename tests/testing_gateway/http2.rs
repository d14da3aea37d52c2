//! A plain HTTP/2 client.

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use http::Request;
use seawall::testing::Gateway;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::soon;

/// A connection that nothing was written to yet.
pub(crate) struct Quiet {
    send: SendRequest<Bytes>,
    connection: h2::client::Connection<TcpStream>,
}

pub(crate) struct Http2 {
    send: SendRequest<Bytes>,
    connection: JoinHandle<Result<(), h2::Error>>,
}

impl Quiet {
    pub(crate) async fn connect(gateway: &Gateway) -> Self {
        let tcp = soon(TcpStream::connect(gateway.address()))
            .await
            .expect("a connection");
        let (send, connection) = soon(h2::client::handshake(tcp)).await.expect("a preface");
        Self { send, connection }
    }

    /// A payment that will be written with all the others.
    pub(crate) fn pay(&mut self, key: &str) -> Payment {
        pay(&self.send, key)
    }

    pub(crate) fn start(self) -> Http2 {
        Http2 {
            send: self.send,
            connection: tokio::spawn(self.connection),
        }
    }
}

impl Http2 {
    pub(crate) async fn connect(gateway: &Gateway) -> Self {
        Quiet::connect(gateway).await.start()
    }

    pub(crate) fn pay(&mut self, key: &str) -> Payment {
        pay(&self.send, key)
    }

    /// How the connection ends, once nobody uses it.
    pub(crate) async fn end(self) -> Result<(), h2::Error> {
        drop(self.send);
        soon(self.connection).await.expect("no panic")
    }
}

pub(crate) struct Payment(Result<ResponseFuture, h2::Error>);

fn pay(send: &SendRequest<Bytes>, key: &str) -> Payment {
    let request = Request::post("http://gateway.test/payments")
        .header("idempotency-key", key)
        .body(())
        .expect("a valid request");
    Payment(
        send.clone()
            .send_request(request, false)
            .and_then(|(response, mut body)| {
                body.send_data(Bytes::from_static(b"{}"), true)?;
                Ok(response)
            }),
    )
}

impl Payment {
    /// Status, headers and body; or what it ends with before its head, and after it.
    pub(crate) async fn answer(
        self,
    ) -> Result<(http::response::Parts, Result<Bytes, h2::Error>), h2::Error> {
        let (head, mut body) = soon(self.0?).await?.into_parts();
        let mut whole = Vec::new();
        while let Some(piece) = soon(body.data()).await {
            match piece {
                Ok(piece) => whole.extend(piece),
                Err(error) => return Ok((head, Err(error))),
            }
        }
        Ok((head, Ok(whole.into())))
    }

    pub(crate) async fn status(self) -> u16 {
        let (head, body) = self.answer().await.expect("a head");
        body.expect("a whole body");
        head.status.as_u16()
    }

    pub(crate) async fn error(self) -> h2::Error {
        self.answer().await.expect_err("no head")
    }

    /// Gives up on it.
    pub(crate) fn cancel(self) {
        drop(self);
    }
}

//! A server that refuses streams before it looks at them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;
use h2::Reason;
use h2::server::SendResponse;
use http::Response;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::pieces::{framed, map};

/// It answers each stream that it does not refuse with the message `paid`.
pub(crate) struct Refusing {
    address: SocketAddr,
    streams: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl Refusing {
    /// It resets its first streams so.
    pub(crate) async fn new(first: usize, reason: Reason) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let streams = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&streams);
        let serving = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                serve(socket, &count, first, reason).await;
            }
        });
        Self {
            address,
            streams,
            serving,
        }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn count(&self) -> usize {
        self.streams.load(Relaxed)
    }
}

impl Drop for Refusing {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(socket: TcpStream, count: &AtomicUsize, first: usize, reason: Reason) {
    let Ok(mut connection) = h2::server::handshake(socket).await else {
        return;
    };
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        if count.fetch_add(1, Relaxed) < first {
            respond.send_reset(reason);
        } else {
            answer(&mut respond).expect("a stream that is open");
        }
    }
}

fn answer(respond: &mut SendResponse<Bytes>) -> Result<(), h2::Error> {
    let mut head = Response::new(());
    *head.headers_mut() = map(&[("content-type", "application/grpc")]);
    let mut stream = respond.send_response(head, false)?;
    stream.send_data(framed("paid"), false)?;
    stream.send_trailers(map(&[("grpc-status", "0")]))
}

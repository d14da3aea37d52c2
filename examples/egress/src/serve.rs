//! A port: it takes connections until it is told to stop, and then lets their calls end.

use std::error::Error;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};

use crate::clock;

/// How long a connection may be idle, or take over a request's head. Most clients give up an idle
/// connection after 90 seconds at the latest: whoever closes first never writes into one that is gone.
const IDLE: Duration = Duration::from_secs(120);

/// After an accept that failed, as when there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop`; then no connection is taken any more, and calls under way have as long as
/// `drain`. Returns how many connections were cut off at its end.
///
/// Dropped, it cuts all of them off.
pub(crate) async fn serve<S, B>(
    listener: TcpListener,
    service: S,
    stop: impl Future<Output = ()>,
    drain: Duration,
) -> usize
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut connections = JoinSet::new();
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let tcp = tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => continue,
            tcp = accept(&listener) => tcp,
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE)
            .serve_connection(TokioIo::new(tcp), service.clone());
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            // A client that has gone, or a body that broke: both sides know by now.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection has ended early");
            }
        });
    }
    drop(listener);
    let is_drained = timeout(drain, graceful.shutdown()).await.is_ok();
    let cut = if is_drained {
        0
    } else {
        under_way(&mut connections)
    };
    connections.shutdown().await;
    cut
}

fn under_way(connections: &mut JoinSet<()>) -> usize {
    while connections.try_join_next().is_some() {}
    connections.len()
}

/// The next connection, whatever it takes.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match next(listener).await {
            Ok(tcp) => return tcp,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                sleep_until(clock::tokio_now() + PAUSE).await;
            }
        }
    }
}

async fn next(listener: &TcpListener) -> io::Result<TcpStream> {
    let (tcp, _) = listener.accept().await?;
    // A small answer that follows a small answer does not wait for an acknowledgement. Some systems
    // refuse it for a client that has gone already, which is no reason to pause.
    let _ = tcp.set_nodelay(true);
    Ok(tcp)
}

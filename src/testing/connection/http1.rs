//! HTTP/1.1, one request after the other.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::wire1::{Line, Wire};
use super::{Ending, GARBAGE};
use crate::testing::act::Act;
use crate::testing::shared::Shared;

pub(super) async fn serve(
    tcp: &Arc<TcpStream>,
    shared: Arc<Shared>,
    mut leaving: watch::Receiver<()>,
) -> Ending {
    let line = Arc::new(Line::new(shared));
    let wire = TokioIo::new(Wire::new(tcp.clone(), line.clone()));
    let service = service_fn(|request| answer(line.clone(), request));
    let mut serving = pin!(
        http1::Builder::new()
            // By default hyper closes what is idle for half a minute.
            .header_read_timeout(None)
            .serve_connection(wire, service)
    );
    // An error is a client that went away, or a fault: either way this is the end.
    tokio::select! {
        _ = serving.as_mut() => {}
        _ = leaving.changed() => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
    line.ending()
}

/// An `Err` makes hyper end the connection without an answer.
async fn answer(
    line: Arc<Line>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Ended> {
    let arrival = line.request();
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Ended)?.to_bytes();
    let ending = match arrival.act(&Request::from_parts(head, body)).await {
        Act::Answer(answer) => {
            line.answered(false);
            return Ok(answer.into_response().map(Full::new));
        }
        Act::LastAnswer(answer) => {
            line.answered(true);
            return Ok(answer.into_response().map(Full::new));
        }
        Act::HalfHead(answer) => {
            let (head, _) = answer.into_http1();
            Ending::Send(head[..head.len() / 2].into())
        }
        Act::HalfBody(answer) => {
            let (head, body) = answer.into_http1();
            Ending::Send([&head, &body[..body.len() / 2]].concat())
        }
        Act::Garbage => Ending::Send(GARBAGE.into()),
        Act::Close | Act::RefuseStream => Ending::Close,
        Act::Reset | Act::ResetStream => Ending::Reset,
        // hyper drops this future when the client goes away.
        Act::Stall => std::future::pending().await,
    };
    line.end(ending);
    Err(Ended)
}

/// The connection ends here.
#[derive(Debug)]
struct Ended;

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection ends here")
    }
}

impl std::error::Error for Ended {}

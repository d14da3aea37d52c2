//! HTTP/2: the streams of one connection.

use std::future::{poll_fn, ready};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::{Reason, SendStream};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Ending;
use super::stream::{self, End};
use super::wire2::{Streams, Wire};
use crate::clock;
use crate::testing::shared::Shared;

/// A client that was told to go away has no reason to stay for longer.
const LINGER: Duration = Duration::from_secs(1);

pub(super) async fn serve(
    tcp: &Arc<TcpStream>,
    shared: Arc<Shared>,
    mut leaving: watch::Receiver<()>,
) -> Ending {
    let streams = Arc::new(Streams::new(shared));
    let wire = Wire::new(tcp.clone(), streams.clone());
    let Ok(mut connection) = h2::server::handshake(wire).await else {
        return streams.ending();
    };
    let mut running = JoinSet::new();
    let mut halves: Vec<SendStream<Bytes>> = Vec::new();
    let mut told_to_leave = false;
    loop {
        let over = streams.is_going_away() && running.is_empty();
        tokio::select! {
            // First, as it also writes what the streams have to say.
            biased;
            accepted = poll_fn(|cx| connection.poll_accept(cx)) => {
                let Some(Ok((request, respond))) = accepted else {
                    return streams.ending();
                };
                let arrival = streams.take(respond.stream_id().as_u32());
                running.spawn(stream::serve(arrival, request, respond));
            }
            // The halves have been written: a reset sooner would have thrown them away.
            () = ready(()), if !halves.is_empty() => {
                for mut half in halves.drain(..) {
                    half.send_reset(Reason::INTERNAL_ERROR);
                }
            }
            Some(Ok(end)) = running.join_next() => match end {
                End::Answered => {}
                End::Half(half) => halves.push(half),
                End::Connection(ending, _held) => return ending,
            },
            _ = leaving.changed(), if !told_to_leave => {
                told_to_leave = true;
                // h2 would name every stream as the last, and a last one never grows.
                if !streams.is_going_away() {
                    connection.graceful_shutdown();
                }
            }
            () = clock::sleep_until(clock::after(clock::now(), LINGER)), if over => {
                return Ending::Close;
            }
        }
    }
}

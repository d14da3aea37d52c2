//! Between hyper's HTTP/1.1 server and the socket: it sees each request arrive before it is read.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::Ending;
use crate::testing::Fault;
use crate::testing::act::Fate;
use crate::testing::shared::{Arrival, Shared};

/// Whose turn it is on a connection that carries one request at a time.
#[derive(Debug)]
pub(super) struct Line {
    shared: Arc<Shared>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    turn: Turn,
    ending: Ending,
}

#[derive(Debug)]
enum Turn {
    /// Nothing was read of the next request.
    Between,
    /// It is being read.
    Arrived(Arrival),
    /// It is being answered.
    Answering,
    /// There is no next one.
    Over,
}

impl Line {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let state = State {
            turn: Turn::Between,
            ending: Ending::Close,
        };
        Self {
            shared,
            state: Mutex::new(state),
        }
    }

    /// The request that was read. Pipelined ones arrive when it is their turn.
    pub(super) fn request(&self) -> Arrival {
        let turn = std::mem::replace(&mut self.state().turn, Turn::Answering);
        match turn {
            Turn::Arrived(arrival) => arrival,
            _ => self.shared.arrive(),
        }
    }

    /// The request was answered; `last`: and nothing is read after it.
    pub(super) fn answered(&self, last: bool) {
        self.state().turn = if last { Turn::Over } else { Turn::Between };
    }

    pub(super) fn end(&self, ending: Ending) {
        self.state().ending = ending;
    }

    pub(super) fn ending(&self) -> Ending {
        std::mem::take(&mut self.state().ending)
    }

    /// The first byte of a request is there. `Err`: it will not be read.
    fn arrive(&self) -> io::Result<()> {
        let arrival = self.shared.arrive();
        if let Some(ending) = unread(arrival.fate) {
            self.end(ending);
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        self.state().turn = Turn::Arrived(arrival);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn unread(fate: Fate) -> Option<Ending> {
    match fate {
        Fate::Meet(Fault::ResetBeforeRead) => Some(Ending::Reset),
        Fate::Meet(Fault::RefusedStream) => Some(Ending::Close),
        _ => None,
    }
}

#[derive(Debug)]
pub(super) struct Wire {
    tcp: Arc<TcpStream>,
    line: Arc<Line>,
}

impl Wire {
    pub(super) const fn new(tcp: Arc<TcpStream>, line: Arc<Line>) -> Self {
        Self { tcp, line }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (between, over) = match self.line.state().turn {
            Turn::Between => (true, false),
            Turn::Over => (false, true),
            Turn::Arrived(_) | Turn::Answering => (false, false),
        };
        if over {
            return Poll::Ready(Ok(()));
        }
        if between {
            let mut byte = [0];
            if ready!(self.tcp.poll_peek(cx, &mut ReadBuf::new(&mut byte)))? > 0 {
                self.line.arrive()?;
            }
        }
        let read = ready!(super::poll_read(
            &self.tcp,
            cx,
            buffer.initialize_unfilled()
        ))?;
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        super::poll_write(&self.tcp, cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The connection's [`Ending`] does it.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

//! Between h2's server and the socket: it sees each stream arrive before it is read, and says GOAWAY.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::Ending;
use super::frames::{Admission, Incoming, Walk, goaway};
use crate::testing::Fault;
use crate::testing::act::Fate;
use crate::testing::shared::{Arrival, Shared};

/// The streams of one connection that have arrived and were not taken up yet.
#[derive(Debug)]
pub(super) struct Streams {
    shared: Arc<Shared>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    arrived: HashMap<u32, Arrival>,
    /// The last stream, once there is one.
    last: Option<u32>,
    ending: Ending,
}

impl Streams {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            state: Mutex::default(),
        }
    }

    /// The stream has been opened.
    pub(super) fn take(&self, stream: u32) -> Arrival {
        let arrived = self.state().arrived.remove(&stream);
        arrived.unwrap_or_else(|| self.shared.arrive())
    }

    /// Whether a last stream was named.
    pub(super) fn is_going_away(&self) -> bool {
        self.state().last.is_some()
    }

    pub(super) fn ending(&self) -> Ending {
        std::mem::take(&mut self.state().ending)
    }

    fn admit(&self, stream: u32) -> Admission {
        let arrival = self.shared.arrive();
        let mut state = self.state();
        let admission = match arrival.fate {
            Fate::Meet(Fault::ResetBeforeRead) => {
                state.ending = Ending::Reset;
                return Admission::End;
            }
            Fate::Meet(Fault::GoAway) => {
                state.last = Some(stream);
                Admission::OpenAsLast
            }
            _ => Admission::Open,
        };
        state.arrived.insert(stream, arrival);
        admission
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
pub(super) struct Wire {
    tcp: Arc<TcpStream>,
    streams: Arc<Streams>,
    incoming: Incoming,
    /// What was read from the socket and passed on.
    passed: BytesMut,
    outgoing: Walk,
    /// What is still to be said of GOAWAY, between two frames.
    goaway: BytesMut,
}

impl Wire {
    pub(super) fn new(tcp: Arc<TcpStream>, streams: Arc<Streams>) -> Self {
        Self {
            tcp,
            streams,
            incoming: Incoming::new(),
            passed: BytesMut::new(),
            outgoing: Walk::default(),
            goaway: BytesMut::new(),
        }
    }

    fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Self {
            incoming,
            passed,
            streams,
            goaway: say,
            ..
        } = self;
        let admit = |stream| {
            let admission = streams.admit(stream);
            if admission == Admission::OpenAsLast {
                say.extend_from_slice(&goaway(stream));
            }
            admission
        };
        incoming
            .pass(bytes, passed, admit)
            .map_err(|_| io::ErrorKind::ConnectionAborted.into())
    }

    /// Says GOAWAY, if there is one to be said and this is the place.
    fn poll_goaway(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.outgoing.is_between() && !self.goaway.is_empty() {
            let written = ready!(super::poll_write(&self.tcp, cx, &self.goaway))?;
            self.goaway.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.passed.is_empty() {
            let mut bytes = [0; 8_192];
            let read = ready!(super::poll_read(&self.tcp, cx, &mut bytes))?;
            if read == 0 {
                return Poll::Ready(Ok(()));
            }
            self.pass(&bytes[..read])?;
        }
        let fits = buffer.remaining().min(self.passed.len());
        buffer.put_slice(&self.passed.split_to(fits));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_goaway(cx))?;
        let most = if self.goaway.is_empty() {
            bytes.len()
        } else {
            self.outgoing.within()
        };
        let bytes = &bytes[..most.min(bytes.len())];
        let written = ready!(super::poll_write(&self.tcp, cx, bytes))?;
        self.outgoing.pass(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    /// h2 asks for it whenever it has read, so GOAWAY is said at once.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_goaway(cx)
    }

    /// The connection's [`Ending`] does it.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

//! The listening socket, which can be closed and bound again.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

use crate::clock;

/// Out of file descriptors, or a port that somebody has taken: it will be free soon.
const AGAIN_AFTER: Duration = Duration::from_millis(20);

/// Connections that may wait to be accepted. One that finds no room tries again after a second.
const BACKLOG: u32 = 4_096;

#[derive(Debug)]
pub(super) struct Door {
    address: SocketAddr,
    runtime: Handle,
    state: Mutex<State>,
    changed: Notify,
    /// Tells the open connections to leave.
    leave: watch::Sender<()>,
}

#[derive(Debug)]
enum State {
    Open(TcpListener),
    Closed { until: Instant },
    Shut,
}

impl Door {
    pub(super) fn open(address: SocketAddr) -> io::Result<Self> {
        let listener = bind(address)?;
        Ok(Self {
            address: listener.local_addr()?,
            runtime: Handle::current(),
            state: Mutex::new(State::Open(listener)),
            changed: Notify::new(),
            leave: watch::Sender::new(()),
        })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes it: from here on connections are refused.
    pub(super) fn close(&self, until: Instant) {
        self.change(|state| {
            if !matches!(state, State::Shut) {
                *state = State::Closed { until };
            }
        });
        self.leave.send_replace(());
    }

    /// Closes it for good.
    pub(super) fn shut(&self) {
        self.change(|state| *state = State::Shut);
    }

    /// Opens it, if it is closed; from here on connections are accepted.
    pub(super) fn reopen(&self) {
        self.reopen_if(|_| true);
    }

    fn reopen_if(&self, due: impl FnOnce(Instant) -> bool) {
        // The caller may stand outside of the runtime.
        let _inside = self.runtime.enter();
        self.change(|state| {
            if let State::Closed { until } = *state
                && due(until)
            {
                *state = match bind(self.address) {
                    Ok(listener) => State::Open(listener),
                    Err(_) => State::Closed {
                        until: clock::after(clock::now(), AGAIN_AFTER),
                    },
                };
            }
        });
    }

    /// Changes when the open connections are to leave.
    pub(super) fn leaving(&self) -> watch::Receiver<()> {
        self.leave.subscribe()
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> TcpStream {
        loop {
            let closed_until = match *self.state() {
                State::Closed { until } => Some(until),
                State::Open(_) | State::Shut => None,
            };
            tokio::select! {
                () = self.changed.notified() => {}
                () = passed(closed_until) => self.reopen_if(|until| until <= clock::now()),
                accepted = poll_fn(|cx| self.poll_accept(cx)) => match accepted {
                    Ok((tcp, _)) => return tcp,
                    Err(_) => clock::sleep_until(clock::after(clock::now(), AGAIN_AFTER)).await,
                },
            }
        }
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        match &*self.state() {
            State::Open(listener) => listener.poll_accept(cx),
            State::Closed { .. } | State::Shut => Poll::Pending,
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Listens, with room for a whole fleet that comes at once.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // On Windows this would let two listen on the same port; elsewhere, to listen again at once.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Never, if there is no such moment.
async fn passed(moment: Option<Instant>) {
    match moment {
        Some(moment) => clock::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

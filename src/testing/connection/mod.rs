//! One connection: which protocol it speaks, and how it ends.

mod frames;
mod http1;
mod http2;
mod stream;
mod wire1;
mod wire2;

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;

use super::shared::Shared;
use crate::clock;

/// How an HTTP/2 connection begins (RFC 9113 section 3.4), as far as no HTTP/1.1 request does.
const PREFACE: &[u8] = b"PRI * HTTP/2.0";

/// The greeting of a mail server. To HTTP/2 it is the head of a frame that is far too long.
const GARBAGE: &[u8] = b"220 mail.test ESMTP ready\r\n\r\n";

/// How a connection ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Ending {
    #[default]
    Close,
    Reset,
    /// These bytes, then it closes.
    Send(Vec<u8>),
}

/// Serves one connection until it ends, or until it is told to leave.
pub(super) async fn serve(tcp: TcpStream, shared: Arc<Shared>, mut leaving: watch::Receiver<()>) {
    // Else each second write of an answer waits 40 ms for the first one's ACK.
    let _ = tcp.set_nodelay(true);
    let tcp = Arc::new(tcp);
    let http2 = tokio::select! {
        http2 = begins_http2(&tcp) => http2,
        _ = leaving.changed() => return,
    };
    let ending = match http2 {
        Ok(true) => http2::serve(&tcp, shared, leaving).await,
        Ok(false) => http1::serve(&tcp, shared, leaving).await,
        Err(_) => return,
    };
    // It may be gone already.
    let _ = ending.perform(&tcp).await;
}

/// Looks at the first bytes, and leaves them unread.
async fn begins_http2(tcp: &TcpStream) -> io::Result<bool> {
    let mut start = [0; PREFACE.len()];
    loop {
        let seen = tcp.peek(&mut start).await?;
        if seen == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if !PREFACE.starts_with(&start[..seen]) {
            return Ok(false);
        }
        if seen == PREFACE.len() {
            return Ok(true);
        }
        // The socket stays readable, so nothing would wake this when the rest comes.
        clock::sleep_until(clock::after(clock::now(), Duration::from_millis(1))).await;
    }
}

impl Ending {
    /// The last drop of the socket, which is the caller's, closes it.
    async fn perform(self, tcp: &TcpStream) -> io::Result<()> {
        match self {
            Self::Close => Ok(()),
            Self::Reset => tcp.set_zero_linger(),
            Self::Send(bytes) => write_all(tcp, &bytes).await,
        }
    }
}

async fn write_all(tcp: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = poll_fn(|cx| poll_write(tcp, cx, bytes)).await?;
        bytes = &bytes[written..];
    }
    Ok(())
}

/// Reads what is there; nothing is the end.
fn poll_read(tcp: &TcpStream, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
    loop {
        ready!(tcp.poll_read_ready(cx))?;
        match tcp.try_read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            read => return Poll::Ready(read),
        }
    }
}

fn poll_write(tcp: &TcpStream, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
    loop {
        ready!(tcp.poll_write_ready(cx))?;
        match tcp.try_write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            written => return Poll::Ready(written),
        }
    }
}

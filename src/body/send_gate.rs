//! The proof that a request was never sent.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use std::task::{Context, Poll, ready};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::BoxError;
use crate::policy::Progress;

/// No transport has wrapped a body with it: nothing can be proven.
const IDLE: u8 = 0;
/// A body is wrapped, and the connection has not looked at it.
const ARMED: u8 = 1;
/// The connection has asked about the body: the head may be on its way.
const TAKEN: u8 = 2;
/// The connection has asked for the body's bytes.
const POLLED: u8 = 3;
/// Closed while still armed: the connection will get an error in place of the body.
const REVOKED: u8 = 4;
/// The connection has asked for the body's bytes, and got the body's own error.
const FAILED: u8 = 5;

/// A gate that the connection must take before it writes a request.
///
/// It travels as a request extension. The layer that times the attempt puts it there; the
/// transport wraps the body with it; when time runs out, [`revoke`](Self::revoke) tells whether
/// anything can have been written.
///
/// The connection cannot write a head before it has asked the body for its length or its end,
/// because `content-length` and `END_STREAM` depend on them: that question takes the gate. The
/// first poll would be too late. HTTP/2 queues the head before it polls the body, on a task of its
/// own, and a server may act on a head alone.
#[derive(Clone, Debug)]
pub(crate) struct SendGate(Arc<AtomicU8>);

impl SendGate {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU8::new(IDLE)))
    }

    /// Wraps `body`. An empty one passes ungated, because the end of its stream goes out with the
    /// head, and so cannot be held back.
    pub(crate) fn arm<B: Body>(&self, body: B) -> GatedBody<B> {
        let armed = !body.is_end_stream();
        self.wrap(body, armed)
    }

    /// Wraps `body`, and an empty one too: its end is then told by a poll, as if it had bytes.
    ///
    /// On the wire that is `content-length: 0`, which a POST should carry (RFC 9110 section 8.6),
    /// and with HTTP/2 an empty DATA frame.
    pub(crate) fn arm_empty_too<B: Body>(&self, body: B) -> GatedBody<B> {
        self.wrap(body, true)
    }

    /// Whether the connection may have written something; from now on it will not, if it has not.
    ///
    /// Drop the response future first: a request whose future is gone is not even begun.
    pub(crate) fn revoke(&self) -> Progress {
        match self.0.compare_exchange(ARMED, REVOKED, AcqRel, Acquire) {
            Ok(_) | Err(REVOKED) => Progress::Unsent,
            Err(_) => Progress::MaybeSent,
        }
    }

    /// Whether the connection has asked for the body's bytes.
    pub(crate) fn was_polled(&self) -> bool {
        matches!(self.0.load(Acquire), POLLED | FAILED)
    }

    /// Whether the body has failed by itself. With HTTP/2 its error does not come back.
    pub(crate) fn has_failed(&self) -> bool {
        self.0.load(Acquire) == FAILED
    }

    fn fail(&self) {
        self.0.store(FAILED, Release);
    }

    fn wrap<B>(&self, body: B, armed: bool) -> GatedBody<B> {
        if armed {
            // A gate that was used before keeps its state: it can prove less, never more.
            let _ = self.0.compare_exchange(IDLE, ARMED, AcqRel, Acquire);
        }
        GatedBody {
            body,
            gate: armed.then(|| self.clone()),
            untouched: true,
        }
    }

    /// The state after the connection has asked about the body.
    fn take(&self) -> u8 {
        match self.0.compare_exchange(ARMED, TAKEN, AcqRel, Acquire) {
            Ok(_) => TAKEN,
            Err(state) => state,
        }
    }

    /// Opens the gate for the body's bytes, unless it was revoked.
    fn pass(&self) -> Result<(), Revoked> {
        if self.was_polled() {
            return Ok(());
        }
        self.0
            .fetch_update(AcqRel, Acquire, |state| {
                (state != REVOKED).then_some(POLLED)
            })
            .map(|_| ())
            .map_err(|_| Revoked)
    }
}

pin_project! {
    /// A body behind a [`SendGate`].
    pub(crate) struct GatedBody<B> {
        #[pin]
        body: B,
        gate: Option<SendGate>,
        // True until the connection polls the body for the first time.
        untouched: bool,
    }
}

impl GatedBody<super::Body> {
    /// Asks a stream for its first frame, before a connection is asked for. The gate stays as it
    /// is: nothing is sent by that.
    pub(crate) fn look_ahead(&mut self, cx: &mut Context<'_>) -> Result<(), BodyFailed> {
        self.body.look_ahead(cx).map_err(|source| BodyFailed {
            first: true,
            source,
        })
    }
}

impl<B> Body for GatedBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let this = self.project();
        if let Some(Err(revoked)) = this.gate.as_ref().map(SendGate::pass) {
            return Poll::Ready(Some(Err(revoked.into())));
        }
        let first = std::mem::take(this.untouched);
        match ready!(this.body.poll_frame(cx)) {
            Some(Err(error)) => {
                if let Some(gate) = this.gate {
                    gate.fail();
                }
                let failed = BodyFailed {
                    first,
                    source: error.into(),
                };
                Poll::Ready(Some(Err(failed.into())))
            }
            Some(Ok(frame)) => Poll::Ready(Some(Ok(frame))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.gate {
            None => self.body.is_end_stream(),
            Some(gate) => gate.take() == POLLED && self.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.gate {
            // A byte that never comes: whatever the method, the connection has to poll for it,
            // and meets the error before it flushes the head.
            Some(gate) if gate.take() == REVOKED => SizeHint::with_exact(1),
            _ => self.body.size_hint(),
        }
    }
}

/// The attempt ended before the connection took the body.
#[derive(Debug)]
pub(crate) struct Revoked;

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the attempt ended before its request was written")
    }
}

impl Error for Revoked {}

/// The request body failed by itself.
#[derive(Debug)]
pub(crate) struct BodyFailed {
    first: bool,
    source: BoxError,
}

impl BodyFailed {
    /// Whether it failed no later than at the connection's first poll.
    pub(crate) const fn at_first_poll(&self) -> bool {
        self.first
    }
}

impl fmt::Display for BodyFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request body failed")
    }
}

impl Error for BodyFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

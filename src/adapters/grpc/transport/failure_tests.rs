//! What the errors of a channel prove, by their types.

use std::fmt;

use tonic::{Code, Status};

use super::*;
use crate::policy::Delivery;

fn io(kind: io::ErrorKind) -> io::Error {
    io::Error::from(kind)
}

fn connect(cause: impl Into<BoxError>) -> ConnectError {
    ConnectError(cause.into())
}

/// An error of some other crate around another.
#[derive(Debug)]
struct Wrapping(BoxError);

impl fmt::Display for Wrapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("wrapping")
    }
}

impl StdError for Wrapping {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

#[test]
fn a_connect_error_has_sent_nothing_whatever_its_cause() {
    for (cause, expected) in [
        (io::ErrorKind::ConnectionRefused, Failure::Refused),
        (io::ErrorKind::TimedOut, Failure::ConnectTimeout),
        (io::ErrorKind::NetworkUnreachable, Failure::Connect),
        (io::ErrorKind::ConnectionReset, Failure::Connect),
    ] {
        let proven = proof(&connect(Wrapping(io(cause).into())));
        assert_eq!(proven, Proof::Failed(expected));
        assert_eq!(expected.delivery(), Delivery::NotSent);
    }
    let other = proof(&connect("no certificate"));
    assert_eq!(other, Proof::Failed(Failure::Connect));
}

#[test]
fn a_connect_error_inside_another_proves_nothing() {
    let anothers = Wrapping(connect(io(io::ErrorKind::ConnectionRefused)).into());
    assert_eq!(proof(&anothers), Proof::Nothing);
    assert_eq!(proof(&Wrapping(TimeoutExpired(()).into())), Proof::Nothing);
}

#[test]
fn a_strangers_io_error_does_not_tell_that_nothing_was_sent() {
    for kind in [io::ErrorKind::TimedOut, io::ErrorKind::ConnectionRefused] {
        assert_eq!(proof(&io(kind)), Proof::Nothing);
    }
}

#[test]
fn a_timeout_of_the_channel_is_known_for_one() {
    assert_eq!(proof(&TimeoutExpired(())), Proof::TimedOut);
}

#[test]
fn a_status_that_is_no_answer_proves_nothing() {
    for code in [Code::Unavailable, Code::NotFound, Code::Unauthenticated] {
        let error = classified(Status::new(code, "made here"), |_| None);
        assert_eq!(error.failure(), Some(Failure::Other));
        assert_eq!(error.delivery(), Delivery::Unknown);
    }
}

#[test]
fn what_is_known_here_outranks_the_error() {
    let known = classified(TimeoutExpired(()), |proof| {
        (proof == Proof::TimedOut).then_some(Failure::RequestBody)
    });
    assert_eq!(known.failure(), Some(Failure::RequestBody));
    let unknown = classified(TimeoutExpired(()), |_| None);
    assert_eq!(unknown.failure(), Some(Failure::Other));
}

#[test]
fn a_word_of_our_own_stays_as_it_is() {
    let ours = TransportError::new(Failure::Reset, connect("of another call"));
    let error = classified(ours, |_| Some(Failure::Refused));
    assert_eq!(error.failure(), Some(Failure::Reset));
    let refused = Error::config("no");
    assert!(classified(refused, |_| None).is_config());
}

#[test]
fn of_http2_only_a_reset_of_the_peers_says_more_than_that_it_broke() {
    // Made on this side, whatever its reason.
    let ours = h2::Error::from(h2::Reason::REFUSED_STREAM);
    assert_eq!(of_http2(&ours), Proof::Nothing);
    for kind in [io::ErrorKind::BrokenPipe, io::ErrorKind::UnexpectedEof] {
        assert_eq!(of_io(kind), Proof::Failed(Failure::Reset));
    }
    assert_eq!(of_io(io::ErrorKind::InvalidData), Proof::Nothing);
}

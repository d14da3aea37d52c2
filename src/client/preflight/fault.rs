//! Why a step failed, made from what the transport says.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use super::Problem;
use crate::client::transport::HandshakeFailure;
use crate::policy::Failure;

const DAY: u64 = 86_400;

/// What is wrong, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) problem: Problem,
    pub(super) reason: String,
}

impl Fault {
    pub(super) fn new(problem: Problem, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { problem, reason }
    }

    pub(super) fn timed_out(limit: Duration) -> Self {
        Self::new(Problem::TimedOut, format!("not done within {limit:.1?}"))
    }

    pub(super) fn no_connection(failure: Failure, address: SocketAddr) -> Self {
        match failure {
            Failure::Refused => Self::new(
                Problem::Refused,
                format!("{address} refused the connection"),
            ),
            Failure::ConnectTimeout => {
                Self::new(Problem::TimedOut, format!("{address} did not answer"))
            }
            _ => Self::new(Problem::Unreachable, format!("{address} cannot be reached")),
        }
    }

    pub(super) fn no_answer(failure: Failure) -> Self {
        let problem = match failure {
            Failure::Malformed => Problem::NotHttp,
            Failure::InvalidRequest => Problem::BadHeader,
            _ => Problem::NoAnswer,
        };
        Self::new(problem, failure.to_string())
    }

    pub(super) fn no_tls(failure: HandshakeFailure, host: &str) -> Self {
        let say = |problem, reason: &str| Self::new(problem, reason);
        match failure {
            HandshakeFailure::Expired(since) => {
                Self::new(Problem::CertificateExpired, expired(since))
            }
            HandshakeFailure::NotYetValid => say(
                Problem::CertificateNotYetValid,
                "the certificate is not valid yet",
            ),
            HandshakeFailure::UnknownIssuer => say(
                Problem::CertificateIssuer,
                "the certificate is signed by nobody who is trusted here",
            ),
            HandshakeFailure::WrongName(names) => {
                Self::new(Problem::CertificateName, wrong_name(host, &names))
            }
            HandshakeFailure::Revoked => {
                say(Problem::CertificateRevoked, "the certificate was revoked")
            }
            HandshakeFailure::Certificate => {
                say(Problem::CertificateInvalid, "the certificate is not valid")
            }
            HandshakeFailure::NotTls => say(Problem::NotTls, "what answered is not TLS"),
            HandshakeFailure::Incompatible => say(
                Problem::TlsIncompatible,
                "no TLS version or cipher in common",
            ),
            HandshakeFailure::UnknownName => Self::new(
                Problem::TlsBroken,
                format!("the upstream does not serve the name `{host}`"),
            ),
            HandshakeFailure::Closed => say(
                Problem::TlsBroken,
                "the connection ended during the handshake",
            ),
            HandshakeFailure::Other => say(Problem::TlsBroken, "the TLS handshake broke"),
        }
    }
}

fn expired(since: Option<Duration>) -> String {
    let mut reason = "the certificate has expired".to_owned();
    if let Some(days) = since.map(|since| since.as_secs() / DAY)
        && days > 0
    {
        let plural = if days == 1 { "" } else { "s" };
        // Writing to a string cannot fail.
        let _ = write!(reason, ", {days} day{plural} ago");
    }
    reason
}

/// A certificate may be for hundreds of names.
fn wrong_name(host: &str, names: &[String]) -> String {
    match names {
        [] => format!("the certificate is not for `{host}`"),
        [name] => format!("the certificate is for `{name}`, not for `{host}`"),
        [name, others @ ..] => format!(
            "the certificate is for `{name}` and {} more, not for `{host}`",
            others.len()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expired_certificate_says_since_when() {
        assert_eq!(expired(None), "the certificate has expired");
        let days = |days| expired(Some(Duration::from_secs(days * DAY)));
        assert_eq!(days(0), "the certificate has expired");
        assert_eq!(days(1), "the certificate has expired, 1 day ago");
        assert_eq!(days(42), "the certificate has expired, 42 days ago");
    }

    #[test]
    fn a_wrong_name_is_shown_beside_the_right_one() {
        let names = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            wrong_name("a.test", &names)
        };
        assert_eq!(names(&[]), "the certificate is not for `a.test`");
        assert_eq!(
            names(&["b.test"]),
            "the certificate is for `b.test`, not for `a.test`"
        );
        assert_eq!(
            names(&["b.test", "c.test", "d.test"]),
            "the certificate is for `b.test` and 2 more, not for `a.test`"
        );
    }

    #[test]
    fn a_connection_that_does_not_come_about_names_the_address() {
        let address = "192.0.2.1:443".parse().unwrap();
        for (failure, problem) in [
            (Failure::Refused, Problem::Refused),
            (Failure::ConnectTimeout, Problem::TimedOut),
            (Failure::Connect, Problem::Unreachable),
        ] {
            let fault = Fault::no_connection(failure, address);
            assert_eq!(fault.problem, problem);
            assert!(fault.reason.contains("192.0.2.1:443"), "{}", fault.reason);
        }
    }
}

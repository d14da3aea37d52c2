//! What broke a TLS handshake, in more detail than a retry needs: by type, never by text.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError, Error as TlsError, InvalidMessage};

use crate::on_hyper::classify::find;

/// Why there was no TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::client) enum HandshakeFailure {
    /// The certificate is past its life, by how much if that is told.
    Expired(Option<Duration>),
    NotYetValid,
    UnknownIssuer,
    /// It is for these names.
    WrongName(Vec<String>),
    Revoked,
    /// Something else about the certificate.
    Certificate,
    /// What answers does not speak TLS.
    NotTls,
    /// No version, cipher or protocol in common.
    Incompatible,
    /// The peer does not serve this host name.
    UnknownName,
    /// The connection ended in the middle.
    Closed,
    Other,
}

impl HandshakeFailure {
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        match find::<TlsError>(error) {
            Some(TlsError::InvalidCertificate(error)) => Self::of_certificate(error),
            Some(TlsError::InvalidMessage(InvalidMessage::InvalidContentType)) => Self::NotTls,
            Some(TlsError::PeerIncompatible(_) | TlsError::NoApplicationProtocol) => {
                Self::Incompatible
            }
            Some(TlsError::AlertReceived(alert)) => Self::of_alert(*alert),
            Some(_) => Self::Other,
            // An end of file carries no TLS error at all.
            None if find::<io::Error>(error).is_some() => Self::Closed,
            None => Self::Other,
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        match error {
            CertificateError::Expired => Self::Expired(None),
            CertificateError::ExpiredContext { time, not_after } => {
                let since = time.as_secs().checked_sub(not_after.as_secs());
                Self::Expired(since.map(Duration::from_secs))
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::NotValidForName => Self::WrongName(Vec::new()),
            CertificateError::NotValidForNameContext { presented, .. } => {
                Self::WrongName(presented.iter().map(|name| bare(name)).collect())
            }
            CertificateError::Revoked => Self::Revoked,
            _ => Self::Certificate,
        }
    }

    /// RFC 8446 section 6.2.
    fn of_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity
            | AlertDescription::NoApplicationProtocol
            | AlertDescription::ProtocolVersion => Self::Incompatible,
            AlertDescription::UnrecognisedName => Self::UnknownName,
            _ => Self::Other,
        }
    }
}

/// A name comes as `DnsName("gateway.example")`.
fn bare(name: &str) -> String {
    name.split('"').nth(1).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(error: TlsError) -> HandshakeFailure {
        HandshakeFailure::of(&io::Error::other(io::Error::other(error)))
    }

    #[test]
    fn certificates_are_told_apart() {
        let certificate = |error| of(TlsError::InvalidCertificate(error));
        for (error, told) in [
            (CertificateError::Expired, HandshakeFailure::Expired(None)),
            (CertificateError::NotValidYet, HandshakeFailure::NotYetValid),
            (
                CertificateError::UnknownIssuer,
                HandshakeFailure::UnknownIssuer,
            ),
            (
                CertificateError::NotValidForName,
                HandshakeFailure::WrongName(Vec::new()),
            ),
            (CertificateError::Revoked, HandshakeFailure::Revoked),
            (CertificateError::BadEncoding, HandshakeFailure::Certificate),
        ] {
            assert_eq!(certificate(error), told);
        }
    }

    #[test]
    fn the_rest_of_a_handshake_is_told_apart() {
        let alert = |alert| of(TlsError::AlertReceived(alert));
        assert_eq!(
            alert(AlertDescription::ProtocolVersion),
            HandshakeFailure::Incompatible
        );
        assert_eq!(
            alert(AlertDescription::UnrecognisedName),
            HandshakeFailure::UnknownName
        );
        assert_eq!(
            alert(AlertDescription::InternalError),
            HandshakeFailure::Other
        );
        assert_eq!(
            of(TlsError::InvalidMessage(InvalidMessage::InvalidContentType)),
            HandshakeFailure::NotTls
        );
        assert_eq!(of(TlsError::DecryptError), HandshakeFailure::Other);
        let end = io::Error::other(io::Error::from(io::ErrorKind::UnexpectedEof));
        assert_eq!(HandshakeFailure::of(&end), HandshakeFailure::Closed);
    }

    #[test]
    fn names_are_shown_bare() {
        assert_eq!(bare("DnsName(\"gateway.example\")"), "gateway.example");
        assert_eq!(bare("IpAddress(127.0.0.1)"), "IpAddress(127.0.0.1)");
    }
}

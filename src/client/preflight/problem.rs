//! What can be wrong, and what to do about it.

use std::fmt;

/// What is wrong at a step, told by the type of an error or by a status, never by text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Problem {
    /// The URL, or a path beside it, cannot be called.
    BadUrl,
    /// The policy requires https.
    PlainHttp,
    /// The host name did not resolve.
    UnknownHost,
    /// Nobody listens at the address.
    Refused,
    /// The address cannot be reached.
    Unreachable,
    /// The step did not end in time.
    TimedOut,
    /// The certificate is past its life.
    CertificateExpired,
    /// The certificate's life has not begun.
    CertificateNotYetValid,
    /// Nobody who is trusted vouches for the certificate.
    CertificateIssuer,
    /// The certificate is for another host name.
    CertificateName,
    /// The certificate was revoked.
    CertificateRevoked,
    /// The certificate is not valid for another reason.
    CertificateInvalid,
    /// What listens does not speak TLS.
    NotTls,
    /// There is no TLS version or cipher in common.
    TlsIncompatible,
    /// The handshake broke in another way.
    TlsBroken,
    /// A header is not valid.
    BadHeader,
    /// The client's own source has no credential.
    NoCredential,
    /// The credentials were refused, or are missing: 401, 403, 407.
    CredentialsRefused,
    /// There is nothing at this path: 404, 410.
    PathUnknown,
    /// The answer is a redirect, which is never followed.
    Redirected,
    /// Too many requests: 429.
    Throttled,
    /// Another status below 500: the request was not understood.
    Rejected,
    /// The upstream is not well: 5xx.
    Unwell,
    /// What answers does not speak HTTP.
    NotHttp,
    /// The connection ended without an answer.
    NoAnswer,
}

impl Problem {
    /// A stable name, in `snake_case`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadUrl => "bad_url",
            Self::PlainHttp => "plain_http",
            Self::UnknownHost => "unknown_host",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::CertificateExpired => "certificate_expired",
            Self::CertificateNotYetValid => "certificate_not_yet_valid",
            Self::CertificateIssuer => "certificate_issuer",
            Self::CertificateName => "certificate_name",
            Self::CertificateRevoked => "certificate_revoked",
            Self::CertificateInvalid => "certificate_invalid",
            Self::NotTls => "not_tls",
            Self::TlsIncompatible => "tls_incompatible",
            Self::TlsBroken => "tls_broken",
            Self::BadHeader => "bad_header",
            Self::NoCredential => "no_credential",
            Self::CredentialsRefused => "credentials_refused",
            Self::PathUnknown => "path_unknown",
            Self::Redirected => "redirected",
            Self::Throttled => "throttled",
            Self::Rejected => "rejected",
            Self::Unwell => "unwell",
            Self::NotHttp => "not_http",
            Self::NoAnswer => "no_answer",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn fix(self) -> &'static str {
        match self {
            // What it should be is in the reason.
            Self::BadUrl | Self::PlainHttp => "correct it where this environment sets it",
            Self::UnknownHost => "check the host name, and which DNS this machine asks",
            Self::Refused => "check the port, and that the upstream is up",
            Self::Unreachable => "check routes, egress rules and firewalls",
            Self::TimedOut => {
                "check egress rules and firewalls, which drop packets in silence; else the upstream \
                 is slow"
            }
            Self::CertificateExpired => "have the upstream renew it; check this machine's clock",
            Self::CertificateNotYetValid => "check this machine's clock",
            Self::CertificateIssuer => {
                "install the platform's root certificates, give the client the upstream's root, or \
                 have the upstream send its whole chain"
            }
            Self::CertificateName => "use a host name that the certificate is for",
            Self::CertificateRevoked => "call nobody who holds it; ask the upstream for a new one",
            Self::CertificateInvalid => "ask the upstream for a valid one",
            Self::NotTls => "check the port, or use http if this upstream has no TLS",
            Self::TlsIncompatible => "have the upstream offer TLS 1.2 or 1.3 with common ciphers",
            Self::TlsBroken => {
                "check that the upstream serves TLS for this host name, and needs no client certificate"
            }
            Self::BadHeader => {
                "use visible ASCII with no line break at the end, and none of the connection's own headers"
            }
            Self::NoCredential => "check the source: its file, or who hands the credential out",
            Self::CredentialsRefused => {
                "check that this environment has a key, the current one, with the right scope"
            }
            Self::PathUnknown => "check the URL and the path",
            Self::Redirected => "use the URL that it points to: redirects are not followed",
            Self::Throttled => "wait, and check who else uses this key",
            Self::Rejected => "give a path that answers a GET with 2xx",
            Self::Unwell => "wait until the upstream is well, or ask its operator",
            Self::NotHttp => "check the port, and http or https",
            Self::NoAnswer => "check the port, and proxies in between",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

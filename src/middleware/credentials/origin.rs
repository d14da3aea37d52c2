//! Where a credential may be sent.

use std::fmt;

use http::Uri;
use http::uri::Scheme;

use super::CredentialError;

/// Scheme, host and port (RFC 6454 section 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    https: bool,
    host: Box<str>,
    port: u16,
}

impl Origin {
    pub(super) fn parse(text: &str) -> Result<Self, CredentialError> {
        let wrong = |problem| CredentialError::Origin {
            origin: shown(text),
            problem,
        };
        let uri: Uri = text.parse().map_err(|_| wrong(FIX))?;
        let bare = uri.path() == "/" && uri.query().is_none() && !text.contains(['@', '#']);
        let origin = Self::of(&uri).filter(|_| bare && !text.ends_with(':'));
        origin.ok_or_else(|| wrong(FIX))
    }

    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        let (https, host, port) = parts(uri)?;
        let host = host.to_ascii_lowercase().into();
        Some(Self { https, host, port })
    }

    /// Whether a request of this URI goes there.
    pub(crate) fn covers(&self, uri: &Uri) -> bool {
        parts(uri).is_some_and(|(https, host, port)| {
            (https, port) == (self.https, self.port) && self.host.eq_ignore_ascii_case(host)
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

const FIX: &str = "write it as `https://host` or `https://host:port`";

/// A URI without scheme or host, as a server sees it, has no origin.
fn parts(uri: &Uri) -> Option<(bool, &str, u16)> {
    let https = match uri.scheme()? {
        scheme if *scheme == Scheme::HTTPS => true,
        scheme if *scheme == Scheme::HTTP => false,
        _ => return None,
    };
    let host = uri.host().filter(|host| !host.is_empty())?;
    let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
    Some((https, host, port))
}

/// A password or a key may be in a URL.
fn shown(text: &str) -> String {
    if text.contains(['@', '?', '#']) {
        return "…".to_owned();
    }
    text.to_owned()
}

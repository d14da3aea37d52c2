//! Where a request goes.

use std::fmt;

use http::Uri;
use http::uri::Scheme;

use super::favour::Favour;

/// Where a request goes, as it was written: whoever writes it otherwise goes elsewhere.
pub(crate) struct Destination {
    is_http: bool,
    authority: Box<str>,
    /// What is kept for it keeps its place so much longer.
    pub(super) favour: Favour,
}

impl Destination {
    pub(crate) fn of(uri: &Uri) -> Self {
        Self {
            is_http: is_http(uri),
            authority: authority(uri).into(),
            favour: Favour::default(),
        }
    }

    pub(super) fn is_of(&self, uri: &Uri) -> bool {
        authority(uri) == &*self.authority && is_http(uri) == self.is_http
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_http { "http" } else { "https" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

/// What is kept for a destination.
pub(crate) trait Leads {
    fn destination(&self) -> &Destination;
}

/// Whether it holds a name or a password.
pub(super) fn tells_of_a_person(uri: &Uri) -> bool {
    authority(uri).as_bytes().contains(&b'@')
}

pub(super) fn authority(uri: &Uri) -> &str {
    uri.authority().map_or("", |authority| authority.as_str())
}

fn is_http(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTP)
}

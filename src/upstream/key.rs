//! What tells one upstream from another.

use std::hash::{Hash, Hasher};

use http::Uri;
use papaya::Equivalent;

/// A finer name for the upstream of a request, as a request extension: a circuit, a gate and a
/// budget of its own, so that a slow report endpoint does not open payments.
///
/// ```
/// let mut request = http::Request::get("https://api.example/reports").body(()).unwrap();
/// request.extensions_mut().insert(seawall::UpstreamName::new("reports"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UpstreamName(std::sync::Arc<str>);

impl UpstreamName {
    /// Any name that says what is reached; a few, not one for each customer.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Scheme, host, port, and the caller's finer name.
#[derive(Debug)]
pub(super) struct Key {
    https: bool,
    host: Box<str>,
    port: u16,
    name: Box<str>,
}

/// The same, borrowed from a request.
#[derive(Clone, Copy)]
pub(super) struct KeyRef<'a> {
    https: bool,
    host: &'a str,
    port: u16,
    name: &'a str,
}

impl<'a> KeyRef<'a> {
    pub(super) fn new(uri: &'a Uri, name: Option<&'a UpstreamName>) -> Self {
        let https = uri.scheme() != Some(&http::uri::Scheme::HTTP);
        Self {
            https,
            host: uri.host().unwrap_or_default(),
            port: uri.port_u16().unwrap_or(if https { 443 } else { 80 }),
            name: name.map_or("", UpstreamName::as_str),
        }
    }

    pub(super) fn to_owned(self) -> Key {
        Key {
            https: self.https,
            host: self.host.to_ascii_lowercase().into(),
            port: self.port,
            name: self.name.into(),
        }
    }
}

impl std::fmt::Display for KeyRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)?;
        if self.name.is_empty() {
            Ok(())
        } else {
            write!(f, "#{}", self.name)
        }
    }
}

impl Key {
    fn borrow(&self) -> KeyRef<'_> {
        KeyRef {
            https: self.https,
            host: &self.host,
            port: self.port,
            name: &self.name,
        }
    }
}

// Host names are compared without regard to case (RFC 9110 section 4.2.3).
impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.https.hash(state);
        self.port.hash(state);
        self.name.hash(state);
        if self.host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            state.write(self.host.to_ascii_lowercase().as_bytes());
        } else {
            state.write(self.host.as_bytes());
        }
    }
}

impl PartialEq for KeyRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.https == other.https
            && self.port == other.port
            && self.host.eq_ignore_ascii_case(other.host)
            && self.name == other.name
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.borrow().hash(state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.borrow() == other.borrow()
    }
}

impl Eq for Key {}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self == key.borrow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(uri: &'static str, name: Option<&UpstreamName>) -> Key {
        KeyRef::new(&Uri::from_static(uri), name).to_owned()
    }

    #[test]
    fn path_and_case_do_not_matter() {
        assert_eq!(
            key("https://API.example/a?b", None),
            key("https://api.example:443/c", None)
        );
    }

    #[test]
    fn scheme_port_and_name_do() {
        let plain = key("https://api.example/", None);
        assert_ne!(plain, key("http://api.example/", None));
        assert_ne!(plain, key("https://api.example:8443/", None));
        assert_ne!(
            plain,
            key("https://api.example/", Some(&UpstreamName::new("reports")))
        );
    }
}

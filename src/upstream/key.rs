//! What tells one upstream from another.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use http::Uri;
use http::uri::{Authority, Scheme};
use papaya::Equivalent;

/// A finer name for the upstream of a request, as a request extension: a circuit, a gate and a
/// budget of its own, so that a slow report endpoint does not open payments.
///
/// ```
/// let mut request = http::Request::get("https://api.example/reports").body(()).unwrap();
/// request.extensions_mut().insert(seawall::UpstreamName::new("reports"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UpstreamName(Arc<str>);

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

/// Scheme, host, port, and the caller's finer name: an upstream's name, and where its parts lie.
#[derive(Clone, Debug)]
pub(super) struct Key {
    written: Arc<str>,
    host_ends: u32,
    port: u16,
    https: bool,
    is_finer: bool,
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
        let https = uri.scheme() != Some(&Scheme::HTTP);
        let (host, port) = uri.authority().map_or(("", None), host_and_port);
        Self {
            https,
            host,
            port: port.unwrap_or(if https { 443 } else { 80 }),
            name: name.map_or("", UpstreamName::as_str),
        }
    }

    /// Host names are compared without regard to case (RFC 9110 section 4.2.3), and kept in lower case.
    pub(super) fn to_owned(self) -> Key {
        let host = self.host.to_ascii_lowercase();
        let scheme = scheme(self.https);
        let host_ends = scheme.len() + HOST_FOLLOWS.len() + host.len();
        Key {
            written: KeyRef {
                host: &host,
                ..self
            }
            .to_string()
            .into(),
            host_ends: u32::try_from(host_ends).unwrap_or(u32::MAX),
            port: self.port,
            https: self.https,
            is_finer: !self.name.is_empty(),
        }
    }
}

/// What lies between scheme and host.
const HOST_FOLLOWS: &str = "://";

const fn scheme(https: bool) -> &'static str {
    if https { "https" } else { "http" }
}

/// Both in one go; a user's name and password are none of its business.
fn host_and_port(authority: &Authority) -> (&str, Option<u16>) {
    let authority = authority.as_str();
    // Of so few bytes, each is looked at more quickly than a search begins.
    let user_ends = authority.bytes().rposition(|byte| byte == b'@');
    let bare = &authority[user_ends.map_or(0, |at| at + 1)..];
    let ends = if bare.starts_with('[') {
        bare.bytes()
            .position(|byte| byte == b']')
            .map(|last| last + 1)
    } else {
        bare.bytes().position(|byte| byte == b':')
    };
    let (host, port) = bare.split_at(ends.unwrap_or(bare.len()));
    let port = port.strip_prefix(':').and_then(|port| port.parse().ok());
    (host, port)
}

impl std::fmt::Display for KeyRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = scheme(self.https);
        write!(f, "{scheme}{HOST_FOLLOWS}{}:{}", self.host, self.port)?;
        if self.name.is_empty() {
            Ok(())
        } else {
            write!(f, "#{}", self.name)
        }
    }
}

impl Key {
    /// That of nobody's own state, which is found by no request.
    pub(super) fn nobodys(name: &str) -> Self {
        Self {
            written: name.into(),
            host_ends: 0,
            port: 0,
            https: false,
            is_finer: false,
        }
    }

    pub(super) fn name(&self) -> &Arc<str> {
        &self.written
    }

    pub(super) fn borrow(&self) -> KeyRef<'_> {
        let host_starts = scheme(self.https).len() + HOST_FOLLOWS.len();
        let host_ends = self.host_ends as usize;
        let host = self.written.get(host_starts..host_ends);
        let named = self.is_finer.then(|| self.written.get(host_ends..));
        let named = named.flatten().and_then(|follows| follows.split_once('#'));
        KeyRef {
            https: self.https,
            host: host.unwrap_or_default(),
            port: self.port,
            name: named.map_or("", |(_, name)| name),
        }
    }
}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let has_upper_case = |host: &str| {
            let upper = |found, byte: u8| found | byte.is_ascii_uppercase();
            host.bytes().fold(false, upper)
        };
        if has_upper_case(self.host) {
            state.write(self.host.to_ascii_lowercase().as_bytes());
        } else {
            state.write(self.host.as_bytes());
        }
        state.write_u32(u32::from(self.https) << 16 | u32::from(self.port));
        if !self.name.is_empty() {
            state.write(self.name.as_bytes());
        }
    }
}

impl PartialEq for KeyRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.https == other.https
            && self.port == other.port
            && (self.host == other.host || self.host.eq_ignore_ascii_case(other.host))
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
    fn host_and_port_are_those_that_the_uri_has() {
        for written in [
            "https://api.example",
            "https://api.example:",
            "https://api.example:8443",
            "https://api.example:99999",
            "http://shop:s3cret@api.example:81/",
            "http://shop@API.example/",
            "http://[::1]/",
            "http://[::1]:8080/",
            "http://a:b@[2001:db8::1]:8080/",
            "http://127.0.0.1:80",
            "/relative",
        ] {
            let uri = Uri::try_from(written).unwrap();
            let key = KeyRef::new(&uri, None);
            assert_eq!(key.host, uri.host().unwrap_or_default(), "{written}");
            let usual = if key.https { 443 } else { 80 };
            assert_eq!(key.port, uri.port_u16().unwrap_or(usual), "{written}");
            let owned = key.to_owned();
            assert!(key == owned.borrow(), "{written}: {owned:?}");
        }
    }

    #[test]
    fn the_parts_of_a_name_are_found_again() {
        let uri = Uri::from_static("https://API.example:8443/a");
        let name = UpstreamName::new("re#ports:1");
        let key = KeyRef::new(&uri, Some(&name)).to_owned();
        assert_eq!(&**key.name(), "https://api.example:8443#re#ports:1");
        let borrowed = key.borrow();
        assert_eq!(borrowed.host, "api.example");
        assert_eq!((borrowed.port, borrowed.name), (8443, "re#ports:1"));
    }

    #[test]
    fn what_is_equal_has_one_hash_and_what_differs_another() {
        let hasher = foldhash::fast::FixedState::with_seed(1);
        let hash =
            |uri: &'static str, name| std::hash::BuildHasher::hash_one(&hasher, key(uri, name));
        let plain = hash("https://api.example/", None);
        assert_eq!(plain, hash("https://API.example:443/", None));
        let reports = UpstreamName::new("reports");
        for other in [
            hash("http://api.example:443/", None),
            hash("https://api.example:444/", None),
            hash("https://apj.example/", None),
            hash("https://api.example/", Some(&reports)),
        ] {
            assert_ne!(plain, other);
        }
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

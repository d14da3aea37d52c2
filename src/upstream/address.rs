//! An upstream by its name.

use http::Uri;
use http::uri::Scheme;

use super::UpstreamName;
use super::key::KeyRef;

/// An upstream by its name: scheme, host, port if it is not the usual one, and `#` with the caller's
/// finer name if it has one.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    origin: Uri,
    finer: Option<UpstreamName>,
}

impl Address {
    /// `None`: that is no origin.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (origin, finer) = match text.split_once('#') {
            Some((origin, finer)) => (origin, Some(finer)),
            None => (text, None),
        };
        let uri: Uri = origin.to_ascii_lowercase().parse().ok()?;
        let known = [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&uri.scheme());
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        let bare = uri.path() == "/" && uri.query().is_none();
        // A name or a port that is none would be overlooked.
        let plain = uri.authority()?.as_str() == uri.host()? || uri.port_u16().is_some();
        let plain = plain && !origin.contains('@') && finer != Some("");
        (known && has_host && bare && plain).then(|| Self {
            origin: uri,
            finer: finer.map(UpstreamName::new),
        })
    }

    pub(super) fn key(&self) -> KeyRef<'_> {
        KeyRef::new(&self.origin, self.finer.as_ref())
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.key().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Option<String> {
        Address::parse(text).map(|address| address.to_string())
    }

    #[test]
    fn the_usual_port_and_a_slash_may_be_left_out() {
        for text in [
            "https://gateway.example",
            "https://gateway.example/",
            "https://gateway.example:443",
            "HTTPS://GateWay.example",
        ] {
            assert_eq!(named(text).as_deref(), Some("https://gateway.example:443"));
        }
        assert_eq!(
            named("http://127.0.0.1:8080#reports").as_deref(),
            Some("http://127.0.0.1:8080#reports")
        );
    }

    #[test]
    fn what_is_no_origin_is_no_upstream() {
        for text in [
            "",
            "gateway.example",
            "/v1",
            "ftp://gateway.example",
            "https://",
            "https://gateway.example/v1",
            "https://gateway.example?a=b",
            "https://me:s3cret@gateway.example",
            "https://gateway.example:",
            "https://gateway.example:99999",
            "https://gateway.example#",
            "https://gate way.example",
        ] {
            assert_eq!(named(text), None, "{text}");
        }
    }
}

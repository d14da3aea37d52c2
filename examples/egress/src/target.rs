//! Where a request goes: to the one upstream, whatever it asks for.

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{StatusCode, Uri};

use crate::problem::Problem;

/// The upstream: scheme, host, port, and the path that every request's path follows.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    scheme: Scheme,
    authority: Authority,
    /// Without a slash at its end.
    base: String,
}

impl Target {
    /// From an absolute URL without a query. `None`: it is not one.
    pub(crate) fn new(url: &str) -> Option<Self> {
        let parts = url.parse::<Uri>().ok()?.into_parts();
        let path = parts.path_and_query.as_ref().map_or("", PathAndQuery::path);
        Some(Self {
            base: path.trim_end_matches('/').to_owned(),
            scheme: parts.scheme?,
            authority: parts.authority?,
        })
    }

    pub(crate) fn is_plain_http(&self) -> bool {
        self.scheme == Scheme::HTTP
    }

    /// The upstream's name: scheme and authority, as it was given.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// Whether an operator means this upstream: the usual port may be left out.
    pub(crate) fn is(&self, name: &str) -> bool {
        let Ok(named) = name.parse::<Uri>() else {
            return false;
        };
        let is_bare = matches!(named.path(), "" | "/") && named.query().is_none();
        is_bare && !name.contains(['#', '@']) && self.is_origin_of(&named)
    }

    /// The URL to send a request with this target to.
    ///
    /// # Errors
    ///
    /// A [`Problem`] with a target that this upstream cannot be asked for: another host, or a path
    /// that leads out of the base path.
    pub(crate) fn of(&self, asked: &Uri) -> Result<Uri, Problem> {
        if asked.authority().is_some() && !self.is_origin_of(asked) {
            return Err(other_host());
        }
        let path = asked.path();
        if !path.starts_with('/') {
            return Err(no_path());
        }
        if climbs(path) {
            return Err(climbing());
        }
        let query = asked.query().map(|query| format!("?{query}"));
        let target = format!("{}{path}{}", self.base, query.unwrap_or_default());
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(target)
            .build();
        // The parts are parsed ones; together they may be too long.
        uri.map_err(|_| too_long())
    }

    fn is_origin_of(&self, uri: &Uri) -> bool {
        let own = (self.scheme.as_str(), self.authority.host());
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return false;
        };
        let port = |scheme: &str, given: Option<u16>| match scheme {
            "https" => given.unwrap_or(443),
            _ => given.unwrap_or(80),
        };
        own.0.eq_ignore_ascii_case(scheme)
            && own.1.eq_ignore_ascii_case(host)
            && port(own.0, self.authority.port_u16()) == port(scheme, uri.port_u16())
    }
}

/// Whether a path has a segment that leads up, as any server on the way may read it: with its dots or
/// its slashes encoded, or with parameters behind it.
fn climbs(path: &str) -> bool {
    let read = path
        .to_ascii_lowercase()
        .replace("%2e", ".")
        .replace("%3b", ";")
        .replace("%2f", "/")
        .replace("%5c", "/")
        .replace('\\', "/");
    read.split('/')
        .any(|segment| segment.split(';').next() == Some(".."))
}

fn other_host() -> Problem {
    Problem::here(
        StatusCode::MISDIRECTED_REQUEST,
        "other_host",
        "the request names another host, and everything sent here goes to one upstream: ask for a \
         path, such as `GET /payments`",
    )
}

fn no_path() -> Problem {
    Problem::here(
        StatusCode::BAD_REQUEST,
        "no_path",
        "the request asks for no path, and only a path can be sent on: begin it with a slash",
    )
}

fn climbing() -> Problem {
    Problem::here(
        StatusCode::BAD_REQUEST,
        "path_climbs",
        "the path has a segment `..`, which could lead out of the upstream's base path: write the \
         path that is meant",
    )
}

fn too_long() -> Problem {
    Problem::here(
        StatusCode::URI_TOO_LONG,
        "target_too_long",
        "the path and query, behind the upstream's base path, are longer than a URL can be: send \
         less in them",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent_to(upstream: &str, asked: &str) -> Result<String, StatusCode> {
        let target = Target::new(upstream).unwrap();
        let asked = asked.parse().unwrap();
        let sent = target.of(&asked).map_err(|problem| problem.status());
        Ok(sent?.to_string())
    }

    #[test]
    fn a_path_and_its_query_follow_the_base_as_they_are() {
        for (upstream, asked, sent) in [
            ("https://a.example", "/", "https://a.example/"),
            (
                "https://a.example/",
                "/pay?x=1",
                "https://a.example/pay?x=1",
            ),
            ("https://a.example/v1", "/pay", "https://a.example/v1/pay"),
            ("https://a.example/v1/", "/?", "https://a.example/v1/?"),
            (
                "http://a.example:81/v1",
                "/a%2Fb//c/./d;p/..e?to=../..",
                "http://a.example:81/v1/a%2Fb//c/./d;p/..e?to=../..",
            ),
            (
                "https://a.example",
                "//b.example/x",
                "https://a.example//b.example/x",
            ),
        ] {
            assert_eq!(sent_to(upstream, asked).as_deref(), Ok(sent));
        }
    }

    #[test]
    fn no_path_leads_out_of_the_base() {
        for asked in [
            "/..",
            "/../admin",
            "/a/../../admin",
            "/%2e%2E/admin",
            "/.%2e/admin",
            "/a/..%2fadmin",
            "/a%2F..%5Cadmin",
            "/..;x=1/admin",
            "/..%3bx/admin",
        ] {
            let refused = sent_to("https://a.example/v1", asked);
            assert_eq!(refused, Err(StatusCode::BAD_REQUEST), "{asked}");
        }
    }

    #[test]
    fn another_host_is_not_asked() {
        let upstream = "https://a.example/v1";
        for asked in [
            "https://b.example/pay",
            "http://a.example/pay",
            "https://a.example:8443/pay",
            "a.example:443",
        ] {
            let refused = sent_to(upstream, asked);
            assert_eq!(refused, Err(StatusCode::MISDIRECTED_REQUEST), "{asked}");
        }
        for asked in ["https://A.example/pay", "https://a.example:443/pay"] {
            let sent = sent_to(upstream, asked);
            assert_eq!(sent.as_deref(), Ok("https://a.example/v1/pay"));
        }
        assert_eq!(sent_to(upstream, "*"), Err(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn an_upstream_is_known_by_its_origin_alone() {
        let target = Target::new("https://a.example/v1").unwrap();
        assert_eq!(target.origin(), "https://a.example");
        for (name, is) in [
            ("https://a.example", true),
            ("https://a.example:443", true),
            ("https://a.example/", true),
            ("https://a.example/v1", false),
            ("https://a.example?x", false),
            ("https://a.example#fine", false),
            ("https://me@a.example", false),
            ("http://a.example", false),
            ("https://b.example", false),
            ("a.example", false),
            ("", false),
        ] {
            assert_eq!(target.is(name), is, "{name}");
        }
    }

    #[test]
    fn what_together_is_no_url_is_refused() {
        let long = format!("/{}", "x".repeat(60_000));
        let base = format!("https://a.example/{}", "y".repeat(10_000));
        assert_eq!(sent_to(&base, &long), Err(StatusCode::URI_TOO_LONG));
    }
}

//! What every request is given.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::{Scheme, Uri};

use super::Findings;
use crate::client::url;
use crate::compat::Config;
use crate::middleware::credentials::Origin;
use crate::middleware::require_https::is_exposed;
use crate::{Policy, Rule};

/// What is in the name of a header that says who calls, `x-api-key` or `x-auth-token`. A provider's own
/// is in its profile.
const CREDENTIALS: [&str; 9] = [
    "api-key",
    "apikey",
    "auth",
    "cookie",
    "credential",
    "passw",
    "secret",
    "signature",
    "token",
];

/// Headers that belong to one request, and are written by the client.
const FRAMING: [HeaderName; 4] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
];

/// What every request is given.
#[derive(Clone)]
pub(in crate::compat) struct Defaults {
    base: Option<Base>,
    headers: HeaderMap,
    user_agent: Option<HeaderValue>,
}

#[derive(Clone)]
struct Base {
    /// Without a slash at its end.
    url: String,
    origin: Origin,
}

impl Defaults {
    /// The absolute URL. A relative one never leaves the base URL's origin.
    pub(in crate::compat) fn url(&self, url: &str) -> String {
        match &self.base {
            Some(base) if !is_absolute(url) => base.join(url),
            _ => url.to_owned(),
        }
    }

    /// The headers of a request of this absolute URL.
    pub(in crate::compat) fn headers(&self, url: &str) -> HeaderMap {
        let is_ours = match (&self.base, url.parse::<Uri>()) {
            (None, _) => true,
            (Some(base), Ok(uri)) => base.origin.covers(&uri),
            (Some(_), Err(_)) => false,
        };
        let mut headers = if is_ours {
            self.headers.clone()
        } else {
            HeaderMap::new()
        };
        if let Some(user_agent) = &self.user_agent {
            headers.insert(header::USER_AGENT, user_agent.clone());
        }
        headers
    }
}

impl Base {
    fn join(&self, relative: &str) -> String {
        let url = &self.url;
        match relative.trim_start_matches('/') {
            path if path.is_empty() || path.starts_with('?') => format!("{url}{relative}"),
            path => format!("{url}/{path}"),
        }
    }
}

fn is_absolute(url: &str) -> bool {
    let schemes = [Scheme::HTTP, Scheme::HTTPS];
    url.split_once("://").is_some_and(|(scheme, _)| {
        let mut known = schemes.iter().map(Scheme::as_str);
        known.any(|known| known.eq_ignore_ascii_case(scheme))
    })
}

/// `None`: something in it is refused.
pub(super) fn map(
    config: &Config,
    preset: &Policy,
    findings: &mut Findings<'_>,
) -> Option<Defaults> {
    headers(config, preset, findings);
    let base = config
        .base_url
        .as_deref()
        .map(|url| base(url, preset, findings));
    let user_agent = config.user_agent.as_deref().map(HeaderValue::from_str);
    if let Some(Err(_)) = user_agent {
        let fix = "use visible ASCII characters and spaces";
        findings.refuse(&["user_agent"], "the user agent is no header value", fix);
    }
    let mut headers = config.headers.clone();
    for value in headers.values_mut() {
        value.set_sensitive(true);
    }
    Some(Defaults {
        base: match base {
            Some(base) => Some(base?),
            None => None,
        },
        headers,
        user_agent: user_agent.and_then(Result::ok),
    })
}

fn base(base_url: &str, preset: &Policy, findings: &mut Findings<'_>) -> Option<Base> {
    const FIELD: &[&str] = &["base_url"];
    let url = match url::check(FIELD, base_url) {
        Ok(url) => url,
        Err(violation) => {
            findings.refuse_as(violation);
            return None;
        }
    };
    let uri: Uri = url.parse().ok()?;
    if preset.requires_https() && is_exposed(&uri) {
        let problem = "base_url is plain HTTP beyond loopback";
        findings.refuse_unless_allowed(Rule::PlainHttp, FIELD, problem, "use https");
    }
    let origin = Origin::of(&uri)?;
    Some(Base { url, origin })
}

fn headers(config: &Config, preset: &Policy, findings: &mut Findings<'_>) {
    let provider = preset.provider();
    for name in config.headers.keys() {
        let is_credential = is_credential(config, name) || *name == provider.credential_header;
        if *name == provider.key_header {
            let problem = format!("`{name}` is a header of every request");
            let fix = "give each request a key of its own: the provider would answer all of them \
                       like the first";
            findings.refuse(&["headers"], problem, fix);
        } else if FRAMING.contains(name) {
            let problem = format!("`{name}` is a header of every request");
            findings.refuse(&["headers"], problem, "leave it out: the client writes it");
        } else if is_credential && config.base_url.is_none() {
            let problem = format!("`{name}` would be sent to every host that is called");
            let fix = "set base_url: default headers go to its origin only";
            findings.refuse(&["headers", "base_url"], problem, fix);
        }
    }
}

/// By its name, or because somebody has marked its value as sensitive.
fn is_credential(config: &Config, name: &HeaderName) -> bool {
    let is_named_so = CREDENTIALS.iter().any(|part| name.as_str().contains(part));
    let mut values = config.headers.get_all(name).iter();
    is_named_so || values.any(HeaderValue::is_sensitive)
}

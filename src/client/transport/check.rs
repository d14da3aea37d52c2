//! What is wrong with a request, before anything of it is sent.

use std::fmt;

use http::{Request, Uri, Version};

/// What the pool would refuse without a type to tell it by, or, worse, would accept.
pub(super) fn check<B>(request: &Request<B>) -> Result<(), InvalidRequest> {
    if !matches!(request.version(), Version::HTTP_11 | Version::HTTP_2) {
        return Err(InvalidRequest::Version(request.version()));
    }
    if !matches!(request.uri().scheme_str(), Some("http" | "https")) {
        return Err(InvalidRequest::Scheme);
    }
    check_authority(request.uri())
}

pub(in crate::client) fn check_authority(uri: &Uri) -> Result<(), InvalidRequest> {
    let Some(authority) = uri.authority() else {
        return Err(InvalidRequest::Host);
    };
    if authority.as_str().contains('@') {
        return Err(InvalidRequest::UserInfo);
    }
    if authority.host().is_empty() {
        return Err(InvalidRequest::Host);
    }
    let port = authority
        .as_str()
        .strip_prefix(authority.host())
        .unwrap_or_default();
    // A port that is no number is read as none, and the request would go to the scheme's own.
    if authority.port_u16().is_none() && port.len() > ":".len() {
        return Err(InvalidRequest::Port);
    }
    Ok(())
}

/// Why a request is not sent at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum InvalidRequest {
    Version(Version),
    Scheme,
    Host,
    UserInfo,
    Port,
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version(version) => {
                return write!(
                    f,
                    "the request asks for {version:?}: use HTTP/1.1 or HTTP/2"
                );
            }
            Self::Scheme => "the URL has no scheme that can be sent to: use http or https",
            Self::Host => "the URL has no host: use an absolute URL",
            Self::UserInfo => "the URL holds a user name: send it in an Authorization header",
            Self::Port => "the URL's port is not valid: use a number from 1 to 65535",
        })
    }
}

impl std::error::Error for InvalidRequest {}

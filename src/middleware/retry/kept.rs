//! The request as it will be sent again.

use http::{Extensions, Method, Request, Uri, Version};

use super::flat_headers::FlatHeaders;
use crate::body::Replay;

/// The request as it will be sent again: the same head, the same key, the same bytes. It is made into
/// a request only when there is a retry.
pub(super) struct Kept<B> {
    method: Method,
    uri: Uri,
    version: Version,
    headers: FlatHeaders,
    extensions: Extensions,
    body: B,
}

impl<B: Replay> Kept<B> {
    /// `None`: its body can be sent once. Whether a stream was kept shows only when it was sent.
    pub(super) fn of(request: &Request<B>) -> Option<Self> {
        Some(Self {
            body: request.body().replay()?,
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            headers: FlatHeaders::of(request.headers()),
            extensions: request.extensions().clone(),
        })
    }

    pub(super) fn body_mut(&mut self) -> &mut B {
        &mut self.body
    }

    pub(super) fn into_request(self) -> Request<B> {
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri;
        *request.version_mut() = self.version;
        *request.headers_mut() = self.headers.to_map();
        *request.extensions_mut() = self.extensions;
        request
    }
}

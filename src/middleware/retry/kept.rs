//! The request as it will be sent again.

use http::{Extensions, Method, Request, Uri, Version};

use super::flat_headers::FlatHeaders;
use crate::body::Replay;

/// The request as it will be sent again: the same head, the same key, the same bytes. It is made into
/// a request only when there is a retry.
pub(in crate::middleware) struct Kept<B> {
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
        Some(Self::with(request.body().replay()?, request))
    }

    /// With this second body.
    pub(in crate::middleware) fn with(body: B, request: &Request<B>) -> Self {
        Self {
            body,
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            headers: FlatHeaders::of(request.headers()),
            extensions: request.extensions().clone(),
        }
    }

    pub(in crate::middleware) const fn method(&self) -> &Method {
        &self.method
    }

    /// The request without its body.
    pub(in crate::middleware) fn head(&self) -> Request<()> {
        let mut head = Request::new(());
        *head.method_mut() = self.method.clone();
        *head.uri_mut() = self.uri.clone();
        *head.version_mut() = self.version;
        *head.headers_mut() = self.headers.to_map();
        *head.extensions_mut() = self.extensions.clone();
        head
    }

    pub(super) fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    pub(super) fn body_mut(&mut self) -> &mut B {
        &mut self.body
    }

    pub(super) fn into_request(self) -> Request<B> {
        self.head().map(|()| self.body)
    }
}

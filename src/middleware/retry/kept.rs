//! The request as it will be sent again.

use http::{Extensions, Method, Request, Version};

use super::flat_head::FlatHead;
use crate::body::Replay;

/// The request as it will be sent again: the same head, the same key, the same bytes. It is made into
/// a request only when there is a retry.
pub(in crate::middleware) struct Kept<B> {
    method: Method,
    version: Version,
    head: FlatHead,
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
            version: request.version(),
            head: FlatHead::of(request),
            extensions: request.extensions().clone(),
        }
    }

    /// The path and the query of its URI; empty if it has none.
    pub(in crate::middleware) fn target(&self) -> &[u8] {
        self.head.target()
    }

    /// Its body, of which nothing was read.
    pub(in crate::middleware) const fn body(&self) -> &B {
        &self.body
    }

    /// The request without its body.
    pub(in crate::middleware) fn head(&self) -> Request<()> {
        let mut head = Request::new(());
        *head.method_mut() = self.method.clone();
        *head.version_mut() = self.version;
        (*head.uri_mut(), *head.headers_mut()) = self.head.uri_and_headers();
        *head.extensions_mut() = self.extensions.clone();
        head
    }

    pub(in crate::middleware) fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    pub(in crate::middleware) fn body_mut(&mut self) -> &mut B {
        &mut self.body
    }

    /// The request that is sent now, and what is kept of it, if another attempt may follow.
    pub(in crate::middleware) fn send(self, may_follow: bool) -> (Request<B>, Option<Self>) {
        let next = may_follow.then(|| self.body.replay()).flatten();
        let request = self.head();
        let again = next.map(|body| Self {
            body,
            method: self.method,
            version: self.version,
            head: self.head,
            extensions: self.extensions,
        });
        (request.map(|()| self.body), again)
    }
}

//! Connector and resolver of one known answer.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::iter;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

/// A connector that hands out the connection it was given, once.
pub(super) struct Handed<T>(Arc<Mutex<Option<T>>>);

impl<T> Handed<T> {
    pub(super) fn new(connection: T) -> Self {
        Self(Arc::new(Mutex::new(Some(connection))))
    }
}

impl<T> Clone for Handed<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Service<Uri> for Handed<T> {
    type Response = T;
    type Error = io::Error;
    type Future = Ready<io::Result<T>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        ready(connection.ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}

/// A resolver that knows one address.
#[derive(Clone)]
pub(super) struct Only(pub(super) IpAddr);

impl Service<Name> for Only {
    type Response = iter::Once<SocketAddr>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    /// The connector puts the URL's port in the place of zero.
    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(iter::once(SocketAddr::new(self.0, 0))))
    }
}

//! The credentials layer alone, on a service that knows nothing of it.

mod alarm;
mod attempt;
mod file;
mod limits;
mod measured;
mod replay;
mod stack;
mod together;
mod told;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use tower::ServiceExt;
use tower_layer::Layer;

use super::{Authenticate, Credential, CredentialError, Credentials, CredentialsLayer};
use crate::clock;
use crate::middleware::testing::*;

const ORIGIN: &str = "https://gateway.test";

fn bearer(token: &str) -> Credential {
    Credential::bearer(token).unwrap()
}

/// A source that says what it is told to say.
#[derive(Clone, Default)]
struct Vault(Arc<Shelf>);

#[derive(Default)]
struct Shelf {
    current: Mutex<Option<Credential>>,
    /// What the next renewals bring, each after a time.
    next: Mutex<VecDeque<(Duration, Brings)>>,
    asked: AtomicUsize,
}

enum Brings {
    Token(&'static str),
    /// The same as before.
    Nothing,
    Failure,
    Panic,
}

impl Vault {
    fn holding(token: &str) -> Self {
        let vault = Self::default();
        vault.set(token);
        vault
    }

    fn set(&self, token: &str) {
        *self.0.current.lock().unwrap() = Some(bearer(token));
    }

    fn then(self, brings: Brings) -> Self {
        self.then_after(Duration::ZERO, brings)
    }

    fn then_after(self, time: Duration, brings: Brings) -> Self {
        self.0.next.lock().unwrap().push_back((time, brings));
        self
    }

    /// How often it was asked for another.
    fn asked(&self) -> usize {
        self.0.asked.load(SeqCst)
    }
}

impl Credentials for Vault {
    fn current(&self) -> Option<Credential> {
        self.0.current.lock().unwrap().clone()
    }

    async fn refresh(&self) -> Result<(), CredentialError> {
        self.0.asked.fetch_add(1, SeqCst);
        let next = self.0.next.lock().unwrap().pop_front();
        let (time, brings) = next.expect("it is asked no more often than the test says");
        if !time.is_zero() {
            pass(time).await;
        }
        match brings {
            Brings::Token(token) => self.set(token),
            Brings::Nothing => {}
            Brings::Failure => {
                return Err(CredentialError::unavailable("the vault is sealed"));
            }
            Brings::Panic => panic!("a source of somebody's own"),
        }
        Ok(())
    }
}

/// A service of the layer around a scripted upstream.
#[derive(Clone)]
struct Signed(Authenticate<Script>);

impl Signed {
    fn new(upstream: &Script, source: impl Credentials) -> Self {
        let layer = CredentialsLayer::new(ORIGIN, source).unwrap();
        Self::with(&layer, upstream)
    }

    fn with(layer: &CredentialsLayer, upstream: &Script) -> Self {
        Self(layer.layer(upstream.clone()))
    }

    async fn send(&self, request: Call) -> Outcome {
        self.0.clone().oneshot(request).await
    }

    async fn start(&self, request: Call) -> tokio::task::JoinHandle<Outcome> {
        let call = tokio::spawn(self.0.clone().oneshot(request));
        settle().await;
        call
    }
}

fn answered<C: std::fmt::Debug>(outcome: &Result<http::Response<C>, crate::Error>) -> StatusCode {
    outcome.as_ref().unwrap().status()
}

/// The tokens that the upstream saw, in their order.
fn tokens(upstream: &Script) -> Vec<String> {
    let seen = upstream.seen().into_iter();
    let token = |seen: Seen| seen.authorization.unwrap_or_default();
    seen.map(|seen| token(seen).replace("Bearer ", ""))
        .collect()
}

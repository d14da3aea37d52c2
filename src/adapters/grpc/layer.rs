//! The layer.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use tower_layer::Layer;

use super::service::{GrpcService, Setting};
use super::transport::{GrpcTransport, STATUS_WAIT};
use crate::middleware::Resilience;
use crate::upstream::Address;
use crate::{Body, Control, CredentialsLayer, Error, Policy, ResilienceLayer, Upstreams};

/// A `Channel` within the whole stack: what a generated client takes.
pub type GrpcStack<S> = GrpcService<Resilience<GrpcTransport<S>>>;

/// The whole stack around a tonic `Channel`.
///
/// See [the room](super) for what it does.
#[derive(Clone, Debug)]
pub struct GrpcLayer {
    stack: ResilienceLayer,
    origin: Uri,
    idempotent: Arc<HashSet<String>>,
    replay_limit: usize,
    status_wait: Duration,
}

impl GrpcLayer {
    /// The stack for one policy, around a channel to `origin`: the scheme, the host and the port that the
    /// channel was given. They name the upstream, as a generated client does not know them.
    ///
    /// # Errors
    ///
    /// `origin` is none.
    pub fn new(policy: Policy, origin: &str) -> Result<Self, Error> {
        Self::over(Upstreams::new(policy), origin)
    }

    /// The stack over upstreams that others share.
    ///
    /// # Errors
    ///
    /// `origin` is none.
    pub fn over(upstreams: Upstreams, origin: &str) -> Result<Self, Error> {
        Ok(Self {
            stack: ResilienceLayer::over(upstreams),
            origin: parse_origin(origin)?,
            idempotent: Arc::default(),
            replay_limit: Body::REPLAY_LIMIT,
            status_wait: STATUS_WAIT,
        })
    }

    /// The same, where these methods may be called twice and do no harm by that: those that only read,
    /// and those whose `idempotency_level` in the proto file says so. They are repeated as a GET is.
    ///
    /// Each is written as it is sent, `/package.Service/Method`, and no other is repeated by this.
    ///
    /// # Errors
    ///
    /// One of them is of another form.
    pub fn idempotent<M: Into<String>>(
        mut self,
        methods: impl IntoIterator<Item = M>,
    ) -> Result<Self, Error> {
        let mut declared = HashSet::clone(&self.idempotent);
        for method in methods {
            declared.insert(check_method(method.into())?);
        }
        self.idempotent = Arc::new(declared);
        Ok(self)
    }

    /// The same stack, which gives each attempt its credential.
    #[must_use]
    pub fn with_credentials(mut self, credentials: CredentialsLayer) -> Self {
        self.stack = self.stack.with_credentials(credentials);
        self
    }

    /// The same, where requests of at most `limit` bytes are kept to be sent again;
    /// [64 KiB](Body::REPLAY_LIMIT) unless it is said here. A longer one is sent once.
    #[must_use]
    pub const fn replay_limit(mut self, limit: usize) -> Self {
        self.replay_limit = limit;
        self
    }

    /// The same, where an answer without a status is held back for so long, for what comes first: a
    /// message, or the status. 100 ms unless it is said here.
    ///
    /// A server that fails says so in the head or right behind it, and a stream may be silent for long:
    /// its head is not to wait for that.
    #[must_use]
    pub const fn status_wait(mut self, wait: Duration) -> Self {
        self.status_wait = wait;
        self
    }

    /// The handle for whoever operates the upstreams.
    #[must_use]
    pub fn control(&self) -> Control {
        self.stack.control()
    }

    /// The upstreams, for other layers to share.
    #[must_use]
    pub fn upstreams(&self) -> &Upstreams {
        self.stack.upstreams()
    }
}

impl<S> Layer<S> for GrpcLayer {
    type Service = GrpcStack<S>;

    fn layer(&self, channel: S) -> GrpcStack<S> {
        let transport = GrpcTransport::new(channel).status_wait(self.status_wait);
        let setting = Setting {
            origin: self.origin.clone(),
            idempotent: Arc::clone(&self.idempotent),
            replay_limit: self.replay_limit,
            upstreams: self.stack.upstreams().clone(),
        };
        GrpcService::new(self.stack.layer(transport), setting)
    }
}

fn parse_origin(text: &str) -> Result<Uri, Error> {
    let is_origin = Address::parse(text).is_some() && !text.contains('#');
    let origin = text.parse().ok().filter(|_| is_origin);
    origin.ok_or_else(|| {
        // It may hold a password.
        let shown = if text.contains('@') { "…@…" } else { text };
        Error::config(format!(
            "`{shown}` is no origin: write the scheme, the host and the port of the channel, as in \
             `https://ledger.example:8443`"
        ))
    })
}

fn check_method(method: String) -> Result<String, Error> {
    let parts = method
        .strip_prefix('/')
        .and_then(|path| path.split_once('/'));
    let is_method = parts.is_some_and(|(service, name)| {
        !service.is_empty() && !name.is_empty() && !name.contains('/')
    });
    if is_method && method.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(method);
    }
    Err(Error::config(format!(
        "`{}` is no method of gRPC: write it as it is sent, `/package.Service/Method`",
        method.escape_debug()
    )))
}

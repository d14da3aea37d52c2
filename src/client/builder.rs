//! A client in the making.

use std::sync::Arc;
use std::time::Duration;

use super::Client;
use super::transport::{Settings, Transport};
use crate::event::Observer;
use crate::policy::circuit::LONGEST;
use crate::response_body::Limits;
use crate::{
    CredentialError, Credentials, CredentialsLayer, Error, Policy, Upstreams, UpstreamsBuilder,
};

/// DNS, TCP and TLS together take well under a second almost everywhere; five leave room for one
/// lost packet in each.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A gateway's answer is a few kilobytes, a page of a list some hundred: two MiB leave room for
/// both, and a hundred calls at once hold no more than 200 MiB of whatever is poured on them.
const RESPONSE_BODY_LIMIT: usize = 2 * 1024 * 1024;

/// A client in the making.
///
/// ```
/// use std::time::Duration;
/// use seawall::{Client, Policy};
///
/// let client = Client::builder(Policy::external())
///     .connect_timeout(Duration::from_secs(2))
///     .build()?;
/// # Ok::<(), seawall::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    upstreams: Share,
    pub(super) settings: Settings,
    pub(super) limits: Limits,
    credentials: Result<CredentialsLayer, CredentialError>,
}

/// Whose upstreams the client will use.
#[derive(Clone)]
enum Share {
    Own(Box<UpstreamsBuilder>),
    With(Upstreams),
}

impl Share {
    fn policy(&self) -> Arc<Policy> {
        match self {
            Self::Own(upstreams) => Arc::new(upstreams.policy().clone()),
            Self::With(upstreams) => upstreams.policy(),
        }
    }
}

impl ClientBuilder {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            settings: settings(&policy),
            limits: limits(&policy),
            upstreams: Share::Own(Box::new(Upstreams::builder(policy))),
            credentials: Ok(CredentialsLayer::default()),
        }
    }

    pub(super) fn over(upstreams: Upstreams) -> Self {
        Self {
            settings: settings(&upstreams.policy()),
            limits: limits(&upstreams.policy()),
            upstreams: Share::With(upstreams),
            credentials: Ok(CredentialsLayer::default()),
        }
    }

    /// Gives each attempt to this origin its credential: read for each, so that a rotated key takes
    /// effect on the next one, and replaced once after a 401.
    ///
    /// The origin is written as `https://host` or `https://host:port`, and may be one of several. The
    /// credential goes nowhere else, and a request that has the header already keeps its own. See
    /// [`credentials`](crate::credentials) for the sources.
    ///
    /// ```
    /// use seawall::credentials::from_fn;
    /// use seawall::{Client, Credential, Policy};
    ///
    /// let client = Client::builder(Policy::external())
    ///     .credentials("https://gateway.example", Credential::bearer("s3cret")?)
    ///     .credentials("https://reports.example", from_fn(|| async {
    ///         Credential::header("x-api-key", "s3cret")
    ///     }))
    ///     .build()?;
    /// # Ok::<(), seawall::Error>(())
    /// ```
    pub fn credentials(mut self, origin: &str, source: impl Credentials) -> Self {
        self.credentials = self.credentials.and_then(|layer| layer.and(origin, source));
        self
    }

    /// After how many attempts in a row that ended with 401 or 403 there is an alarm. Five by
    /// default. See [`CredentialsLayer::alarm_after`].
    pub fn authentication_alarm_after(mut self, attempts: u32) -> Self {
        self.credentials = self.credentials.map(|layer| layer.alarm_after(attempts));
        self
    }

    /// The longest a new connection may take: DNS, TCP and TLS together. Five seconds by default,
    /// or the attempt timeout if that is shorter.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
        self
    }

    /// How long an idle connection is kept. Twenty seconds by default: balancers close theirs after
    /// thirty and more, and whoever closes first never writes into a connection that is gone.
    pub fn pool_idle_timeout(mut self, timeout: Duration) -> Self {
        self.settings.pool_idle_timeout = timeout;
        self
    }

    /// How many idle connections are kept for each host. Not limited by default.
    pub fn pool_max_idle_per_host(mut self, connections: usize) -> Self {
        self.settings.pool_max_idle_per_host = connections;
        self
    }

    /// The longest response body that is collected, in bytes: by
    /// [`RequestBuilder::collect`](crate::RequestBuilder::collect), and by
    /// [`Response::bytes`](crate::Response::bytes), `text` and `json`. Two MiB by default: a
    /// gateway's answer is a few kilobytes, a page of a list some hundred. A longer one is an error,
    /// and is not read on; [`Response::into_http`](crate::Response::into_http) streams without a
    /// limit.
    pub fn response_body_limit(mut self, bytes: usize) -> Self {
        self.limits.size = bytes;
        self
    }

    /// The longest wait for the next frame of a response body. The policy's attempt timeout by
    /// default: nobody waits longer for the next frame than for the head. Time counts only while
    /// the caller waits, so a slow reader has all the time it wants.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.limits.read_timeout = timeout;
        self
    }

    /// One more root certificate to trust beside the platform's, DER-encoded.
    pub fn root_certificate(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.settings.root_certificates.push(der.into());
        self
    }

    /// HTTP/2 without asking, over plain TCP too. By default TLS agrees on the version, and plain
    /// HTTP is HTTP/1.1.
    pub fn http2_prior_knowledge(mut self) -> Self {
        self.settings.http2_only = true;
        self
    }

    /// Takes every chance (jitter, generated keys) from this seed: for simulations and tests. Of no
    /// effect over upstreams that others share.
    pub fn seed(self, seed: u64) -> Self {
        self.with_own(|upstreams| upstreams.seed(seed))
    }

    /// At most so many upstreams are remembered: 1,024 by default. See [`UpstreamsBuilder::capacity`]. Of
    /// no effect over upstreams that others share.
    pub fn upstream_capacity(self, upstreams: usize) -> Self {
        self.with_own(|own| own.capacity(upstreams))
    }

    /// One more who is told of every [event](crate::event). Upstreams that others share have their own
    /// observers, and take no more.
    pub fn observer(self, observer: impl Observer) -> Self {
        self.with_own(|upstreams| upstreams.observer(observer))
    }

    fn with_own(mut self, change: impl FnOnce(UpstreamsBuilder) -> UpstreamsBuilder) -> Self {
        self.upstreams = match self.upstreams {
            Share::Own(upstreams) => Share::Own(Box::new(change(*upstreams))),
            shared @ Share::With(_) => shared,
        };
        self
    }

    /// The client. Each override that the policy carries is logged at WARN.
    ///
    /// # Errors
    ///
    /// A [`Config`](crate::ErrorKind::Config) error if a root certificate cannot be read or TLS
    /// cannot be set up, if a timeout is zero or over 30 days, if the limit of response bodies is
    /// zero, if a credential was given for what is no origin, or if the provider's profile makes no
    /// sense.
    pub fn build(self) -> Result<Client, Error> {
        let timeouts = [
            ("connect timeout", self.settings.connect_timeout),
            ("pool idle timeout", self.settings.pool_idle_timeout),
            ("read timeout", self.limits.read_timeout),
        ];
        for (name, timeout) in timeouts {
            if timeout.is_zero() || timeout > LONGEST {
                let fix = "choose more than zero and at most 30 days";
                return Err(Error::config(format!("{name} is {timeout:?}: {fix}")));
            }
        }
        // A profile is plain data, and may have come into a preset unchecked.
        self.upstreams.policy().to_builder().build()?;
        if self.limits.size == 0 {
            let fix = "choose at least 1, or `usize::MAX` for no limit";
            return Err(Error::config(format!("response body limit is 0: {fix}")));
        }
        let credentials = self.credentials?;
        let transport = Transport::new(&self.settings)
            .map_err(|error| Error::config(error.to_string()).with_source(error))?;
        let upstreams = match self.upstreams {
            Share::Own(upstreams) => upstreams.build(),
            Share::With(upstreams) => upstreams,
        };
        Ok(Client::new(transport, upstreams, self.limits, credentials))
    }
}

fn settings(policy: &Policy) -> Settings {
    Settings::new(CONNECT_TIMEOUT.min(policy.attempt_timeout()))
}

fn limits(policy: &Policy) -> Limits {
    Limits {
        size: RESPONSE_BODY_LIMIT,
        read_timeout: policy.attempt_timeout(),
    }
}

//! The layer.

use std::time::Duration;

use tower_layer::Layer;

use super::{Authenticate, CredentialError, Credentials, SharedCredentials, Sources};

/// As long as an attempt to someone else's API may take.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(10);

/// One call makes one such attempt, so five are five calls: a single customer without a permission
/// is no alarm, and a key that was revoked is one within the first calls.
const ALARM_AFTER: u32 = 5;

/// Gives each attempt its credential, and replaces one that is refused, once.
///
/// It belongs inside the circuit, where each attempt passes, and outside the attempt timeout, so
/// that the time of a renewal is not taken from the attempt's. A layer without sources, which is its
/// default, does nothing.
///
/// ```
/// use seawall::{Credential, CredentialsLayer};
///
/// let layer = CredentialsLayer::new("https://gateway.example", Credential::bearer("s3cret")?)?;
/// assert!(!format!("{layer:?}").contains("s3cret"));
/// # Ok::<(), seawall::CredentialError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CredentialsLayer {
    sources: Sources,
    settings: Settings,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// `None`: nobody has said.
    refresh_timeout: Option<Duration>,
    pub(super) alarm_after: u32,
}

impl Settings {
    pub(super) fn refresh_timeout(self) -> Duration {
        self.refresh_timeout.unwrap_or(REFRESH_TIMEOUT)
    }
}

impl CredentialsLayer {
    pub(crate) const NONE: Self = Self {
        sources: Sources::NONE,
        settings: Settings {
            refresh_timeout: None,
            alarm_after: ALARM_AFTER,
        },
    };

    /// Credentials from this source, for requests to this origin and no other.
    ///
    /// The origin is a scheme, a host and, where it is not the scheme's own, a port. There is no way
    /// to send a credential wherever a request may go: one mistyped or redirected URL would give it
    /// away.
    ///
    /// # Errors
    ///
    /// If that is no origin.
    pub fn new(origin: &str, source: impl Credentials) -> Result<Self, CredentialError> {
        Self::default().and(origin, source)
    }

    /// Another source, for requests to another origin.
    ///
    /// # Errors
    ///
    /// If that is no origin, or it has a source already.
    pub fn and(self, origin: &str, source: impl Credentials) -> Result<Self, CredentialError> {
        let source = SharedCredentials::new(source);
        Ok(Self {
            sources: self.sources.with(origin, source)?,
            ..self
        })
    }

    /// After how many attempts in a row that ended with 401 or 403 there is an alarm, once, and
    /// another event when it is over. Five by default. Answers that say nothing of the credential, a
    /// 429 or a 503, do not count.
    ///
    /// In a [`ResilienceLayer`], a client, or below a [`CircuitLayer`] that
    /// [knows of it](crate::CircuitLayer::with_credentials), attempts are counted for each upstream,
    /// the caller's own credentials included, and every observer is told:
    /// [`AuthenticationFailing`](crate::event::Event::AuthenticationFailing). A layer that stands alone
    /// counts for each of its sources, and writes to the log.
    ///
    /// [`ResilienceLayer`]: crate::ResilienceLayer
    /// [`CircuitLayer`]: crate::CircuitLayer
    #[must_use]
    pub fn alarm_after(mut self, attempts: u32) -> Self {
        self.settings.alarm_after = attempts;
        self
    }

    /// How long a renewal may take. By default ten seconds, and in a [`ResilienceLayer`] and a
    /// client the policy's attempt timeout. The deadline holds too.
    ///
    /// [`ResilienceLayer`]: crate::ResilienceLayer
    #[must_use]
    pub fn refresh_timeout(mut self, timeout: Duration) -> Self {
        self.settings.refresh_timeout = Some(timeout);
        self
    }

    /// The same, for where nothing else was said.
    pub(crate) fn or_refresh_timeout(mut self, timeout: Duration) -> Self {
        self.settings.refresh_timeout.get_or_insert(timeout);
        self
    }

    pub(crate) const fn alarms_after(&self) -> u32 {
        self.settings.alarm_after
    }

    pub(crate) const fn sources(&self) -> &Sources {
        &self.sources
    }
}

impl Default for CredentialsLayer {
    /// No sources.
    fn default() -> Self {
        Self::NONE
    }
}

impl<S> Layer<S> for CredentialsLayer {
    type Service = Authenticate<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Authenticate::new(inner, self.sources.clone(), self.settings)
    }
}

//! A source of any type.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{Credential, CredentialError, Credentials};

/// A source of any type, behind one: to share it between clients, or to choose it at run time.
///
/// Its clones are the same source.
///
/// ```
/// use seawall::Credential;
/// use seawall::credentials::{SharedCredentials, from_fn};
///
/// # fn choose(live: bool) -> Result<(), seawall::CredentialError> {
/// let source = if live {
///     SharedCredentials::new(from_fn(|| async { Credential::bearer("s3cret") }))
/// } else {
///     SharedCredentials::new(Credential::bearer("test")?)
/// };
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SharedCredentials(Arc<dyn Erased>);

impl SharedCredentials {
    /// This source, to be shared.
    #[must_use]
    pub fn new(source: impl Credentials) -> Self {
        Self(Arc::new(source))
    }
}

impl Credentials for SharedCredentials {
    fn current(&self) -> Option<Credential> {
        self.0.current_of()
    }

    /// Boxed here: only those pay for it who wait anyway.
    fn refresh(&self) -> impl Future<Output = Result<(), CredentialError>> + Send {
        self.0.refresh_of()
    }

    fn is_fixed(&self) -> bool {
        self.0.is_fixed_of()
    }
}

impl fmt::Debug for SharedCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedCredentials")
    }
}

/// [`Credentials`] as an object.
trait Erased: Send + Sync {
    fn current_of(&self) -> Option<Credential>;
    fn refresh_of(&self) -> Pin<Box<dyn Future<Output = Result<(), CredentialError>> + Send + '_>>;
    fn is_fixed_of(&self) -> bool;
}

impl<T: Credentials> Erased for T {
    fn current_of(&self) -> Option<Credential> {
        self.current()
    }

    fn refresh_of(&self) -> Pin<Box<dyn Future<Output = Result<(), CredentialError>> + Send + '_>> {
        Box::pin(self.refresh())
    }

    fn is_fixed_of(&self) -> bool {
        self.is_fixed()
    }
}

//! Where a credential comes from.

use std::future::{Future, ready};

use super::{Credential, CredentialError};

/// Where the credential of an upstream comes from.
///
/// Two questions, because they are asked at different times. [`current`](Self::current) is asked for
/// each attempt and answers at once, from memory: a healthy call waits for nobody and allocates
/// nothing. [`refresh`](Self::refresh) is asked when there is none, or after a 401, and may take its
/// time: one call of it at a time, for all attempts that wait. What it has brought is what `current`
/// says afterwards; there is no second truth.
///
/// For a source that only has to fetch something, [`from_fn`](super::from_fn) remembers what came.
///
/// ```
/// use std::sync::RwLock;
/// use seawall::{Credential, CredentialError, Credentials};
///
/// struct Vault(RwLock<Option<Credential>>);
///
/// impl Credentials for Vault {
///     fn current(&self) -> Option<Credential> {
///         self.0.read().ok()?.clone()
///     }
///
///     async fn refresh(&self) -> Result<(), CredentialError> {
///         let token = ask_the_vault().await;
///         let credential = Credential::bearer(&token)?;
///         *self.0.write().map_err(|_| CredentialError::unavailable("poisoned"))? = Some(credential);
///         Ok(())
///     }
/// }
///
/// async fn ask_the_vault() -> String {
///     "s3cret".to_owned()
/// }
/// ```
pub trait Credentials: Send + Sync + 'static {
    /// The credential to send now; `None` while there is none, and [`refresh`](Self::refresh) has to
    /// bring one first.
    ///
    /// It is asked several times for each attempt, and must not block.
    fn current(&self) -> Option<Credential>;

    /// Brings a newer one, if there is one. It is given the attempt timeout, and no second call of
    /// it begins until it has ended. A caller who goes away does not cancel it.
    ///
    /// # Errors
    ///
    /// Why there is none. The current one stays as it is.
    fn refresh(&self) -> impl Future<Output = Result<(), CredentialError>> + Send;

    /// Whether it will never bring another: then no request is kept to be sent again. No by default.
    fn is_fixed(&self) -> bool {
        false
    }
}

impl Credentials for Credential {
    fn current(&self) -> Option<Credential> {
        Some(self.clone())
    }

    fn refresh(&self) -> impl Future<Output = Result<(), CredentialError>> + Send {
        ready(Ok(()))
    }

    fn is_fixed(&self) -> bool {
        true
    }
}

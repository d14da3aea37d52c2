//! A credential that is fetched.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::{Credential, CredentialError, Credentials};

/// The source that calls `fetch` for a credential when it has none, when the one it has is past its
/// [time](Credential::valid_for), and when that one was refused.
///
/// ```
/// use std::time::Duration;
/// use seawall::{Credential, CredentialError};
/// use seawall::credentials::from_fn;
///
/// let source = from_fn(|| async {
///     let (token, seconds) = ask_the_token_endpoint().await?;
///     let life = Duration::from_secs(seconds.saturating_sub(60));
///     Ok(Credential::bearer(&token)?.valid_for(life))
/// });
///
/// async fn ask_the_token_endpoint() -> Result<(String, u64), CredentialError> {
///     Err(CredentialError::unavailable("the token endpoint answered 503"))
/// }
/// ```
pub fn from_fn<F, T>(fetch: F) -> Fetched<F>
where
    F: Fn() -> T + Send + Sync + 'static,
    T: Future<Output = Result<Credential, CredentialError>> + Send,
{
    Fetched {
        fetch,
        kept: ArcSwapOption::empty(),
    }
}

/// The source of [`from_fn`].
pub struct Fetched<F> {
    fetch: F,
    kept: ArcSwapOption<Credential>,
}

impl<F, T> Credentials for Fetched<F>
where
    F: Fn() -> T + Send + Sync + 'static,
    T: Future<Output = Result<Credential, CredentialError>> + Send,
{
    fn current(&self) -> Option<Credential> {
        let kept = self.kept.load();
        let kept = kept.as_deref().filter(|kept| kept.is_current());
        kept.cloned()
    }

    async fn refresh(&self) -> Result<(), CredentialError> {
        let fetched = (self.fetch)().await?;
        self.kept.store(Some(Arc::new(fetched)));
        Ok(())
    }
}

impl<F> fmt::Debug for Fetched<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fetched")
    }
}

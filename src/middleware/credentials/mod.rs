//! Gives each attempt its credential, and replaces one that is refused.
//!
//! The credential is read for each attempt, so a rotated key takes effect on the next one. After a
//! 401 the [source](Credentials) is asked for another, once for all calls that wait for it, and the
//! attempt is made again with it, once. A 401 says that nothing was done, so that holds for a POST
//! without an idempotency key too.
//!
//! A source is bound to the [origin](CredentialsLayer::new) it was given for: a key is never sent
//! anywhere else. A request that carries the header already is the caller's own affair.
//!
//! The built-in sources are [`from_env`], [`from_file`] and [`from_fn`], and a [`Credential`] by
//! itself.
//!
//! *Does it still know us?* Refused attempts in a row raise an
//! [alarm](CredentialsLayer::alarm_after).
//!
//! *Why was this 401 not replayed?* There was no other credential, or no body to send again. The log
//! says `credential not renewed` with the source's reason.

mod bound;
mod credential;
mod env;
mod erased;
mod errand;
mod error;
mod fetched;
mod file;
mod future;
mod layer;
mod origin;
mod renewal;
mod service;
mod source;

pub(crate) use self::bound::{Bound, Sources};
pub use self::credential::Credential;
pub use self::env::from_env;
pub use self::erased::SharedCredentials;
pub use self::error::CredentialError;
pub use self::fetched::{Fetched, from_fn};
pub use self::file::{CredentialFile, from_file};
pub use self::future::AuthenticateFuture;
pub use self::layer::CredentialsLayer;
#[cfg(feature = "compat")]
pub(crate) use self::origin::Origin;
#[cfg(feature = "client")]
pub(crate) use self::renewal::present;
pub use self::service::Authenticate;
pub use self::source::Credentials;

#[cfg(test)]
mod tests;

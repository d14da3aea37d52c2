//! One credential.

use std::fmt;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::CredentialError;
use crate::clock;

/// A header that says who calls.
///
/// Its value is marked as sensitive, so that no layer or connection prints or indexes it, and its
/// `Debug` shows nothing of it. By itself it is a source that never changes.
///
/// ```
/// use seawall::Credential;
///
/// let credential = Credential::bearer("s3cret")?;
/// assert_eq!(format!("{credential:?}"), "Credential");
/// # Ok::<(), seawall::CredentialError>(())
/// ```
#[derive(Clone)]
pub struct Credential {
    name: HeaderName,
    value: HeaderValue,
    expires: Option<Instant>,
}

impl Credential {
    /// `authorization: Bearer <token>` (RFC 6750 section 2.1).
    ///
    /// # Errors
    ///
    /// If the token is empty, has blanks around it, or cannot be written into a header.
    pub fn bearer(token: &str) -> Result<Self, CredentialError> {
        check(token)?;
        Self::of(AUTHORIZATION, &format!("Bearer {token}"))
    }

    /// `authorization: Basic <user:password, in base64>` (RFC 7617 section 2).
    ///
    /// The password may be empty, as with the APIs that take their key as a user name.
    ///
    /// # Errors
    ///
    /// If the user name holds a colon, or one of the two a control character.
    pub fn basic(user: &str, password: &str) -> Result<Self, CredentialError> {
        if user.contains(':') {
            return Err(CredentialError::Invalid("a user name holds no colon"));
        }
        if user.chars().chain(password.chars()).any(char::is_control) {
            let problem = "user name and password hold no control characters";
            return Err(CredentialError::Invalid(problem));
        }
        let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
        Self::of(AUTHORIZATION, &format!("Basic {pair}"))
    }

    /// A header of the upstream's own, such as `x-api-key`.
    ///
    /// # Errors
    ///
    /// If the name is no header name, or the value is empty, has blanks around it, or cannot be
    /// written into a header.
    pub fn header(name: &str, value: &str) -> Result<Self, CredentialError> {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| CredentialError::Invalid("use letters, digits and hyphens in its name"))?;
        check(value)?;
        Self::of(name, value)
    }

    /// The same credential, good for so long from now; after that [`from_fn`](super::from_fn)
    /// fetches another before it sends. Take off what a request may need to arrive.
    #[must_use]
    pub fn valid_for(mut self, time: Duration) -> Self {
        self.expires = Some(clock::after(clock::now(), time));
        self
    }

    fn of(name: HeaderName, value: &str) -> Result<Self, CredentialError> {
        // A header takes bytes beyond ASCII too: there they are a byte order mark, or what came along
        // when somebody copied it.
        let visible = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let invalid = || CredentialError::Invalid("use visible ASCII characters");
        let mut value = visible
            .then(|| HeaderValue::from_str(value).ok())
            .flatten()
            .ok_or_else(invalid)?;
        value.set_sensitive(true);
        Ok(Self {
            name,
            value,
            expires: None,
        })
    }

    pub(super) fn is_current(&self) -> bool {
        self.expires.is_none_or(|expires| clock::now() < expires)
    }

    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        (&self.name, &self.value) == (&other.name, &other.value)
    }

    /// Whether the caller has set that header already.
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        headers.contains_key(&self.name)
    }

    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        headers.insert(&self.name, self.value.clone());
    }

    pub(crate) fn into_value(self) -> HeaderValue {
        self.value
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential")
    }
}

/// A blank at either end is a slip of whoever stored it: on the wire it would be lost.
fn check(value: &str) -> Result<(), CredentialError> {
    match value {
        "" => Err(CredentialError::Invalid("it is empty")),
        _ if value.trim() != value => Err(CredentialError::Invalid("there are blanks around it")),
        _ => Ok(()),
    }
}

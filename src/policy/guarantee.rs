//! What makes a repeat of a request harmless.

use http::Method;

/// What makes a repeat of a request harmless, if anything does.
///
/// ```
/// use http::Method;
/// use seawall::policy::Guarantee;
///
/// assert_eq!(Guarantee::of(&Method::PUT, false), Guarantee::Idempotent);
/// assert_eq!(Guarantee::of(&Method::POST, true), Guarantee::Keyed);
/// assert_eq!(Guarantee::of(&Method::POST, false), Guarantee::None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guarantee {
    /// The method is idempotent (RFC 9110 section 9.2.2).
    Idempotent,
    /// The request carries an idempotency key that the provider honours.
    Keyed,
    /// Nothing: a repeat may do it twice.
    None,
    /// Nothing, and the policy says to repeat it all the same: a rule was overridden.
    Waived,
    /// CONNECT: a tunnel, never repeated.
    Tunnel,
}

impl Guarantee {
    /// The guarantee of a request. `key_honoured`: it carries an idempotency key, and the policy
    /// names a provider whose profile honours keys on this method.
    ///
    /// Methods are case-sensitive (RFC 9110 section 9.1); an unknown method is not idempotent.
    #[must_use]
    pub fn of(method: &Method, key_honoured: bool) -> Self {
        match *method {
            Method::CONNECT => Self::Tunnel,
            Method::GET
            | Method::HEAD
            | Method::OPTIONS
            | Method::TRACE
            | Method::PUT
            | Method::DELETE => Self::Idempotent,
            _ if key_honoured => Self::Keyed,
            _ => Self::None,
        }
    }

    /// Whether a request that may have been acted on can be sent again.
    #[must_use]
    pub const fn allows_repeat(self) -> bool {
        matches!(self, Self::Idempotent | Self::Keyed | Self::Waived)
    }
}

/// Whether the method only reads (RFC 9110 section 9.2.1).
pub(super) fn is_safe(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_case_sensitive_and_unknown_ones_promise_nothing() {
        let get = Method::from_bytes(b"get").unwrap();
        let purge = Method::from_bytes(b"PURGE").unwrap();
        assert_eq!(Guarantee::of(&get, false), Guarantee::None);
        assert_eq!(Guarantee::of(&purge, false), Guarantee::None);
        assert_eq!(Guarantee::of(&Method::GET, false), Guarantee::Idempotent);
    }

    #[test]
    fn a_key_makes_patch_repeatable_but_never_connect() {
        assert_eq!(Guarantee::of(&Method::PATCH, false), Guarantee::None);
        assert_eq!(Guarantee::of(&Method::PATCH, true), Guarantee::Keyed);
        assert_eq!(Guarantee::of(&Method::CONNECT, true), Guarantee::Tunnel);
    }
}

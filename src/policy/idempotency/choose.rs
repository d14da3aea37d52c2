//! Which key a request is sent with.

use http::Method;

use super::{IdempotencyKey, InvalidKey, KeyRefusal};
use crate::policy::guarantee::is_safe;
use crate::policy::provider::takes_keys;

/// What is known of a request's key before it is sent.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// What the provider's header holds, if it is there.
    pub header: Option<Result<IdempotencyKey, InvalidKey>>,
    /// What the caller has given beside the headers.
    pub given: Option<&'a IdempotencyKey>,
    /// Whether the policy gives a key to whatever can be given one.
    pub injects: bool,
    /// Whether the caller says that the key was sent before.
    pub sent_before: bool,
}

/// Which key a request is sent with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// None.
    Nothing,
    /// The one in its header, as it stands there: a caller's own is never replaced.
    Keep(IdempotencyKey),
    /// The one given beside the headers.
    Write(IdempotencyKey),
    /// A new one.
    Generate,
}

/// Chooses the key of a call, once for all of its attempts.
///
/// # Errors
///
/// [`KeyRefusal`]: the header holds no key, there are two of them, or the method has no use for one.
///
/// ```
/// use http::Method;
/// use seawall::policy::idempotency::{Asked, Choice, choose};
///
/// let post = Asked { method: &Method::POST, header: None, given: None, injects: true, sent_before: false };
/// assert_eq!(choose(&post), Ok(Choice::Generate));
/// let get = Asked { method: &Method::GET, ..post };
/// assert_eq!(choose(&get), Ok(Choice::Nothing));
/// ```
pub fn choose(asked: &Asked<'_>) -> Result<Choice, KeyRefusal> {
    let named = asked.header.is_some() || asked.given.is_some();
    if named && has_nothing_to_guard(asked.method) {
        return Err(KeyRefusal::NothingToGuard(asked.method.clone()));
    }
    match (asked.header.clone().transpose()?, asked.given) {
        (Some(held), Some(given)) if held != *given => Err(KeyRefusal::TwoKeys),
        (Some(held), _) => Ok(Choice::Keep(held)),
        (None, Some(given)) => Ok(Choice::Write(given.clone())),
        (None, None) if asked.sent_before => Err(KeyRefusal::Missing),
        (None, None) if asked.injects && takes_keys(asked.method) => Ok(Choice::Generate),
        (None, None) => Ok(Choice::Nothing),
    }
}

fn has_nothing_to_guard(method: &Method) -> bool {
    is_safe(method) || *method == Method::CONNECT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> IdempotencyKey {
        IdempotencyKey::parse(text).unwrap()
    }

    fn asked(method: &Method) -> Asked<'_> {
        Asked {
            method,
            header: None,
            given: None,
            injects: true,
            sent_before: false,
        }
    }

    #[test]
    fn a_key_that_was_sent_before_and_is_missing_is_not_made_anew() {
        let lost = Asked {
            sent_before: true,
            ..asked(&Method::POST)
        };
        assert_eq!(choose(&lost), Err(KeyRefusal::Missing));
        let own = key("own");
        let found = Asked {
            given: Some(&own),
            ..lost
        };
        assert_eq!(choose(&found), Ok(Choice::Write(own.clone())));
    }

    #[test]
    fn a_callers_own_key_is_never_replaced_and_its_header_never_rewritten() {
        let (own, given) = (key("own"), key("given"));
        let post = asked(&Method::POST);
        let held = Asked {
            header: Some(Ok(own.clone())),
            ..post.clone()
        };
        assert_eq!(choose(&held), Ok(Choice::Keep(own.clone())));
        let told = Asked {
            given: Some(&given),
            ..post
        };
        assert_eq!(choose(&told), Ok(Choice::Write(given.clone())));
        let both = Asked {
            given: Some(&given),
            ..held.clone()
        };
        assert_eq!(choose(&both), Err(KeyRefusal::TwoKeys));
        let same = Asked {
            given: Some(&own),
            ..held
        };
        assert_eq!(choose(&same), Ok(Choice::Keep(own.clone())));
    }

    #[test]
    fn a_key_is_made_for_post_and_patch_where_the_policy_says_so() {
        assert_eq!(choose(&asked(&Method::POST)), Ok(Choice::Generate));
        assert_eq!(choose(&asked(&Method::PATCH)), Ok(Choice::Generate));
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::CONNECT] {
            assert_eq!(choose(&asked(&method)), Ok(Choice::Nothing), "{method}");
        }
        let off = Asked {
            injects: false,
            ..asked(&Method::POST)
        };
        assert_eq!(choose(&off), Ok(Choice::Nothing));
    }

    #[test]
    fn a_key_where_there_is_nothing_to_guard_is_refused_and_elsewhere_sent() {
        let own = key("own");
        let refused = |method: Method| {
            let told = Asked {
                given: Some(&own),
                ..asked(&method)
            };
            let held = Asked {
                header: Some(Ok(own.clone())),
                ..asked(&method)
            };
            let reason = Err(KeyRefusal::NothingToGuard(method.clone()));
            assert_eq!(choose(&told) == reason, choose(&held) == reason, "{method}");
            choose(&told) == reason
        };
        for method in [
            Method::GET,
            Method::HEAD,
            Method::OPTIONS,
            Method::TRACE,
            Method::CONNECT,
        ] {
            assert!(refused(method.clone()), "{method}");
        }
        for method in [Method::POST, Method::PATCH, Method::PUT, Method::DELETE] {
            assert!(!refused(method.clone()), "{method}");
        }
    }

    #[test]
    fn a_header_that_holds_no_key_is_refused_by_its_rule() {
        let broken = Asked {
            header: Some(Err(InvalidKey::Empty)),
            ..asked(&Method::POST)
        };
        assert_eq!(choose(&broken), Err(KeyRefusal::Invalid(InvalidKey::Empty)));
    }
}

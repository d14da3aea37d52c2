//! Why a text is no key, and why a key is not sent.

use std::error::Error;
use std::fmt;

use http::Method;

/// Why a text is no idempotency key. Its own text names the rule, the place and the fix; the
/// refused text is not in it, since it may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidKey {
    /// It is empty.
    Empty,
    /// It is longer than the provider takes.
    TooLong {
        /// How many characters it has.
        length: usize,
        /// How many it may have.
        most: usize,
    },
    /// It holds a character that is neither visible ASCII nor a space.
    Character {
        /// Which character, 0 being the first.
        position: usize,
    },
    /// It begins or ends with a space.
    OuterSpace,
    /// The provider wants a structured-field string, and this is none (RFC 9651 section 3.3.3).
    NotAString,
    /// There are several lines of the header, and only one of them can be the key.
    Several,
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str(
                "the idempotency key is empty, and must have 1 to 255 characters: \
                 is the id it is made from set?",
            ),
            Self::TooLong { length, most } => write!(
                f,
                "the idempotency key has {length} characters, and must have at most {most}: derive \
                 one with `IdempotencyKey::for_operation`"
            ),
            Self::Character { position } => write!(
                f,
                "the idempotency key's character at position {position}, counted from 0, is neither \
                 visible ASCII nor a space: derive a key with `IdempotencyKey::for_operation`"
            ),
            Self::OuterSpace => f.write_str(
                "the idempotency key begins or ends with a space, which would be lost on the way: \
                 trim it",
            ),
            Self::NotAString => f.write_str(
                "the idempotency key's header is not one quoted string, as this provider wants it: \
                 give the key itself, as a request extension or with `.idempotency_key(&key)`",
            ),
            Self::Several => f.write_str(
                "the request has several lines of the idempotency key's header, and a call has one \
                 key: set it once",
            ),
        }
    }
}

impl Error for InvalidKey {}

/// Why a request is not sent with this idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyRefusal {
    /// The key in the request's header is none.
    Invalid(InvalidKey),
    /// The request says when its key was first sent, and has none.
    Missing,
    /// The request's header and its extension hold different keys.
    TwoKeys,
    /// The method only reads, or is CONNECT: there is nothing that a key could guard.
    NothingToGuard(Method),
    /// The key was sent before with another method, path, query or body.
    OtherRequest,
    /// The key was sent before to another origin, which may have acted on it.
    OtherOrigin,
    /// The key is older than the provider promises to remember it: it would be a new payment.
    Expired,
}

impl From<InvalidKey> for KeyRefusal {
    fn from(invalid: InvalidKey) -> Self {
        Self::Invalid(invalid)
    }
}

impl fmt::Display for KeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid(invalid) => return invalid.fmt(f),
            Self::NothingToGuard(method) => {
                return write!(
                    f,
                    "the request has an idempotency key, and {method} does nothing that must not \
                     happen twice: leave the key out"
                );
            }
            Self::Missing => {
                "the request says when its idempotency key was first sent, and has none: a new key \
                 would be a new payment, so give the one that was stored"
            }
            Self::TwoKeys => {
                "the request's header and its extension hold different idempotency keys, and a call \
                 has one: set one of them"
            }
            Self::OtherRequest => {
                "the idempotency key was sent before with another method, URL or body, and a key \
                 belongs to one request: derive a new one from a new business id"
            }
            Self::OtherOrigin => {
                "the idempotency key was sent before to another origin, which may have acted on it: \
                 settle that first, then derive a new key"
            }
            Self::Expired => {
                "the idempotency key is older than the provider remembers it, so that sending it \
                 again could do it twice: ask the provider what became of it"
            }
        })
    }
}

impl Error for KeyRefusal {}

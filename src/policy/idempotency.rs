//! Idempotency keys: how a payment that is sent twice is charged once.

mod choose;
mod form;
mod history;
mod invalid;
mod sent;
mod text;

use std::fmt;

use http::HeaderValue;
use uuid::{Builder, Uuid};

pub use self::choose::{Asked, Choice, choose};
pub use self::form::KeyForm;
pub use self::history::History;
pub use self::invalid::{InvalidKey, KeyRefusal};
pub use self::sent::{Sent, may_send};
use self::text::KeyText;

/// The longest key, in characters. Stripe's limit; a provider's own may be tighter.
pub(crate) const MAX_LENGTH: usize = 255;

/// The namespace of derived keys, which sets them apart from other people's UUIDs. It is itself the
/// `UUIDv5` of `seawall/idempotency-key` in the OID namespace of RFC 9562; a test derives it again.
/// It must never change: every derived key would, and what is in flight would be paid twice.
const NAMESPACE: Uuid = Uuid::from_bytes([
    0x8b, 0x69, 0xc3, 0x27, 0xd5, 0x9a, 0x5c, 0x8f, 0xaa, 0xc2, 0xec, 0x37, 0x80, 0x97, 0xd8, 0x24,
]);

/// A key by which a provider knows a request again that it has already carried out.
///
/// One key belongs to one logical call: it is set before the first attempt and is the same on every
/// attempt. It is no secret and may be logged; it is what you show the provider's support. Up to the
/// 36 characters of a UUID a clone is a copy; a longer one costs a reference count.
///
/// ```
/// use seawall::policy::idempotency::IdempotencyKey;
///
/// let key = IdempotencyKey::for_operation("shop", "charge", "order-1042/attempt-1");
/// // After a crash, a restart or a re-enqueue: the same key, so the same one charge.
/// assert_eq!(key, IdempotencyKey::for_operation("shop", "charge", "order-1042/attempt-1"));
/// assert_ne!(key, IdempotencyKey::for_operation("shop", "charge", "order-1042/attempt-2"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(KeyText);

impl IdempotencyKey {
    /// A key of the caller's own: 1 to 255 visible ASCII characters, with spaces between them if
    /// need be.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`], which names the rule that `key` breaks, and where.
    ///
    /// ```
    /// use seawall::policy::idempotency::{IdempotencyKey, InvalidKey};
    ///
    /// assert_eq!(IdempotencyKey::parse("order-1042")?.as_str(), "order-1042");
    /// assert_eq!(IdempotencyKey::parse(""), Err(InvalidKey::Empty));
    /// # Ok::<(), InvalidKey>(())
    /// ```
    pub fn parse(key: &str) -> Result<Self, InvalidKey> {
        Self::check(key)?;
        // Every character that passed is legal in a header.
        HeaderValue::from_str(key)
            .map(|value| Self(KeyText::of(&value)))
            .map_err(|_| InvalidKey::Character { position: 0 })
    }

    /// The key that a header holds as it is.
    fn from_header(value: &HeaderValue) -> Result<Self, InvalidKey> {
        let shown = value.to_str().map_err(|_| {
            let strange = |byte: &u8| !matches!(byte, b' '..=b'~');
            let position = value.as_bytes().iter().position(strange);
            InvalidKey::Character {
                position: position.unwrap_or_default(),
            }
        })?;
        Self::check(shown)?;
        Ok(Self(KeyText::of(value)))
    }

    /// What [`parse`](Self::parse) asks of a key.
    fn check(key: &str) -> Result<(), InvalidKey> {
        let length = key.chars().count();
        if length == 0 {
            return Err(InvalidKey::Empty);
        }
        if length > MAX_LENGTH {
            let most = MAX_LENGTH;
            return Err(InvalidKey::TooLong { length, most });
        }
        if let Some(position) = key.chars().position(|char| !matches!(char, ' '..='~')) {
            return Err(InvalidKey::Character { position });
        }
        // A space at an end would be trimmed on the way, and another key would arrive.
        if key.starts_with(' ') || key.ends_with(' ') {
            return Err(InvalidKey::OuterSpace);
        }
        Ok(())
    }

    /// A new key: a `UUIDv4` (RFC 9562 section 5.4) made of these random bytes, of which six bits
    /// are overwritten.
    ///
    /// It is lost with the process. For what must survive a crash, use
    /// [`for_operation`](Self::for_operation).
    ///
    /// ```
    /// use seawall::policy::idempotency::IdempotencyKey;
    ///
    /// let key = IdempotencyKey::from_random_bytes([0x11; 16]);
    /// assert_eq!(key.as_str(), "11111111-1111-4111-9111-111111111111");
    /// ```
    #[must_use]
    pub fn from_random_bytes(bytes: [u8; 16]) -> Self {
        Self::from_uuid(Builder::from_random_bytes(bytes).into_uuid())
    }

    /// The key of one business operation: a `UUIDv5` (RFC 9562 section 5.5) of the three parts, the
    /// same wherever and whenever it is asked for.
    ///
    /// - `namespace`: who asks, such as the name of the service.
    /// - `operation`: what is done, such as `charge` or `refund`.
    /// - `business_id`: which *payment attempt* it is, such as the order and the number of the
    ///   attempt. It must not be empty and must come from your own records.
    ///
    /// **`business_id` names the payment attempt, not the order.** A provider that knows a key
    /// repeats its first answer: reuse the id after a decline, and the decline is replayed, whatever
    /// the customer's bank would say now. A new amount or a new card needs a new id. The same
    /// attempt, sent again because its outcome is unknown, needs the same one.
    ///
    /// The parts are joined with their lengths, so that `("ab", "c")` and `("a", "bc")` differ.
    #[must_use]
    pub fn for_operation(namespace: &str, operation: &str, business_id: &str) -> Self {
        let mut name = Vec::new();
        for part in [namespace, operation, business_id] {
            name.extend_from_slice(&(part.len() as u64).to_be_bytes());
            name.extend_from_slice(part.as_bytes());
        }
        Self::from_uuid(Uuid::new_v5(&NAMESPACE, &name))
    }

    /// The key as it was given or made.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// In bytes, each of which is a character.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The key as the value of a header, raw: what most providers want. [`KeyForm`] knows others.
    #[must_use]
    pub fn to_header_value(&self) -> HeaderValue {
        self.0.to_header_value()
    }

    fn from_uuid(uuid: Uuid) -> Self {
        Self(KeyText::of_uuid(uuid))
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IdempotencyKey")
            .field(&self.as_str())
            .finish()
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;

//! What was sent with a key before, and whether it may be sent again.

use std::time::Instant;

use super::KeyRefusal;

/// What is remembered of a request that was sent with a key: enough to know it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Scheme, host and port, hashed.
    pub origin: u64,
    /// Method, path and query, hashed.
    pub target: u64,
    /// The body, hashed; `None` for a stream, whose bytes nobody knows beforehand.
    pub body: Option<u64>,
    /// When the provider may have forgotten the key: the first use that it may have acted on, plus the
    /// key's life.
    pub expires: Instant,
}

impl Sent {
    /// What is known of the key once the request is sent after this earlier one: the earliest end of
    /// its life that was ever named.
    #[must_use]
    pub fn after(self, before: &Self) -> Self {
        Self {
            body: self.body.or(before.body),
            expires: self.expires.min(before.expires),
            ..self
        }
    }
}

/// Whether a request may be sent with a key that was sent before.
///
/// # Errors
///
/// [`KeyRefusal`]: the provider may have forgotten the key, or the key belongs to another request.
///
/// ```
/// use std::time::{Duration, Instant};
/// use seawall::policy::idempotency::{KeyRefusal, Sent, may_send};
///
/// let now = Instant::now();
/// let first = Sent { origin: 1, target: 1, body: Some(1), expires: now + Duration::from_secs(60) };
/// assert_eq!(may_send(&first, &first, now), Ok(()));
///
/// let other = Sent { body: Some(2), ..first };
/// assert_eq!(may_send(&other, &first, now), Err(KeyRefusal::OtherRequest));
/// ```
pub fn may_send(request: &Sent, before: &Sent, now: Instant) -> Result<(), KeyRefusal> {
    if request.origin != before.origin {
        return Err(KeyRefusal::OtherOrigin);
    }
    let same_body = match (request.body, before.body) {
        (Some(body), Some(before)) => body == before,
        // What nobody knows cannot be held against anyone.
        _ => true,
    };
    if request.target != before.target || !same_body {
        return Err(KeyRefusal::OtherRequest);
    }
    if request.expires.min(before.expires) <= now {
        return Err(KeyRefusal::Expired);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::policy::test_clock::start;

    fn first(now: Instant) -> Sent {
        Sent {
            origin: 1,
            target: 1,
            body: Some(1),
            expires: now + Duration::from_secs(60),
        }
    }

    #[test]
    fn the_same_request_is_sent_again_within_the_keys_life() {
        let now = start();
        let almost = now + Duration::from_secs(59);
        assert_eq!(may_send(&first(now), &first(now), almost), Ok(()));
        let over = now + Duration::from_secs(60);
        assert_eq!(
            may_send(&first(now), &first(now), over),
            Err(KeyRefusal::Expired)
        );
    }

    #[test]
    fn the_earlier_of_two_ends_of_a_key_counts() {
        let now = start();
        let later = Sent {
            expires: now + Duration::from_secs(90),
            ..first(now)
        };
        let at = now + Duration::from_secs(70);
        assert_eq!(may_send(&later, &first(now), at), Err(KeyRefusal::Expired));
        assert_eq!(may_send(&first(now), &later, at), Err(KeyRefusal::Expired));
        assert_eq!(may_send(&later, &later, at), Ok(()));
    }

    #[test]
    fn another_body_or_target_is_refused_and_an_unknown_body_is_not_held_against_it() {
        let now = start();
        let other = |request: Sent| may_send(&request, &first(now), now);
        let refused = Err(KeyRefusal::OtherRequest);
        assert_eq!(
            other(Sent {
                body: Some(2),
                ..first(now)
            }),
            refused
        );
        assert_eq!(
            other(Sent {
                target: 2,
                ..first(now)
            }),
            refused
        );
        assert_eq!(
            other(Sent {
                body: None,
                ..first(now)
            }),
            Ok(())
        );
    }

    #[test]
    fn another_origin_is_refused_first_of_all() {
        let now = start();
        let elsewhere = Sent {
            origin: 2,
            target: 2,
            ..first(now)
        };
        assert_eq!(
            may_send(&elsewhere, &first(now), now),
            Err(KeyRefusal::OtherOrigin)
        );
    }
}

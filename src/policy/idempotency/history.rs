//! What became of a key so far, over all calls that were made with it.

use std::time::Instant;

use super::{KeyRefusal, Sent, may_send};
use crate::policy::Delivery;

/// What became of a key so far, over all calls that were made with it.
///
/// ```
/// use std::time::{Duration, Instant};
/// use seawall::Delivery;
/// use seawall::policy::idempotency::{History, Sent};
///
/// let now = Instant::now();
/// let sent = Sent { origin: 1, target: 1, body: Some(1), expires: now + Duration::from_secs(60) };
///
/// // The first call was cut off, so nobody knows what the provider did.
/// let cut_off = History::begin(sent, false).end(Some(Delivery::Unknown)).expect("remembered");
/// assert!(cut_off.is_in_doubt());
/// // The first call was refused here: the provider knows nothing of it.
/// assert_eq!(History::begin(sent, false).end(Some(Delivery::NotSent)), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    sent: Sent,
    /// Calls that have not ended.
    open: u32,
    /// The provider may have acted on it: a call ended in doubt or with an answer, or was dropped.
    acted_on: bool,
    /// The provider has seen it, and said that it did nothing.
    rejected: bool,
}

impl History {
    /// The first call that is known here. `sent_before`: an earlier process has sent the key, by the
    /// caller's word.
    #[must_use]
    pub const fn begin(sent: Sent, sent_before: bool) -> Self {
        Self {
            sent,
            open: 1,
            acted_on: sent_before,
            rejected: false,
        }
    }

    /// Another call.
    ///
    /// The key's life counts from the first call that the provider may have acted on: before that,
    /// a provider that forgets it forgets nothing.
    ///
    /// # Errors
    ///
    /// [`KeyRefusal`]: the provider may have forgotten the key, or the key belongs to another
    /// request.
    pub fn go_on(
        &self,
        request: &Sent,
        sent_before: bool,
        now: Instant,
    ) -> Result<Self, KeyRefusal> {
        let expires = if self.acted_on || self.open > 0 {
            self.sent.expires
        } else {
            request.expires
        };
        let before = Sent {
            expires,
            ..self.sent
        };
        may_send(request, &before, now)?;
        Ok(Self {
            sent: request.after(&before),
            open: self.open.saturating_add(1),
            acted_on: self.acted_on || sent_before,
            rejected: self.rejected,
        })
    }

    /// A call has ended so; `None`: it was dropped. The answer is `None` when nothing is left to be
    /// remembered: the provider has never seen the key, so another request may have it.
    #[must_use]
    pub fn end(self, delivery: Option<Delivery>) -> Option<Self> {
        let (unseen, rejected) = match delivery {
            Some(Delivery::NotSent) => (true, false),
            Some(Delivery::Rejected) => (false, true),
            _ => (false, false),
        };
        let ended = Self {
            open: self.open.saturating_sub(1),
            acted_on: self.acted_on || !(unseen || rejected),
            rejected: self.rejected || rejected,
            ..self
        };
        let was_seen = ended.acted_on || ended.rejected || ended.open > 0;
        was_seen.then_some(ended)
    }

    /// What was sent, with the earliest end of the key's life that counts.
    #[must_use]
    pub const fn sent(&self) -> &Sent {
        &self.sent
    }

    /// Whether an earlier call may have been acted on, so that no later one can say that nothing was
    /// done.
    #[must_use]
    pub const fn is_in_doubt(&self) -> bool {
        self.acted_on
    }
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;

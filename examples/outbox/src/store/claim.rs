//! The claim: who may call the gateway about a payment.

use std::time::{Duration, SystemTime};

use rusqlite::{Transaction, params};

use super::row::{millis, millis_up};
use crate::payment::{Payment, State};

/// The right to call the gateway about a payment, held by one caller at a time.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) payment: Payment,
    /// Whether an earlier call may have charged it.
    pub(crate) doubt: bool,
    /// The life of the key is counted from here.
    pub(crate) first_sent_at: SystemTime,
}

/// The claim is stored before the first byte is sent, and says `unknown` from then on: a crash may
/// follow at any moment. It lapses with its lease, should nobody give it back.
pub(super) fn claim(
    tx: &Transaction<'_>,
    mut payment: Payment,
    now: SystemTime,
    lease: Duration,
) -> rusqlite::Result<Claim> {
    let doubt = payment.state == State::Unknown;
    let first_sent_at = payment.first_sent_at.unwrap_or(now);
    payment.claims += 1;
    tx.execute(
        "UPDATE payments
         SET state = 'unknown', claimed = 1, claims = ?1, first_sent_at = ?2, retry_at = ?3
         WHERE id = ?4",
        params![
            payment.claims,
            millis(first_sent_at),
            millis_up(now + lease),
            payment.id
        ],
    )?;
    Ok(Claim {
        payment,
        doubt,
        first_sent_at,
    })
}

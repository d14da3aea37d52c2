//! A row of the table and a payment: one from the other.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::Row;
use rusqlite::types::Type;

use crate::payment::{Charge, Payment, State};

pub(super) fn select(which: &str) -> String {
    format!(
        "SELECT id, business_id, amount, currency, key, body, state, first_sent_at, retry_at,
                claimed, claims, code
         FROM payments {which}"
    )
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Payment> {
    let moment = |column| -> rusqlite::Result<Option<SystemTime>> {
        Ok(row.get::<_, Option<i64>>(column)?.map(from_millis))
    };
    Ok(Payment {
        id: row.get("id")?,
        charge: Charge {
            business_id: row.get("business_id")?,
            amount: row.get("amount")?,
            currency: row.get("currency")?,
            key: row.get("key")?,
            body: row.get("body")?,
        },
        state: state(row)?,
        first_sent_at: moment("first_sent_at")?,
        retry_at: moment("retry_at")?,
        claimed: row.get("claimed")?,
        claims: row.get("claims")?,
        code: row.get("code")?,
    })
}

fn state(row: &Row<'_>) -> rusqlite::Result<State> {
    let stored: String = row.get("state")?;
    State::ALL
        .into_iter()
        .find(|state| state.as_str() == stored)
        .ok_or_else(|| {
            let problem = format!("the state {stored:?} is none that this release knows");
            rusqlite::Error::FromSqlConversionFailure(0, Type::Text, problem.into())
        })
}

/// Rounded down: a key is rather older than younger.
pub(super) fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Rounded up: never earlier than the gateway asked.
pub(super) fn millis_up(time: SystemTime) -> i64 {
    millis(time + Duration::from_nanos(999_999))
}

pub(super) fn from_millis(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis.unsigned_abs())
}

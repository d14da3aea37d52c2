//! The outbox itself: one table of payments in SQLite. Every change of state is one transaction, and
//! is on the disk before anybody acts on it.

mod claim;
mod error;
mod row;
mod schema;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::payment::{Charge, Payment, State};
use crate::settle::Next;
pub(crate) use claim::Claim;
use claim::claim;
pub(crate) use error::StoreError;
use row::{from_millis, millis, millis_up};

/// The payments. Clones share the one connection.
#[derive(Clone)]
pub(crate) struct Store {
    connection: Arc<Mutex<Connection>>,
    /// How long a claim holds if its holder dies without this process noticing.
    lease: Duration,
}

/// What came of a customer's wish to pay.
#[derive(Debug)]
pub(crate) enum Accepted {
    /// It is new, stored, and claimed for the caller.
    New(Claim),
    /// The same wish again: a second click, a retry of the browser.
    Known(Payment),
    /// The attempt is known with another amount or currency.
    Different,
}

type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// Opens the file, and makes it if need be. It is this process's alone from now on, so whoever
    /// had claimed a payment in it is dead: those are due at once. They stay `unknown`, as the claim
    /// has made them, for nobody can say how far the dead had come.
    pub(crate) fn open(file: &Path, lease: Duration, now: SystemTime) -> Result<Self> {
        let connection = schema::open(file)?;
        connection.execute(
            "UPDATE payments SET claimed = 0, retry_at = ?1 WHERE claimed",
            [millis(now)],
        )?;
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
            lease,
        })
    }

    /// Stores a new payment and claims it, in one transaction: from here on it is never lost.
    pub(crate) async fn accept(&self, charge: Charge, now: SystemTime) -> Result<Accepted> {
        let lease = self.lease;
        self.transaction(move |tx| {
            if let Some(known) = by_business_id(tx, &charge.business_id)? {
                let same = (known.charge.amount, &known.charge.currency)
                    == (charge.amount, &charge.currency);
                return Ok(if same {
                    Accepted::Known(known)
                } else {
                    Accepted::Different
                });
            }
            tx.execute(
                "INSERT INTO payments (business_id, amount, currency, key, body, state, retry_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, 'pending', ?6)",
                params![
                    charge.business_id,
                    charge.amount,
                    charge.currency,
                    charge.key,
                    charge.body,
                    millis(now)
                ],
            )?;
            let payment = by_id(tx, tx.last_insert_rowid())?;
            claim(tx, payment, now, lease).map(Accepted::New)
        })
        .await
    }

    /// Claims the payment that has been due longest.
    pub(crate) async fn claim_due(&self, now: SystemTime) -> Result<Option<Claim>> {
        let lease = self.lease;
        self.transaction(move |tx| {
            let sql = row::select("WHERE retry_at <= ?1 ORDER BY retry_at LIMIT 1");
            let due = tx.query_row(&sql, [millis(now)], row::read).optional()?;
            due.map(|payment| claim(tx, payment, now, lease))
                .transpose()
        })
        .await
    }

    /// When the next payment will be due.
    pub(crate) async fn next_due(&self) -> Result<Option<SystemTime>> {
        self.transaction(|tx| {
            tx.query_row("SELECT min(retry_at) FROM payments", [], |row| {
                Ok(row.get::<_, Option<i64>>(0)?.map(from_millis))
            })
        })
        .await
    }

    /// Stores what became of a claimed payment, and gives the claim back. If the claim has lapsed
    /// and somebody else holds one now, nothing changes: they will know better.
    pub(crate) async fn settle(&self, claim: Claim, next: Next, code: String) -> Result<Payment> {
        let (state, retry_at) = match next {
            Next::Pending { retry_at } => (State::Pending, Some(retry_at)),
            Next::Unknown { retry_at } => (State::Unknown, Some(retry_at)),
            Next::Paid => (State::Paid, None),
            Next::Declined => (State::Declined, None),
            Next::Review => (State::Review, None),
        };
        // A payment of which nothing was done has an unused key, whose life has not begun.
        let first_sent_at = (state != State::Pending).then_some(claim.first_sent_at);
        self.transaction(move |tx| {
            let payment = claim.payment;
            tx.execute(
                "UPDATE payments
                 SET state = ?1, retry_at = ?2, code = ?3, first_sent_at = ?4, claimed = 0
                 WHERE id = ?5 AND claims = ?6",
                params![
                    state.as_str(),
                    retry_at.map(millis_up),
                    code,
                    first_sent_at.map(millis),
                    payment.id,
                    payment.claims
                ],
            )?;
            by_id(tx, payment.id)
        })
        .await
    }

    pub(crate) async fn payment(&self, id: i64) -> Result<Option<Payment>> {
        self.transaction(move |tx| by_id(tx, id).optional()).await
    }

    /// How many payments there are in each state.
    pub(crate) async fn count(&self) -> Result<Vec<(State, u64)>> {
        self.transaction(|tx| {
            let count = |state: State| {
                let sql = "SELECT count(*) FROM payments WHERE state = ?1";
                let count = tx.query_row(sql, [state.as_str()], |row| row.get::<_, i64>(0))?;
                Ok((state, count.unsigned_abs()))
            };
            State::ALL.into_iter().map(count).collect()
        })
        .await
    }

    /// One transaction, on a thread that may block.
    async fn transaction<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let connection = Arc::clone(&self.connection);
        let task = tokio::task::spawn_blocking(move || {
            // A panic has rolled its transaction back: what it leaves is sound.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let tx = connection.transaction()?;
            let value = change(&tx)?;
            tx.commit()?;
            Ok(value)
        });
        match task.await {
            Ok(result) => result.map_err(StoreError::Sqlite),
            Err(_) => Err(StoreError::Stopped),
        }
    }
}

fn by_id(tx: &Transaction<'_>, id: i64) -> rusqlite::Result<Payment> {
    tx.query_row(&row::select("WHERE id = ?1"), [id], row::read)
}

fn by_business_id(tx: &Transaction<'_>, business_id: &str) -> rusqlite::Result<Option<Payment>> {
    let sql = row::select("WHERE business_id = ?1");
    tx.query_row(&sql, [business_id], row::read).optional()
}

#[cfg(test)]
mod tests;

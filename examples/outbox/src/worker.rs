//! Whatever is due is sent again: a few at a time, behind the people who are paying now.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use seawall::Priority;
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::clock;
use crate::outbox::Outbox;
use crate::store::{Claim, StoreError};

/// Calls under way at a time.
const CONCURRENCY: usize = 8;
/// The longest sleep: a wall clock that is set forward is noticed within it.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// After trouble with the database.
const AFTER_TROUBLE: Duration = Duration::from_secs(1);

/// Works until the runtime ends. It needs no goodbye: what it was doing when the process died is
/// found again at the next start. `pace`: from one call to the next.
pub(crate) async fn run(outbox: Outbox, pace: Duration) {
    let room = Arc::new(Semaphore::new(CONCURRENCY));
    let mut pace = interval(pace);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pace.tick().await;
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        match outbox.store.claim_due(clock::now()).await {
            Ok(Some(claim)) => {
                let outbox = outbox.clone();
                tokio::spawn(async move {
                    settle(&outbox, claim).await;
                    drop(permit);
                });
            }
            Ok(None) => rest(&outbox).await,
            Err(error) => complain(&outbox, &error).await,
        }
    }
}

async fn settle(outbox: &Outbox, claim: Claim) {
    if let Err(error) = outbox.settle(claim, Priority::Background).await {
        tracing::error!(%error, "what the gateway said is lost; the payment comes up again with its lease");
    }
}

/// Until the next payment is due, or something has changed.
async fn rest(outbox: &Outbox) {
    let sleep = match outbox.store.next_due().await {
        Ok(due) => until(due, clock::now()),
        Err(error) => return complain(outbox, &error).await,
    };
    // That it changed and that time is up are the same news.
    let _ = timeout(sleep, outbox.changed.notified()).await;
}

fn until(due: Option<SystemTime>, now: SystemTime) -> Duration {
    due.map_or(LONGEST_SLEEP, |due| {
        let wait = due.duration_since(now).unwrap_or_default();
        wait.min(LONGEST_SLEEP)
    })
}

async fn complain(outbox: &Outbox, error: &StoreError) {
    tracing::error!(%error, "the worker cannot read its outbox");
    let _ = timeout(AFTER_TROUBLE, outbox.changed.notified()).await;
}

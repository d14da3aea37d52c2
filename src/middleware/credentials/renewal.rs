//! Another credential for one that was refused, or for none.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::OwnedMutexGuard;

use super::{Bound, Credential, CredentialError, Credentials};
use crate::clock;
use crate::event::{self, Event};
use crate::middleware::timed::Timed;
use crate::upstream::Upstream;

/// The wait for another credential. `None` within: there is none; without: it took too long.
///
/// Boxed: nobody comes here whose credential is good.
pub(super) type Renewal = Timed<Pin<Box<dyn Future<Output = Option<Credential>> + Send>>>;

/// Asks for a credential other than the one that was refused.
///
/// However many ask at once, the source is asked once, and all wait for that. It goes on when they
/// have gone away: else callers in a hurry would cut off one renewal after the other.
pub(super) fn renew(
    bound: &Arc<Bound>,
    refused: Option<Credential>,
    time: Duration,
    deadline: Option<Instant>,
    upstream: Option<Arc<Upstream>>,
) -> Renewal {
    let ours = clock::after(clock::now(), time);
    let limit = deadline.map_or(ours, |deadline| deadline.min(ours));
    Timed::new(
        Box::pin(other(Arc::clone(bound), refused, time, upstream)),
        limit,
    )
}

/// What the source has: at once, or after a renewal.
#[cfg(feature = "client")]
pub(crate) async fn present(
    bound: &Arc<Bound>,
    time: Duration,
) -> Result<Credential, CredentialError> {
    if let Some(current) = bound.current() {
        return Ok(current);
    }
    let renewed = renew(bound, None, time, None, None).await;
    renewed.flatten().ok_or_else(|| bound.problem())
}

async fn other(
    bound: Arc<Bound>,
    refused: Option<Credential>,
    time: Duration,
    upstream: Option<Arc<Upstream>>,
) -> Option<Credential> {
    let differs = |current: &Credential| {
        let refused = refused.as_ref();
        refused.is_none_or(|refused| !current.is_same_as(refused))
    };
    let turn = Arc::clone(&bound.turn).lock_owned().await;
    // Another attempt may have seen to it, or the source by itself.
    if let Some(other) = bound.current().filter(differs) {
        return Some(other);
    }
    let now = clock::now();
    let unit = bound.random.unit();
    let may = bound.change(|authentication| {
        let may = authentication.renewable_in(now).is_zero();
        if may {
            authentication.renewing(now, unit);
        }
        may
    });
    if may {
        let asking = ask(Arc::clone(&bound), turn, time, upstream.clone());
        if tokio::spawn(asking).await.is_err() {
            // A source that panics has told nothing.
            let problem = CredentialError::unavailable("it has panicked");
            bound.renewed(Err(problem.clone()));
            tell(&bound, upstream.as_deref(), Some(&problem));
        }
    }
    bound.current().filter(differs)
}

/// Asks the source, in its turn and within this time.
async fn ask(
    bound: Arc<Bound>,
    turn: OwnedMutexGuard<()>,
    time: Duration,
    upstream: Option<Arc<Upstream>>,
) {
    let limit = clock::after(clock::now(), time);
    let asked = Timed::new(Box::pin(bound.source.refresh()), limit).await;
    let too_late = || Err(CredentialError::unavailable("it took too long"));
    let result = asked.unwrap_or_else(too_late);
    bound.renewed(result.clone());
    drop(turn);
    tell(&bound, upstream.as_deref(), result.as_ref().err());
}

/// Tells what came of it, without a lock.
fn tell(bound: &Bound, upstream: Option<&Upstream>, problem: Option<&CredentialError>) {
    match (upstream, problem) {
        (Some(known), None) => known.tell(&Event::CredentialRenewed {
            upstream: known.name(),
        }),
        (Some(known), Some(why)) => known.tell(&Event::CredentialNotRenewed {
            upstream: known.name(),
            why,
        }),
        (None, None) => event::credentials::credential_renewed(&bound.origin),
        (None, Some(why)) => event::credentials::credential_not_renewed(&bound.origin, why),
    }
}

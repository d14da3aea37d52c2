//! From what a file wanted before to what it wants now.

use std::sync::Arc;

use super::wish::{KeptAway, Wish, Wishes};
use crate::Upstreams;
use crate::clock::Clocks;
use crate::control::ControlError;
use crate::policy::circuit::{Author, Maintenance};
use crate::upstream::Upstream;

/// Changes what differs, and nothing else; all of it or, if there is no room for an upstream, nothing.
pub(super) fn apply(
    upstreams: &Upstreams,
    author: Author,
    before: &Wishes,
    after: &Wishes,
    clocks: &Clocks,
) -> Result<(), ControlError> {
    let nothing = Wish::default();
    let mut changed = Vec::new();
    for (name, (address, wish)) in after {
        let was = before.get(name).map_or(&nothing, |(_, was)| was);
        if was != wish {
            let found = upstreams.named(address);
            let upstream = name.clone();
            let upstream = found.ok_or(ControlError::Full { upstream })?;
            changed.push((upstream, was, wish));
        }
    }
    for (name, (address, was)) in before {
        if !after.contains_key(name)
            && let Some(upstream) = upstreams.remembered(address)
        {
            changed.push((upstream, was, &nothing));
        }
    }
    for (upstream, was, wish) in changed {
        change(&upstream, author, was, wish, clocks);
    }
    Ok(())
}

fn change(upstream: &Arc<Upstream>, author: Author, was: &Wish, wish: &Wish, clocks: &Clocks) {
    let now = clocks.now;
    upstream.operate(|circuit, traffic, unit| {
        if was.kept_away != wish.kept_away {
            let plans = wish.kept_away.iter();
            let plans = plans.map(|kept_away| kept_away.plan(author, clocks));
            circuit.replan(now, author, plans, unit, traffic);
        }
        match (was.rate, wish.rate) {
            (was, wish) if was == wish => {}
            (_, Some(rate)) => circuit.set_rate(now, Some(rate)),
            // Unless somebody else has set another since.
            (Some(was), None) => circuit.withdraw_rate(now, was),
            (None, None) => {}
        }
        let lift_before = wish
            .lift_before
            .filter(|_| was.lift_before != wish.lift_before);
        // A gate cannot have closed before this machine's clock began.
        if let Some(before) = lift_before.and_then(|at| clocks.moment_of(at)) {
            circuit.lift_gate(now, Some(before), traffic);
        }
    });
}

impl KeptAway {
    fn plan(&self, author: Author, clocks: &Clocks) -> Maintenance {
        Maintenance {
            from: self.from.map_or(clocks.now, |from| clocks.instant_at(from)),
            until: clocks.instant_at(self.until),
            reason: self.reason.clone(),
            planned: self.from.is_some(),
            author,
        }
    }
}

//! What this service asks of seawall, and the rules that follow from it.

use std::time::Duration;

use seawall::{Backoff, Jitter, Policy, PolicyError, Provider};

use crate::gateway::Gateway;
use crate::settle::Rules;

/// Whether the waits are those of a shop, or those of a demonstration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tempo {
    Usual,
    Quick,
}

/// The preset for payments, and the peak. `Quick` keeps every safety rule of it, with shorter times.
pub(crate) fn policy(tempo: Tempo) -> Result<Policy, PolicyError> {
    let usual = Policy::external_payments(Provider::generic())
        .to_builder()
        .declared_peak_per_second(peak(tempo));
    if tempo == Tempo::Usual {
        return usual.build();
    }
    let millis = Duration::from_millis;
    let jitter = Jitter::Proportional(0.3);
    let backoff = Backoff::new(millis(100), 2.0, millis(800), jitter);
    usual
        .backoff(backoff.expect("a valid backoff"))
        .attempt_timeout(millis(1_000))
        .deadline(millis(3_000))
        .budget(0.5, 10)
        .break_duration(millis(300), millis(1_100))
        .ramp(millis(1_000))
        .build()
}

/// What a payment's next state is decided by.
pub(crate) fn rules(gateway: &Gateway, tempo: Tempo) -> Rules {
    Rules {
        key_life: gateway.key_life(),
        longest_call: gateway.longest_call(),
        again: match tempo {
            Tempo::Usual => Duration::from_secs(60),
            Tempo::Quick => Duration::from_secs(1),
        },
    }
}

/// A claim lapses when its holder must be dead: it makes two calls at most, one to send and one to
/// ask.
pub(crate) fn lease(gateway: &Gateway) -> Duration {
    2 * gateway.longest_call() + Duration::from_secs(5)
}

/// Calls per second that this process has agreed with the gateway. Declare yours: without it, a
/// worker that starts with a backlog gets half of a normal rate that nobody has learned yet, which
/// is three calls a minute.
fn peak(tempo: Tempo) -> f64 {
    match tempo {
        Tempo::Usual => 10.0,
        Tempo::Quick => 100.0,
    }
}

/// From one call of the worker to the next. Seawall gives background work half of the peak; a worker
/// that asks for a little less is never told to come later.
pub(crate) fn pace(tempo: Tempo) -> Duration {
    Duration::from_secs_f64(2.2 / peak(tempo))
}

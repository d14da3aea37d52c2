//! Calls that are turned away, and those that wait beside them.

#![expect(
    clippy::needless_pass_by_value,
    reason = "a closure is written where it is passed"
)]

use super::both::Run;
use super::*;
use crate::policy::Reason;
use crate::policy::circuit::{Author, Maintenance};
use crate::{Deadline, IdempotencyKey, Priority, clock};

fn policies() -> [PolicyBuilder; 8] {
    // It forgets a key before the circuit or the gate lets calls pass.
    let forgetful = Provider {
        key_life: secs(200),
        ..Provider::generic()
    };
    let stripe = Provider {
        rate_per_second: None,
        ..Provider::stripe()
    };
    [
        Policy::internal().to_builder(),
        external(),
        payments(),
        payments().max_attempts(1),
        payments().provider(Provider::ietf()),
        payments().provider(stripe),
        payments().provider(forgetful),
        // Its calls have less patience than others.
        payments().attempt_timeout(secs(2)).deadline(secs(2)),
    ]
}

/// Calls of each kind, each given up soon if it waits.
async fn send_each_kind(run: &Run) {
    let key = || IdempotencyKey::parse("order-18").unwrap();
    let hurried = Deadline::at(clock::after(clock::now(), secs(1)));
    for call in [
        get(),
        put(),
        post(),
        call(Method::PATCH, URL, "s3cret-body"),
        call(Method::CONNECT, URL, ""),
        call(Method::GET, "http://gateway.test/", ""),
        keyed(),
        with_header(post(), "idempotency-key", ""),
        with_header(post(), "authorization", "Bearer s3cret"),
        with_header(post(), "stripe-account", "acct_17"),
        with_extension(post(), key()),
        with_extension(get(), Priority::Background),
        with_extension(get(), hurried),
    ] {
        run.send_for(millis(1), call).await;
    }
    run.note_snapshots();
}

/// After a first call that goes express, whatever `closes` does; then calls until it is over.
fn refused(steps: impl Fn() -> Vec<Step>, closes: impl AsyncFn(&Run)) {
    for policy in policies() {
        let steps = || std::iter::once(status(200)).chain(steps()).collect();
        headed(&policy, steps, async |run| {
            run.send(get()).await;
            closes(run).await;
            for seconds in [0, 1, 3, 5, 11, 40] {
                send_each_kind(run).await;
                pass(secs(seconds)).await;
            }
        });
    }
}

#[test]
fn by_a_circuit_that_has_tripped() {
    let failures = || (0..9).map(|_| status(500)).collect();
    refused(failures, async |run| {
        for _ in 0..5 {
            run.send_for(millis(1), post()).await;
            pass(secs(1)).await;
        }
    });
}

#[test]
fn by_a_gate_for_longer_than_they_would_wait_or_not() {
    for asked in [1, 3, 6, 20, 9_000] {
        refused(
            || vec![retry_after(503, asked)],
            async |run| run.send_for(millis(1), post()).await,
        );
    }
}

#[test]
fn by_the_gate_of_their_credential() {
    for asked in [3, 20] {
        for whose in ["", "Bearer s3cret"] {
            refused(
                || vec![retry_after(429, asked)],
                async |run| {
                    let call = with_header(post(), "authorization", whose);
                    run.send_for(millis(1), call).await;
                },
            );
        }
    }
}

#[test]
fn by_an_operator() {
    for (begins, lasts) in [(0, 4), (0, 30), (2, 9)] {
        refused(Vec::new, async |run| {
            let now = clock::now();
            let from = clock::after(now, secs(begins));
            let plan = Maintenance {
                from,
                until: clock::after(from, secs(lasts)),
                reason: Reason::new("ticket 4711").unwrap(),
                planned: begins > 0,
                author: Author::Handle,
            };
            let upstream = run.upstreams.find(&get());
            upstream.operate(|circuit, traffic, unit| circuit.maintain(now, plan, unit, traffic));
        });
    }
}

#[test]
fn while_a_probe_is_under_way() {
    let slow = || vec![retry_after(503, 6), status(200).after(secs(4))];
    refused(slow, async |run| {
        run.send_for(millis(1), put()).await;
        pass(secs(7)).await;
        run.start(put());
        settle().await;
    });
}

#[test]
fn for_want_of_room_to_wait() {
    refused(
        || vec![retry_after(503, 3)],
        async |run| {
            run.send_for(millis(1), post()).await;
            let waiting: Vec<_> = (0..260).map(|_| run.start(post())).collect();
            settle().await;
            send_each_kind(run).await;
            for call in waiting {
                let _ = call.await;
            }
        },
    );
}

#[test]
fn after_what_they_have_found_out_together() {
    // Ten healthy minutes teach the rate by which they come again.
    headed(&payments(), Vec::new, async |run| {
        for _ in 0..700 {
            run.send(get()).await;
            pass(secs(1)).await;
        }
        run.upstream.add([retry_after(503, 600)]);
        for _ in 0..40 {
            run.send_for(millis(1), post()).await;
        }
    });
}

#[test]
fn by_another_policy_than_it_was_closed_under() {
    for other in [external(), payments().provider(Provider::ietf())] {
        refused(
            || vec![retry_after(503, 60)],
            async |run| {
                run.send_for(millis(1), post()).await;
                let _ = run.upstreams.apply(other.clone().build().unwrap());
            },
        );
    }
}

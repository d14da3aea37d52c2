//! What others do while a call is under way.

use super::*;
use crate::Report;
use crate::middleware::testing::Blocked;

fn with_key_of(report: &Report, body: &'static str) -> Call {
    let key = report.idempotency_key().expect("a payment has a key");
    with_header(
        call(Method::POST, URL, body),
        "idempotency-key",
        key.as_str(),
    )
}

#[test]
fn a_call_that_is_dropped_at_any_time_leaves_the_same_behind() {
    for time in [0, 1, 500, 1_000, 1_500, 30_000, 30_500, 90_000] {
        for first in [
            || status(500).after(secs(1)),
            || Step::Hang,
            || retry_after(503, 3).after(secs(1)),
        ] {
            headed(
                &payments(),
                || vec![first()],
                async |run| {
                    run.send_for(millis(time), post()).await;
                    run.send_for(millis(time), get()).await;
                    run.send(post()).await;
                },
            );
        }
    }
}

#[test]
fn the_circuit_trips_and_mends_alike() {
    for policy in [Policy::internal().to_builder(), external(), payments()] {
        let steps = || (0..12).map(|_| status(500)).collect();
        headed(&policy, steps, async |run| {
            for _ in 0..40 {
                run.send(get()).await;
                run.send(post()).await;
                pass(secs(7)).await;
            }
        });
    }
}

#[test]
fn results_of_attempts_from_before_the_trip_change_nothing() {
    let steps = || {
        let late = status(200).after(secs(20));
        let failures = (0..9).map(|_| status(500));
        std::iter::once(late).chain(failures).collect()
    };
    headed(&payments(), steps, async |run| {
        let late = run.start(post());
        settle().await;
        for _ in 0..5 {
            run.send_for(millis(10), post()).await;
            pass(secs(1)).await;
        }
        let _ = late.await;
        run.send(post()).await;
    });
}

#[test]
fn calls_at_once_share_the_budget_and_the_gate() {
    for first in [
        || status(500).after(millis(20)),
        || retry_after(503, 2).after(millis(20)),
        || retry_after(429, 2).after(millis(20)),
    ] {
        let policy = payments().budget(0.1, 2);
        headed(
            &policy,
            || (0..8).map(|_| first()).collect(),
            async |run| {
                let mut calls = Vec::new();
                for _ in 0..8 {
                    calls.push(run.start(post()));
                    pass(millis(3)).await;
                }
                for call in calls {
                    let _ = call.await;
                }
            },
        );
    }
}

#[test]
fn a_policy_that_comes_during_the_first_attempt_does_not_split_the_call() {
    let others = [
        payments().max_attempts(1),
        payments().attempt_timeout(secs(1)).deadline(secs(2)),
        payments().max_concurrency(1),
        payments().declared_peak_per_second(1.0),
        payments().consecutive_failures(9),
        payments().provider(Provider::stripe()),
    ];
    for other in others {
        for first in [|| status(500), || retry_after(503, 3), || Step::Hang] {
            let steps = || vec![first().after(secs(3)), status(200).after(secs(2))];
            headed(&payments(), steps, async |run| {
                let call = run.start(post());
                pass(secs(2)).await;
                run.upstreams.apply(other.clone().build().unwrap()).unwrap();
                let _ = call.await;
                run.upstream.add((0..3).map(|_| status(200).after(secs(1))));
                // A limit of the new policy holds for all of these.
                for call in [(); 3].map(|()| run.start(post())) {
                    let _ = call.await;
                }
            });
        }
    }
}

#[test]
fn an_operator_who_acts_during_the_first_attempt_is_heard_alike() {
    let upstream = "https://gateway.test:443";
    let acts: [fn(&crate::Control); 3] = [
        |control| control.reset("https://gateway.test:443").unwrap(),
        |control| control.lift_gate("https://gateway.test:443").unwrap(),
        |control| {
            control
                .set_rate("https://gateway.test:443", Some(0.5))
                .unwrap();
        },
    ];
    for act in acts {
        for first in [|| status(500), || retry_after(503, 3), || status(200)] {
            headed(
                &payments(),
                || vec![first().after(secs(3))],
                async |run| {
                    let call = run.start(post());
                    pass(secs(2)).await;
                    act(&run.upstreams.control());
                    let _ = call.await;
                    run.send(post()).await;
                    run.send(post()).await;
                    run.note(format!(
                        "{:?}",
                        run.upstreams.control().snapshot(upstream).is_some()
                    ));
                },
            );
        }
    }
}

#[test]
fn a_transport_that_is_not_ready_for_the_retry_keeps_it_waiting_alike() {
    for how in [Blocked::Pending, Blocked::Failing] {
        for from in [0, 1] {
            headed(
                &payments(),
                || vec![status(500)],
                async |run| {
                    run.upstream.block(from + 1, how);
                    run.send(get()).await;
                    run.send_for(secs(100), post()).await;
                },
            );
        }
    }
}

#[test]
fn a_key_that_was_made_is_remembered_alike_whatever_became_of_its_call() {
    for first in [
        || status(201),
        || status(402),
        || failure(Failure::Reset),
        || failure(Failure::Refused),
        || Step::Hang,
    ] {
        for policy in [payments(), payments().max_attempts(1)] {
            headed(
                &policy,
                || (0..4).map(|_| first()).collect(),
                async |run| {
                    let report = run.send(call(Method::POST, URL, "ten")).await;
                    run.upstream.clear();
                    run.send(with_key_of(&report, "eleven")).await;
                    run.send(with_key_of(&report, "ten")).await;
                    // It is no new call, and no arrival.
                    run.note_snapshots();
                    pass(secs(23 * 3_600)).await;
                    run.send(with_key_of(&report, "ten")).await;
                    pass(secs(3_600)).await;
                    run.send(with_key_of(&report, "ten")).await;
                },
            );
        }
    }
}

#[test]
fn a_panic_of_the_transport_leaves_the_same_behind() {
    let panics = || vec![status(200).body([Piece::Pause(millis(9)), Piece::Untouchable])];
    for policy in [payments(), external()] {
        collected(&policy, panics, async |run| {
            assert!(run.start(post()).await.is_err());
            run.send(post()).await;
        });
    }
}

#[test]
fn spans_that_are_seen_from_the_retry_on_are_the_same() {
    headed(
        &payments(),
        || vec![status(500)],
        async |run| {
            let call = run.start(post());
            settle().await;
            let spans = Spans::new();
            let _ = call.await;
            run.send(get()).await;
            for name in ["call", "attempt"] {
                for span in spans.named(name) {
                    let resends = span.field("http.request.resend_count");
                    run.note(format!("{name} in {:?}: {resends:?}", span.parent));
                }
            }
        },
    );
}

#[test]
fn a_quota_that_is_told_of_after_a_rate_was_set_is_heard_alike() {
    for told in [200, 201, 404, 500] {
        let steps = || {
            let quota = "\"default\";r=1;t=30";
            vec![status(told).header("ratelimit", quota).after(secs(3))]
        };
        headed(&payments(), steps, async |run| {
            let call = run.start(post());
            pass(secs(2)).await;
            let control = run.upstreams.control();
            control
                .set_rate("https://gateway.test:443", Some(50.0))
                .unwrap();
            let _ = call.await;
            run.note_snapshots();
            for _ in 0..5 {
                run.send_for(secs(1), post()).await;
            }
        });
    }
}

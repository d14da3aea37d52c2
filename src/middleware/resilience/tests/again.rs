//! Attempts after the first one, and what others do meanwhile.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};
use std::task::{Context, Poll, Waker};

use http::{Request, Response};
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;
use tracing::subscriber::NoSubscriber;

use super::*;
use crate::middleware::extensions::Attempt;
use crate::middleware::testing::Blocked;
use crate::{Backoff, Body, Jitter, Report, ResilienceLayer, Rule};

const UPSTREAM: &str = "https://gateway.test:443";

/// Payments whose retries come at once.
fn at_once() -> PolicyBuilder {
    let at_once = Backoff::new(secs(0), 1.0, secs(0), Jitter::None).unwrap();
    payments()
        .backoff(at_once)
        .allow(Rule::BackoffBase, "a test")
        .allow(Rule::Jitter, "a test")
}

/// What a retry may bring.
fn answers() -> [fn() -> Step; 9] {
    [
        || status(201).after(millis(3)),
        || status(402),
        || status(421),
        || status(500).after(secs(2)),
        || retry_after(429, 2),
        || retry_after(503, 2),
        || retry_after(429, 900),
        || failure(Failure::Reset).after(secs(1)),
        || Step::Hang,
    ]
}

#[test]
fn whatever_comes_second_and_third() {
    for policy in [
        payments(),
        external(),
        at_once(),
        payments().max_attempts(2),
    ] {
        for second in answers() {
            for third in answers() {
                let steps = || vec![status(500), second(), third(), status(503)];
                headed(&policy, steps, async |run| {
                    run.send(post()).await;
                    run.send(put()).await;
                    run.send(get()).await;
                });
            }
        }
    }
}

#[test]
fn who_asks_is_known_at_the_last_attempt_too() {
    let asking = |who| with_header(post(), "authorization", who);
    for policy in [payments().max_attempts(2), payments()] {
        let steps = || vec![status(500), retry_after(429, 20), retry_after(429, 30)];
        headed(&policy, steps, async |run| {
            run.send_for(secs(30), asking("Bearer one")).await;
            run.send_for(secs(1), asking("Bearer one")).await;
            run.send_for(secs(1), asking("Bearer two")).await;
        });
    }
}

#[test]
fn a_retry_that_is_dropped_at_any_time_leaves_the_same_behind() {
    for second in answers() {
        for time in [900, 1_000, 1_001, 2_500, 4_000, 31_500, 89_000] {
            let policy = payments().backoff(steady());
            let steps = || vec![status(500), second().after(secs(1))];
            headed(&policy, steps, async |run| {
                run.send_for(millis(time), post()).await;
                run.send_for(millis(time), get()).await;
                run.send(post()).await;
            });
        }
    }
}

#[test]
fn what_others_do_during_the_backoff_or_the_retry_is_heard_alike() {
    let acts: [fn(&crate::Control); 5] = [
        |control| control.reset(UPSTREAM).unwrap(),
        |control| control.set_rate(UPSTREAM, Some(0.5)).unwrap(),
        |control| drop(control.apply(payments().max_concurrency(1).build().unwrap())),
        |control| drop(control.apply(payments().max_attempts(1).build().unwrap())),
        |control| drop(control.apply(payments().attempt_timeout(secs(1)).build().unwrap())),
    ];
    for act in acts {
        for second in answers() {
            for time in [500, 1_500] {
                let steps = || vec![status(500), second().after(secs(1))];
                headed(&payments().backoff(steady()), steps, async |run| {
                    let call = run.start(post());
                    pass(millis(time)).await;
                    act(&run.upstreams.control());
                    let _ = call.await;
                    run.send(post()).await;
                });
            }
        }
    }
}

#[test]
fn what_other_calls_bring_during_the_backoff_is_heard_alike() {
    let asking = |who| with_header(post(), "authorization", who);
    for other in answers() {
        for who in ["Bearer one", "Bearer two"] {
            let steps = || vec![status(500), other(), other(), other(), status(500)];
            headed(&payments().backoff(steady()), steps, async |run| {
                let call = run.start(asking("Bearer one"));
                pass(millis(500)).await;
                let others = [run.start(asking(who)), run.start(asking(who))];
                let _ = call.await;
                for other in others {
                    let _ = other.await;
                }
            });
        }
    }
}

#[test]
fn a_retry_that_is_not_sent_after_all_comes_back_no_sooner_than_its_credential_may() {
    let asking = || with_header(post(), "authorization", "Bearer one");
    for how in [Blocked::Pending, Blocked::Failing] {
        let steps = || vec![status(500), retry_after(429, 900)];
        headed(&payments().backoff(steady()), steps, async |run| {
            let call = run.start(asking());
            pass(millis(500)).await;
            run.send(asking()).await;
            run.upstream.block(2, how);
            let _ = call.await;
        });
    }
}

/// Fails the first call, and tells of each whether it found a gate.
fn failing_first(calls: &AtomicU16) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    if calls.fetch_add(1, Ordering::Relaxed) == 0 {
        *response.status_mut() = http::StatusCode::BAD_GATEWAY;
    }
    response
}

#[test]
fn a_retry_without_delay_makes_no_timer() {
    let layer = ResilienceLayer::new(at_once().build().unwrap());
    let _unseen = tracing::subscriber::set_default(NoSubscriber::default());
    let calls = AtomicU16::new(0);
    let service = layer.layer(service_fn(|_: Call| {
        ready(Ok::<_, Infallible>(failing_first(&calls)))
    }));
    // Outside of a runtime a timer panics.
    let sent = pin!(service.oneshot(post()));
    let Poll::Ready(Ok(answer)) = sent.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it is ready at once");
    };
    assert_eq!(Report::of(&answer).unwrap().attempts(), 2);
}

#[test]
fn only_a_transport_of_this_crate_is_given_a_gate_for_the_retry() {
    fn gates<B: crate::body::Replay>(body: B) -> Vec<bool> {
        let _unseen = tracing::subscriber::set_default(NoSubscriber::default());
        let layer = ResilienceLayer::new(at_once().build().unwrap());
        let (calls, gates) = (AtomicU16::new(0), Mutex::new(Vec::new()));
        let service = layer.layer(service_fn(|request: Request<B>| {
            let gate = request.extensions().get::<Attempt>();
            gates.lock().unwrap().push(gate.is_some());
            ready(Ok::<_, Infallible>(failing_first(&calls)))
        }));
        let request = Request::post(URL).body(body).unwrap();
        let sent = pin!(service.oneshot(request));
        let sent = sent.poll(&mut Context::from_waker(Waker::noop()));
        assert!(sent.is_ready());
        gates.lock().unwrap().clone()
    }
    assert_eq!(gates(Body::empty()), [true, true]);
    let full = http_body_util::Full::new(bytes::Bytes::new());
    assert_eq!(gates(full), [false, false]);
}

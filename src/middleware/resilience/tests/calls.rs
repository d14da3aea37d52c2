//! Calls by themselves and one after the other.

use super::*;
use crate::middleware::{Deadline, FirstSentAt};
use crate::policy::Progress;
use crate::upstream::UpstreamName;
use crate::{IdempotencyKey, Priority, RateLimitKey, clock};

fn internal() -> PolicyBuilder {
    Policy::internal().to_builder()
}

fn policies() -> Vec<PolicyBuilder> {
    // What has a rate goes through each layer.
    let stripe = Policy::external_payments(Provider {
        rate_per_second: None,
        ..Provider::stripe()
    });
    let ietf = Policy::external_payments(Provider::ietf());
    vec![
        internal(),
        external(),
        payments(),
        stripe.to_builder(),
        ietf.to_builder(),
        payments().max_attempts(1),
        internal().honour_retry_after(false),
        internal().repeat_unkeyed(true),
        internal().without_circuit(),
    ]
}

fn methods() -> Vec<Method> {
    let strange = Method::from_bytes(b"PURGE").unwrap();
    let of_old = [Method::GET, Method::PUT, Method::POST, Method::PATCH];
    let others = [Method::DELETE, Method::CONNECT, strange];
    of_old.into_iter().chain(others).collect()
}

/// The policies and methods that most answers are to be tried with.
fn usual() -> ([PolicyBuilder; 3], [Method; 2]) {
    let policies = [internal(), payments(), payments().max_attempts(1)];
    (policies, [Method::GET, Method::POST])
}

/// Such an answer first, then successes.
fn whatever_comes_first(first: impl Fn() -> Step) {
    let (policies, methods) = usual();
    with_each(&policies, &methods, first);
}

fn with_each(policies: &[PolicyBuilder], methods: &[Method], first: impl Fn() -> Step) {
    for policy in policies {
        for method in methods {
            let steps = || vec![first(), status(201).after(millis(30))];
            headed(policy, steps, async |run| {
                // One that goes express, whatever the method.
                run.send(get()).await;
                run.send(call(method.clone(), URL, "s3cret-body")).await;
                run.send(post()).await;
            });
        }
    }
}

#[test]
fn whatever_status_comes_first() {
    for code in [
        200, 204, 299, 303, 307, 400, 401, 403, 408, 409, 413, 421, 425, 429, 500, 501, 502, 503,
        507, 511, 600,
    ] {
        whatever_comes_first(|| status(code));
    }
    for code in [200, 429] {
        with_each(&policies(), &methods(), || status(code));
    }
}

#[test]
fn whatever_status_comes_first_with_a_retry_after() {
    for code in [200, 413, 429, 503] {
        for asked in ["0", "3", "9000", "soon"] {
            whatever_comes_first(|| status(code).header("retry-after", asked));
        }
    }
}

#[test]
fn whatever_word_comes_with_it() {
    for (name, value) in [
        ("idempotent-replayed", "true"),
        ("stripe-should-retry", "true"),
        ("stripe-should-retry", "false"),
        ("x-envoy-overloaded", "1"),
        ("ratelimit", "\"default\";r=1;t=30"),
    ] {
        for code in [200, 400, 503] {
            whatever_comes_first(|| status(code).header(name, value));
        }
    }
}

#[test]
fn whatever_status_of_grpc_comes_first() {
    for code in [0, 5, 8, 14, 99] {
        for pushback in ["-1", "1500"] {
            let answer = || status(200).header("content-type", "application/grpc");
            whatever_comes_first(|| {
                let answer = answer().header("grpc-status", code);
                answer.header("grpc-retry-pushback-ms", pushback)
            });
        }
    }
}

#[test]
fn whatever_failure_comes_first() {
    let failures = [
        Failure::Dns,
        Failure::Refused,
        Failure::Certificate,
        Failure::Unsent,
        Failure::AttemptTimeout(Progress::Unsent),
        Failure::Deadline(Progress::MaybeSent),
        Failure::Reset,
        Failure::Malformed,
        Failure::Stream(0xb),
        Failure::BrokenBody,
        Failure::OversizedBody { limit: 9 },
        Failure::RequestBody,
        Failure::InvalidRequest,
        Failure::Other,
    ];
    for failed in failures {
        whatever_comes_first(|| failure(failed).after(millis(7)));
    }
    whatever_comes_first(|| io(std::io::ErrorKind::ConnectionReset));
}

#[test]
fn however_late_it_comes() {
    for seconds in [0, 1, 2, 3, 10, 30, 31, 89] {
        for late in [0, 5] {
            let time = secs(seconds) + millis(late);
            whatever_comes_first(|| status(200).after(time));
            whatever_comes_first(|| status(503).after(time));
        }
    }
    whatever_comes_first(|| Step::Hang);
}

#[test]
fn when_the_deadline_is_the_tighter_limit_it_ends_the_attempt() {
    for policy in [
        internal().attempt_timeout(secs(2)).deadline(secs(2)),
        payments().attempt_timeout(secs(9)).deadline(secs(9)),
    ] {
        headed(
            &policy,
            || vec![Step::Hang],
            async |run| {
                run.send(get()).await;
                run.send(post()).await;
            },
        );
        let head_only = || vec![retry_after(503, 60).body([Piece::Hang])];
        collected(&policy, head_only, async |run| {
            run.send(post()).await;
            run.send(post()).await;
        });
    }
}

#[test]
fn answers_whose_body_is_read_within_the_call() {
    let bodies: [fn() -> Vec<Piece>; 6] = [
        || vec![Piece::Data("paid"), Piece::Trailers],
        || vec![Piece::Data("pa"), Piece::Pause(secs(4)), Piece::Data("id")],
        || vec![Piece::Data("pa"), Piece::Pause(secs(6)), Piece::Data("id")],
        || vec![Piece::Data("pa"), Piece::Break],
        || vec![Piece::Data("pa"), Piece::Hang],
        || vec![Piece::Pause(millis(900)), Piece::Hang],
    ];
    for policy in usual().0 {
        for body in bodies {
            for code in [201, 402, 429, 503] {
                let steps = || vec![retry_after(code, 2).body(body()), status(201)];
                collected(&policy, steps, async |run| {
                    run.send(put()).await;
                    run.send(post()).await;
                });
            }
        }
    }
}

#[test]
fn what_a_call_brings_of_its_own() {
    let own: [fn() -> Call; 12] = [
        keyed,
        || with_header(post(), "idempotency-key", ""),
        || with_header(get(), "idempotency-key", "order-17"),
        || with_header(post(), "authorization", "Bearer s3cret"),
        || with_extension(post(), IdempotencyKey::parse("order-18").unwrap()),
        || with_extension(post(), FirstSentAt::new(std::time::SystemTime::UNIX_EPOCH)),
        || with_extension(get(), Priority::Background),
        || with_extension(get(), UpstreamName::new("reports")),
        || with_extension(get(), RateLimitKey::new("account-17")),
        || with_extension(get(), Deadline::at(clock::after(clock::now(), secs(1)))),
        || call(Method::GET, "http://gateway.test/", ""),
        || call(Method::GET, "/no/host", ""),
    ];
    for policy in policies() {
        for own in own {
            let steps = || vec![status(500), retry_after(429, 20), Step::Hang];
            headed(&policy, steps, async |run| {
                run.send(get()).await;
                run.send(own()).await;
                run.send(own()).await;
                run.send(get()).await;
            });
        }
    }
}

#[test]
fn headers_of_any_kind_go_out_as_they_came_each_time() {
    let decorated = || {
        let mut request = with_header(post(), "x-secret", "s3cret");
        let headers = request.headers_mut();
        headers.get_mut("x-secret").unwrap().set_sensitive(true);
        for number in 0..50 {
            headers.append("x-many", number.to_string().parse().unwrap());
            let value = http::HeaderValue::from_bytes(b"\xff\x80\t").unwrap();
            headers.append("x-bytes", value);
        }
        *request.version_mut() = http::Version::HTTP_2;
        request
    };
    for policy in policies() {
        headed(
            &policy,
            || vec![status(500), status(421)],
            async |run| {
                run.send(decorated()).await;
            },
        );
    }
}

#[test]
fn the_gate_of_a_rate_limit_is_closed_for_the_same_credential() {
    let asking = |who| with_header(post(), "authorization", who);
    for policy in policies() {
        let steps = || vec![retry_after(429, 20).after(millis(1))];
        headed(&policy, steps, async |run| {
            run.send_for(secs(5), asking("Bearer one")).await;
            run.send_for(secs(1), asking("Bearer one")).await;
            run.send_for(secs(1), asking("Bearer two")).await;
            run.send_for(secs(1), post()).await;
        });
    }
}

//! Scripts and calls by chance.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What the upstream does with one request.
#[derive(Clone, Debug)]
struct Does {
    status: u16,
    fails: Option<Failure>,
    asks: Option<u64>,
    after: u64,
}

impl Does {
    fn step(&self) -> Step {
        let step = match (self.fails, self.asks) {
            (Some(failed), _) => failure(failed),
            (None, Some(seconds)) => retry_after(self.status, seconds),
            (None, None) => status(self.status),
        };
        step.after(millis(self.after))
    }
}

/// One call, dropped after that time, and the pause before the next one.
#[derive(Clone, Debug)]
struct Sends {
    method: Method,
    patience: u64,
    pause: u64,
}

fn does() -> impl Strategy<Value = Does> {
    let statuses = prop::sample::select(vec![
        200, 200, 201, 303, 307, 400, 401, 404, 408, 409, 413, 421, 425, 429, 500, 501, 502, 503,
    ]);
    let failures = prop::sample::select(vec![
        Failure::Refused,
        Failure::Unsent,
        Failure::Reset,
        Failure::Certificate,
        Failure::Other,
    ]);
    let fails = prop::option::weighted(0.2, failures);
    let asks = prop::option::weighted(0.3, 0_u64..90);
    let after = prop_oneof![4 => 0_u64..2_000, 1 => 0_u64..100_000];
    (statuses, fails, asks, after).prop_map(|(status, fails, asks, after)| Does {
        status,
        fails,
        asks,
        after,
    })
}

fn sends() -> impl Strategy<Value = Sends> {
    let methods = prop::sample::select(vec![Method::GET, Method::PUT, Method::POST]);
    let patience = prop_oneof![1 => 0_u64..3_000, 3 => Just(600_000)];
    let pause = prop_oneof![0_u64..2_000, 0_u64..90_000];
    (methods, patience, pause).prop_map(|(method, patience, pause)| Sends {
        method,
        patience,
        pause,
    })
}

fn policy() -> impl Strategy<Value = PolicyBuilder> {
    prop::sample::select(vec![
        Policy::internal().to_builder(),
        external(),
        payments(),
        Policy::external_payments(Provider::ietf()).to_builder(),
        payments().max_attempts(1),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_happens_both_ways_show_the_same(
        policy in policy(),
        script in vec(does(), 0..12),
        calls in vec(sends(), 0..12),
    ) {
        headed(&policy, || script.iter().map(Does::step).collect(), async |run| {
            // The first call of all goes express.
            run.send_for(secs(600), get()).await;
            for sends in &calls {
                let request = call(sends.method.clone(), URL, "s3cret-body");
                run.send_for(millis(sends.patience), request).await;
                pass(millis(sends.pause)).await;
            }
        });
    }
}

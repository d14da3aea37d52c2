//! What a policy that is put in force under traffic changes, and what it leaves alone.

use super::*;
use crate::middleware::testing::*;
use crate::policy::StopReason;
use crate::policy::circuit::CircuitState;
use crate::{Delivery, PolicyBuilder};

/// Changes the policy that is in force.
fn apply(stack: &Stack, change: impl FnOnce(PolicyBuilder) -> PolicyBuilder) {
    let builder = stack.upstreams.policy().to_builder();
    let policy = change(builder).build().unwrap();
    stack.upstreams.apply(policy).unwrap();
}

fn state(stack: &Stack) -> CircuitState {
    stack.upstreams.find(&get()).circuit().state()
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_to_its_end_by_the_policy_it_began_with() {
    let upstream = Script::new([status(500), status(500), status(200), status(500)]);
    let stack = Stack::new(payments().backoff(steady()), &upstream);
    let call = stack.start(keyed()).await;
    apply(&stack, |policy| policy.max_attempts(1));
    let answer = call.await.unwrap();
    assert_eq!((answer.delivery(), answer.attempts()), (Delivery::Done, 3));

    // The next one goes by the new policy.
    let answer = stack.send(post()).await;
    assert_eq!(
        (answer.stop(), answer.attempts()),
        (StopReason::AttemptsExhausted, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn so_do_its_timeouts() {
    let upstream = Script::new([status(500), Step::Hang, Step::Hang]);
    let stack = Stack::new(external().backoff(steady()).max_attempts(2), &upstream);
    let start = clock::now();
    let call = stack.start(get()).await;
    apply(&stack, |policy| {
        policy.attempt_timeout(secs(2)).deadline(secs(4))
    });
    call.await.unwrap().unwrap_err();
    assert_eq!(
        (clock::now() - start).as_secs(),
        11,
        "1 s of backoff, 10 s for the second"
    );

    let start = clock::now();
    let answer = stack.send(post()).await;
    answer.unwrap_err();
    assert_eq!((clock::now() - start).as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_begun_stays() {
    let upstream = Script::new([Step::Hang, Step::Hang]);
    let both = |policy: PolicyBuilder, time| policy.attempt_timeout(time).deadline(time);
    let stack = Stack::new(both(external(), secs(10)), &upstream);
    let start = clock::now();
    let call = stack.start(post()).await;
    apply(&stack, |policy| both(policy, secs(3)));
    call.await.unwrap().unwrap_err();
    assert_eq!((clock::now() - start).as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn failures_count_on_towards_a_trip() {
    let upstream = Script::new((0..5).map(|_| status(500)));
    let stack = Stack::new(external().max_attempts(1), &upstream);
    for failure in 1..=5 {
        assert_eq!(
            state(&stack),
            CircuitState::Closed,
            "before failure {failure}"
        );
        let _ = stack.send(get()).await;
        pass(secs(1)).await;
        apply(&stack, |policy| policy.deadline(secs(20 + failure)));
    }
    assert_eq!(state(&stack), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_closed_gate_stays_closed_for_as_long() {
    let upstream = Script::new([retry_after(503, 600)]);
    let stack = Stack::new(external(), &upstream);
    let _ = stack.send(get()).await;
    let until = |stack: &Stack| stack.upstreams.find(&get()).circuit().gate_until();
    let before = until(&stack);
    apply(&stack, |policy| policy.gate_cap(secs(60)));
    assert!(before.is_some());
    assert_eq!(until(&stack), before);
    assert_eq!(
        stack.send(get()).await.stop(),
        StopReason::Refused(crate::policy::Refusal::Gate)
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_spent_of_the_budget_stays_spent() {
    let upstream = Script::new([]);
    let stack = Stack::new(external().budget(0.1, 2), &upstream);
    let budget = || stack.upstreams.find(&get());
    let now = clock::now();
    for _ in 0..2 {
        drop(budget().budget().withdraw(now).unwrap());
    }
    apply(&stack, |policy| policy.budget(0.1, 3));
    assert!(budget().budget().withdraw(now).is_some(), "three less two");
    assert!(budget().budget().withdraw(now).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_is_one_by_the_new_measure() {
    let upstream = Script::new((0..6).map(|_| status(200).after(millis(1_500))));
    let stack = Stack::new(external().max_attempts(1), &upstream);
    let _ = stack.send(get()).await;
    apply(&stack, |policy| policy.slow_call(secs(1)));
    for _ in 0..5 {
        assert_eq!(state(&stack), CircuitState::Closed);
        let _ = stack.send(get()).await;
    }
    assert_eq!(state(&stack), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_sent_is_known_afterwards() {
    let upstream = Script::new([]);
    let stack = Stack::new(payments(), &upstream);
    stack.send(keyed()).await.unwrap();
    apply(&stack, |policy| policy.max_attempts(2));
    let other = with_header(
        call(http::Method::POST, URL, "another"),
        "idempotency-key",
        "order-1042",
    );
    assert!(stack.send(other).await.unwrap_err().key_refusal().is_some());
    assert_eq!(upstream.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_thousand_calls_go_on_while_the_policy_changes_and_changes() {
    let flaky = |n: u32| {
        if n % 50 == 7 {
            status(503)
        } else {
            status(200).after(millis(20))
        }
    };
    let upstream = Script::new((0..2_100).map(flaky));
    let stack = Stack::new(payments().backoff(steady()), &upstream);
    let mut calls = Vec::new();
    for n in 0..2_000 {
        calls.push(stack.spawn(post()));
        pass(millis(5)).await;
        if n % 10 == 0 {
            apply(&stack, |policy| {
                policy.deadline(secs(60 + n % 20)).budget(0.4, 5)
            });
        }
    }
    for call in calls {
        assert_eq!(call.await.unwrap().delivery(), Delivery::Done);
    }
    assert_eq!(
        upstream.count(),
        2_000 + 41,
        "each once, and once more what failed"
    );
}

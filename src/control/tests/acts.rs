//! Each act, through the whole stack.

use super::*;

#[tokio::test(start_paused = true)]
async fn what_is_opened_refuses_every_call_and_says_why() {
    let upstream = Script::new([]);
    let stack = Stack::new(payments(), &upstream);
    let control = stack.upstreams.control();
    let until = after(secs(600));
    control
        .open_until("https://GATEWAY.test", until, WHY)
        .unwrap();
    for request in [get(), put(), post(), keyed()] {
        let error = stack.send(request).await.unwrap_err();
        assert_eq!(error.refusal(), Some(Refusal::Maintenance));
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(error.code(), "payment_gateway_unavailable");
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(error.retry_after().unwrap() >= secs(599));
        let text = error.to_string();
        assert!(text.contains("operator: ticket 4711 (https://"), "{text}");
    }
    assert_eq!(upstream.count(), 0);
    let seen = seen(&stack);
    assert_eq!(seen.refusal, Some(Refusal::Maintenance));
    let intervention = seen.intervention.unwrap();
    assert_eq!(intervention.what, Intervened::Open);
    assert_eq!(intervention.reason.as_deref(), Some(WHY));
    let apart = intervention.until.duration_since(until);
    assert!(apart.unwrap_or_else(|error| error.duration()) < secs(1));
}

#[tokio::test(start_paused = true)]
async fn another_upstream_and_a_finer_one_are_not_touched() {
    let stack = Stack::new(external(), &Script::new([]));
    let control = stack.upstreams.control();
    let finer = "https://gateway.test#reports";
    control.open_until(finer, after(secs(600)), WHY).unwrap();
    assert!(stack.send(get()).await.is_ok());
    let reports = with_extension(get(), UpstreamName::new("reports"));
    assert_eq!(
        refusal(&stack.send(reports).await),
        Some(Refusal::Maintenance)
    );
    let other = call(http::Method::GET, "http://gateway.test/", "");
    assert_ne!(
        refusal(&stack.send(other).await),
        Some(Refusal::Maintenance)
    );
}

#[tokio::test(start_paused = true)]
async fn a_planned_maintenance_begins_by_itself_on_an_idle_healthy_upstream() {
    let upstream = Script::new([]);
    let stack = Stack::new(external(), &upstream);
    stack.send(get()).await.unwrap();
    let control = stack.upstreams.control();
    let (from, until) = (after(secs(100)), after(secs(700)));
    control
        .schedule_maintenance(GATEWAY, from, until, WHY)
        .unwrap();
    assert_eq!(seen(&stack).planned[0].reason, WHY);
    pass(secs(90)).await;
    stack.send(get()).await.unwrap();
    pass(secs(11)).await;
    assert_eq!(
        refusal(&stack.send(get()).await),
        Some(Refusal::Maintenance)
    );
    assert_eq!(upstream.count(), 2);
    assert_eq!(
        seen(&stack).intervention.unwrap().what,
        Intervened::Maintenance
    );
    assert!(seen(&stack).planned.is_empty());

    // Ten minutes and their jitter later.
    pass(secs(660)).await;
    assert_eq!(seen(&stack).state, CircuitState::HalfOpen);
    assert!(stack.send(get()).await.is_ok());
    assert_eq!(seen(&stack).state, CircuitState::Paced);
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_a_maintenance_would_meet_is_not_waited_for() {
    let upstream = Script::new([status(500).after(secs(5))]);
    let stack = Stack::new(external().backoff(steady()), &upstream);
    let control = stack.upstreams.control();
    let (from, until) = (after(secs(3)), after(secs(700)));
    control
        .schedule_maintenance(GATEWAY, from, until, WHY)
        .unwrap();
    let outcome = stack.send(get()).await;
    assert_eq!(outcome.as_ref().unwrap().status(), 500);
    let stop = crate::policy::StopReason::Refused(Refusal::Maintenance);
    assert_eq!(outcome.stop(), stop);
    assert!(outcome.comes_again().unwrap() >= secs(690));
}

#[tokio::test(start_paused = true)]
async fn what_is_cancelled_no_longer_holds() {
    let stack = Stack::new(external(), &Script::new([]));
    let control = stack.upstreams.control();
    control.open_until(GATEWAY, after(secs(600)), WHY).unwrap();
    let (from, until) = (after(secs(60)), after(secs(700)));
    control
        .schedule_maintenance(GATEWAY, from, until, WHY)
        .unwrap();
    control.cancel_maintenance(GATEWAY).unwrap();
    assert!(stack.send(get()).await.is_ok(), "the probe");
    pass(secs(120)).await;
    assert!(stack.send(get()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_lifted_gate_lets_the_probe_pass() {
    let upstream = Script::new([retry_after(503, 3_600)]);
    let stack = Stack::new(external(), &upstream);
    let _ = stack.send(get()).await;
    assert_eq!(refusal(&stack.send(get()).await), Some(Refusal::Gate));
    pass(secs(60)).await;
    stack.upstreams.control().lift_gate(GATEWAY).unwrap();
    assert!(stack.send(get()).await.is_ok());
    assert_eq!(seen(&stack).state, CircuitState::Paced);
}

#[tokio::test(start_paused = true)]
async fn closing_lets_calls_pass_at_a_pace_and_they_do_not_trip_it() {
    let healthy = (0..300).map(|_| status(200));
    let failing = (0..20).map(|_| status(500));
    let steps = healthy.chain([retry_after(503, 3_600)]).chain(failing);
    let stack = Stack::new(external().max_attempts(1), &Script::new(steps));
    for _ in 0..300 {
        stack.send(get()).await.unwrap();
        pass(secs(2)).await;
    }
    let _ = stack.send(get()).await;
    let turned_away = stack.send(keyed()).await;
    assert!(turned_away.comes_again().unwrap() > secs(3_600));
    pass(secs(60)).await;
    let control = stack.upstreams.control();
    control.close_until(GATEWAY, after(secs(600))).unwrap();
    let closed = seen(&stack);
    assert_eq!(closed.state, CircuitState::Paced);
    assert_eq!(closed.intervention.unwrap().what, Intervened::Closed);
    let too_soon = stack.send(keyed()).await;
    assert_eq!(refusal(&too_soon), Some(Refusal::Pace));
    let again = too_soon.comes_again().unwrap();
    assert!(again < secs(120), "not behind the gate that was: {again:?}");
    for _ in 0..20 {
        pass(secs(10)).await;
        assert_eq!(stack.send(get()).await.unwrap().status(), 500);
    }
    assert_eq!(seen(&stack).refusal, None);
}

#[tokio::test(start_paused = true)]
async fn a_reset_circuit_is_as_new() {
    let upstream = Script::new((0..5).map(|_| status(500)));
    let stack = Stack::new(external().max_attempts(1), &upstream);
    for _ in 0..5 {
        let _ = stack.send(get()).await;
        pass(secs(1)).await;
    }
    assert_eq!(refusal(&stack.send(get()).await), Some(Refusal::Open));
    stack.upstreams.control().reset(GATEWAY).unwrap();
    for _ in 0..100 {
        assert!(stack.send(get()).await.is_ok());
    }
    assert_eq!(seen(&stack).state, CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_seen_and_caps_the_pace() {
    let stack = Stack::new(external(), &Script::new([retry_after(503, 600)]));
    let control = stack.upstreams.control();
    control.set_rate(GATEWAY, Some(0.5)).unwrap();
    let _ = stack.send(put()).await;
    pass(secs(30)).await;
    control.lift_gate(GATEWAY).unwrap();
    stack.send(get()).await.unwrap();
    let paced = seen(&stack);
    assert_eq!(paced.rate_limit, Some(0.5));
    assert!(paced.pace.unwrap() <= 0.5);
    control.set_rate(GATEWAY, None).unwrap();
    assert_eq!(seen(&stack).rate_limit, None);
}

#[tokio::test(start_paused = true)]
async fn another_policy_is_in_force_for_all_and_what_was_decided_stays() {
    let upstream = Script::new([]);
    let stack = Stack::new(external(), &upstream);
    let control = stack.upstreams.control();
    control.open_until(GATEWAY, after(secs(600)), WHY).unwrap();
    let limited = control.policy().to_builder().declared_peak_per_second(20.0);
    control.apply(limited.build().unwrap()).unwrap();
    assert_eq!(seen(&stack).rate_limit.map(f64::round), Some(22.0));
    assert_eq!(
        refusal(&stack.send(put()).await),
        Some(Refusal::Maintenance)
    );
    let refused = control.apply(payments().build().unwrap());
    assert!(refused.unwrap_err().to_string().contains("preset"));
    assert_eq!(control.policy().circuit().declared_peak, Some(20.0));
}

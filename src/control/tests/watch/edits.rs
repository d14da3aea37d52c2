//! What an edit does, and what one that is taken back undoes.

use super::*;

#[tokio::test(start_paused = true)]
async fn one_edit_reaches_every_process_that_watches_the_file() {
    let directory = Directory::new("fleet");
    directory.write("");
    let upstream = Script::new([]);
    let fleet = [(); 2].map(|()| Stack::new(external(), &upstream));
    let watches = fleet
        .each_ref()
        .map(|stack| watched(&stack.upstreams.control(), &directory));
    for stack in &fleet {
        stack.send(get()).await.unwrap();
    }
    directory.edit(&opened(after(secs(600)))).await;
    for stack in &fleet {
        let error = stack.send(get()).await.unwrap_err();
        assert_eq!(error.refusal(), Some(Refusal::Maintenance));
        assert!(error.to_string().contains(WHY));
    }
    directory.edit("").await;
    for stack in &fleet {
        assert!(stack.send(get()).await.is_ok(), "the probe");
        assert_ne!(seen(stack).state, CircuitState::Open);
    }
    assert_eq!(upstream.count(), 4);
    drop(watches);
}

#[tokio::test(start_paused = true)]
async fn what_the_file_wants_at_the_start_is_in_force_at_once() {
    let directory = Directory::new("start");
    directory.write(&opened(after(secs(600))));
    let upstream = Script::new([]);
    let stack = Stack::new(external(), &upstream);
    let _watch = watched(&stack.upstreams.control(), &directory);
    assert_eq!(
        refusal(&stack.send(get()).await),
        Some(Refusal::Maintenance)
    );
    assert_eq!(upstream.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_maintenance_that_the_file_plans_begins_and_ends() {
    let directory = Directory::new("planned");
    directory.write(&planned(after(secs(60)), after(secs(120))));
    let stack = Stack::new(external(), &Script::new([]));
    let _watch = watched(&stack.upstreams.control(), &directory);
    assert!(stack.send(get()).await.is_ok());
    pass(secs(61)).await;
    assert_eq!(
        refusal(&stack.send(get()).await),
        Some(Refusal::Maintenance)
    );
    pass(secs(70)).await;
    assert_eq!(seen(&stack).state, CircuitState::HalfOpen);
    assert!(stack.send(get()).await.is_ok());
    assert_eq!(seen(&stack).state, CircuitState::Paced);
}

#[tokio::test(start_paused = true)]
async fn what_is_over_when_it_is_read_is_no_mistake_and_does_nothing() {
    let directory = Directory::new("over");
    let past = clock::wall() - secs(600);
    directory.write(&planned(past - secs(600), past));
    let stack = Stack::new(external(), &Script::new([]));
    let _watch = watched(&stack.upstreams.control(), &directory);
    directory.edit(&opened(past)).await;
    assert!(stack.send(get()).await.is_ok());
    assert_eq!(seen(&stack).state, CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_rate_follows_the_file() {
    let directory = Directory::new("rate");
    directory.write(&rate("50"));
    let (control, files) = observed();
    let _watch = watched(&control, &directory);
    assert_eq!(rate_of(&control), Some(50.0));
    directory.edit(&rate("2.5")).await;
    assert_eq!(rate_of(&control), Some(2.5));
    directory.edit("").await;
    assert_eq!(rate_of(&control), None);
    assert_eq!(files.take(), ["applied", "applied", "applied"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_done_through_the_handle_is_left_alone() {
    let directory = Directory::new("handle");
    directory.write(&(rate("50") + &planned(after(secs(60)), after(secs(90)))));
    let (control, _files) = observed();
    let _watch = watched(&control, &directory);
    control.set_rate(GATEWAY, Some(7.0)).unwrap();
    let (from, until) = (after(secs(300)), after(secs(400)));
    control
        .schedule_maintenance(GATEWAY, from, until, "mine")
        .unwrap();
    directory.edit("").await;
    let seen = control.snapshot(GATEWAY).unwrap();
    assert_eq!(seen.rate_limit, Some(7.0));
    let plans: Vec<_> = seen.planned.iter().map(|plan| &*plan.reason).collect();
    assert_eq!(plans, ["mine"]);

    directory
        .edit(&planned(after(secs(60)), after(secs(90))))
        .await;
    control.cancel_maintenance(GATEWAY).unwrap();
    let plans = control.snapshot(GATEWAY).unwrap().planned;
    assert_eq!(
        plans.len(),
        1,
        "nor does the handle undo what the file wants"
    );
    assert_eq!(plans[0].reason, WHY);
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_moves_the_end_lets_nobody_through_in_between() {
    let directory = Directory::new("moved");
    directory.write(&opened(after(secs(60))));
    let upstream = Script::new([]);
    let stack = Stack::new(external(), &upstream);
    let _watch = watched(&stack.upstreams.control(), &directory);
    directory.edit(&opened(after(secs(600)))).await;
    assert_eq!(
        refusal(&stack.send(get()).await),
        Some(Refusal::Maintenance)
    );
    pass(secs(120)).await;
    assert_eq!(
        refusal(&stack.send(get()).await),
        Some(Refusal::Maintenance)
    );
    assert_eq!(upstream.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn gates_are_lifted_once_and_those_that_close_later_are_not() {
    let directory = Directory::new("lift");
    directory.write("");
    let upstream = Script::new([
        retry_after(503, 3_600),
        status(200),
        retry_after(503, 3_600),
    ]);
    let stack = Stack::new(external(), &upstream);
    let control = stack.upstreams.control();
    let _watch = watched(&control, &directory);
    let _ = stack.send(get()).await;
    pass(secs(60)).await;
    let lift = |at| {
        let at = written(at);
        format!("[upstreams.\"https://gateway.test\"]\nlift_gates_closed_before = {at:?}\n")
    };
    let now = clock::wall();
    // An hour ago no gate was closed.
    directory.edit(&lift(now - secs(3_600))).await;
    assert_eq!(refusal(&stack.send(get()).await), Some(Refusal::Gate));
    directory.edit(&lift(now)).await;
    assert!(stack.send(get()).await.is_ok());
    pass(secs(600)).await;
    let _ = stack.send(get()).await;
    assert_eq!(seen(&stack).state, CircuitState::Open);

    // Another edit lifts nothing again.
    directory.edit(&(lift(now) + "rate = 9\n")).await;
    assert_eq!(rate_of(&control), Some(9.0));
    assert_eq!(refusal(&stack.send(get()).await), Some(Refusal::Gate));
}

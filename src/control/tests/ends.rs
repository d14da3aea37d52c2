//! Who hears of an act: those who wait, those who watch, and the map of upstreams.

use super::*;

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_gate_is_let_through_when_it_is_lifted() {
    let upstream = Script::new([retry_after(503, 4)]);
    let stack = Stack::new(external(), &upstream);
    let start = clock::now();
    let closed_it = stack.start(get()).await;
    let waits = stack.start(put()).await;
    assert!(!waits.is_finished());
    stack.upstreams.control().reset(GATEWAY).unwrap();
    assert!(waits.await.unwrap().is_ok());
    assert_eq!(clock::now(), start, "it did not sit out the gate");
    assert!(closed_it.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_refused_at_once_when_the_circuit_is_opened() {
    let upstream = Script::new([retry_after(503, 4)]);
    let stack = Stack::new(external(), &upstream);
    let start = clock::now();
    let _closed_it = stack.start(get()).await;
    let waits = stack.start(put()).await;
    assert!(!waits.is_finished());
    let control = stack.upstreams.control();
    control.open_until(GATEWAY, after(secs(600)), WHY).unwrap();
    assert_eq!(refusal(&waits.await.unwrap()), Some(Refusal::Maintenance));
    assert_eq!(clock::now(), start);
}

#[tokio::test(start_paused = true)]
async fn what_was_acted_on_is_not_forgotten_for_newcomers() {
    let policy = external().build().unwrap();
    let upstreams = Upstreams::bounded(policy, 1);
    let control = upstreams.control();
    control.set_rate(GATEWAY, Some(1.0)).unwrap();
    let other = "https://other.test";
    let full = control.reset(other).unwrap_err();
    assert!(matches!(full, ControlError::Full { .. }), "{full}");
    assert!(control.upstreams().contains(&GATEWAY.to_owned()));
    control.set_rate(GATEWAY, None).unwrap();
    control.reset(other).unwrap();
    assert!(
        control.snapshot(GATEWAY).is_none(),
        "nothing holds it any more"
    );
}

#[derive(Default)]
struct Acts(Mutex<Vec<String>>);

impl Observer for Acts {
    fn observe(&self, event: &Event<'_>) {
        if let Event::OperatorActed { upstream, act } = event {
            assert!(event.is_alarming() && event.upstream() == Some(GATEWAY));
            let line = format!("{} {upstream} {act}", event.name());
            self.0.lock().unwrap().push(line);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_act_is_told_and_a_refused_one_is_not() {
    let acts = Arc::new(Acts::default());
    let upstreams = Upstreams::builder(external().build().unwrap())
        .observer(Arc::clone(&acts))
        .build();
    let control = upstreams.control();
    let (soon, later) = (after(secs(60)), after(secs(90)));
    control.open_until(GATEWAY, soon, WHY).unwrap();
    control
        .schedule_maintenance(GATEWAY, soon, later, WHY)
        .unwrap();
    control.cancel_maintenance(GATEWAY).unwrap();
    control.close_until(GATEWAY, soon).unwrap();
    control.lift_gate(GATEWAY).unwrap();
    control.set_rate(GATEWAY, Some(2.5)).unwrap();
    control.set_rate(GATEWAY, None).unwrap();
    control.reset(GATEWAY).unwrap();
    control.set_rate(GATEWAY, Some(-1.0)).unwrap_err();
    let told = acts.0.lock().unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|line| {
            line.strip_prefix("operator_acted https://gateway.test:443 ")
                .unwrap()
        })
        .collect();
    assert_eq!(
        told,
        [
            "open_until: ticket 4711",
            "schedule_maintenance: ticket 4711",
            "cancel_maintenance",
            "close_until",
            "lift_gate",
            "set_rate 2.5/s",
            "set_rate none",
            "reset",
        ]
    );
}

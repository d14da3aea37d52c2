//! Those who wait do so in a row, in a bounded number, and leave nothing behind.

use super::*;

const MANY: usize = 300;
const PLACES: usize = 256;

fn numbered(number: usize) -> Call {
    let url = format!("https://gateway.test/{number}");
    call(http::Method::PUT, &url, "")
}

async fn start_many(circuit: &Guarded, many: usize) -> Vec<JoinHandle<Outcome>> {
    let mut calls = Vec::new();
    for number in 0..many {
        calls.push(circuit.start(numbered(number)).await);
    }
    calls
}

fn refused(calls: &[JoinHandle<Outcome>]) -> usize {
    calls.iter().filter(|call| call.is_finished()).count()
}

#[tokio::test(start_paused = true)]
async fn at_a_closed_gate_a_bounded_number_waits_and_the_rest_is_refused_at_once() {
    let upstream = Script::new([retry_after(503, 4)]);
    let circuit = Guarded::new(external(), &upstream);
    circuit.send(put()).await.unwrap();
    let start = clock::now();
    let calls = start_many(&circuit, MANY).await;
    assert_eq!(clock::now(), start);
    assert_eq!(refused(&calls), MANY - PLACES);

    // Whoever is dropped makes room.
    for call in &calls {
        call.abort();
    }
    settle().await;
    let again = start_many(&circuit, MANY).await;
    assert_eq!(refused(&again), MANY - PLACES);
    assert_eq!(upstream.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn those_who_waited_are_sent_in_the_order_they_came() {
    let upstream = Script::new([]);
    let circuit = Guarded::new(external(), &upstream);
    circuit.healthy().await;
    upstream.add([retry_after(503, 1)]);
    circuit.send(put()).await.unwrap();
    let before = upstream.count();

    let calls = start_many(&circuit, 12).await;
    for call in calls {
        assert!(call.await.unwrap().is_ok());
    }
    let order: Vec<_> = upstream.seen()[before..]
        .iter()
        .map(|seen| seen.path.clone())
        .collect();
    let came: Vec<_> = (0..12).map(|number| format!("/{number}")).collect();
    assert_eq!(order, came);
}

/// A circuit that is paced at about one call a second, its bucket empty.
async fn paced(upstream: &Script) -> Guarded {
    let circuit = Guarded::new(external().ramp(secs(86_400)), upstream);
    circuit.healthy().await;
    upstream.add(tripping());
    trip(&circuit).await;
    while refusal(&circuit.send(put()).await).is_some() {
        pass(secs(1)).await;
    }
    // The bucket, whatever is in it.
    while circuit.start(put()).await.is_finished() {}
    pass(secs(10)).await;
    while circuit.start(put()).await.is_finished() {}
    circuit
}

#[tokio::test(start_paused = true)]
async fn a_slot_is_promised_and_kept() {
    let upstream = Script::new([]);
    let circuit = paced(&upstream).await;
    let start = clock::now();
    let calls = start_many(&circuit, 10).await;
    let before = upstream.count();
    let mut sent = 0;
    for call in calls {
        sent += usize::from(call.await.unwrap().is_ok());
    }
    assert!(
        (2..=5).contains(&sent),
        "about one a second, for five seconds: {sent}"
    );
    assert!(clock::now() - start <= secs(5));
    assert!(upstream.count() >= before + sent);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_dropped_gives_back_the_token_that_was_promised() {
    let upstream = Script::new([]);
    let circuit = paced(&upstream).await;
    let patient = circuit.start(put()).await;
    for _ in 0..100 {
        let call = circuit.start(put()).await;
        call.abort();
        settle().await;
    }
    // A hundred promises later the next slot is still near.
    let start = clock::now();
    let next = circuit.send(put()).await;
    assert_eq!(refusal(&next), None, "after {:?}", clock::now() - start);
    assert!(patient.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn whoever_is_woken_for_nothing_keeps_its_place() {
    let upstream = Script::new([]);
    let circuit = paced(&upstream).await;
    pass(secs(5)).await;
    while circuit.start(put()).await.is_finished() {}
    let before = upstream.count();
    let calls = start_many(&circuit, 3).await;
    // Wakes everybody, and has changed nothing.
    circuit.upstreams.find(&put()).release_probe(0);
    for call in calls {
        assert!(call.await.unwrap().is_ok());
    }
    let seen = upstream.seen().split_off(before);
    let paths: Vec<_> = seen[1..].iter().map(|seen| &*seen.path).collect();
    assert_eq!(paths, ["/0", "/1", "/2"]);
    for pair in seen.windows(2) {
        let gap = pair[1].at.saturating_sub(pair[0].at);
        assert!(gap > millis(500), "one at a time: {seen:?}");
    }
}

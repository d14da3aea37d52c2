//! What stands: circuit, gate, budget, rate.

use seawall::Policy;

use crate::exposition::Sample;
use crate::shop::*;

/// The value of the one series of this name with these labels.
fn level(samples: &[Sample], name: &str, labels: &[(&str, &str)]) -> f64 {
    let mut of_this = samples.iter().filter(|sample| {
        let has = |(name, value): &(&str, &str)| sample.label(name) == Some(value);
        sample.name == name && labels.iter().all(has)
    });
    let found = of_this.next().unwrap();
    assert_eq!(of_this.next(), None);
    found.value
}

/// The states of the circuit of this upstream that are at 1; all others are at 0.
fn states(samples: &[Sample], upstream: &str) -> Vec<String> {
    let of_circuit = samples.iter().filter(|sample| {
        sample.name == "seawall_circuit_state" && sample.label("seawall_upstream") == Some(upstream)
    });
    let all: Vec<_> = of_circuit.collect();
    assert_eq!(all.len(), 4);
    assert!(all.iter().all(|sample| [0.0, 1.0].contains(&sample.value)));
    let at_one = all.iter().filter(|sample| sample.value > 0.0);
    at_one
        .map(|sample| sample.label("seawall_state").unwrap().to_owned())
        .collect()
}

const GATEWAY: &str = "https://gateway.test:443";

#[tokio::test(start_paused = true)]
async fn of_the_circuit_s_states_exactly_one_is_at_one() {
    let maintenance = Step {
        retry_after: Some(600),
        ..status(503)
    };
    let upstream = Script::new([maintenance], 200);
    let shop = Shop::new(Policy::external(), &upstream);
    let both = || [shop.scrape(), shop.scrape_otel()].map(|samples| states(&samples, GATEWAY));

    shop.send(request(http::Method::HEAD, "https://gateway.test/"))
        .await
        .unwrap();
    assert_eq!(both(), [["open"], ["open"]]);
    let gate = level(&shop.scrape(), "seawall_gate_remaining", &[]);
    assert!((600.0..=660.0).contains(&gate), "{gate}");
    assert_eq!(level(&shop.scrape(), "seawall_throttle_rate", &[]), 0.0);

    // The gate's end is seen though nobody calls.
    pass(secs(665)).await;
    assert_eq!(both(), [["half_open"], ["half_open"]]);
    assert_eq!(level(&shop.scrape(), "seawall_gate_remaining", &[]), 0.0);

    shop.send(get()).await.unwrap();
    assert_eq!(both(), [["paced"], ["paced"]]);
    pass(secs(600)).await;
    shop.send(get()).await.unwrap();
    assert_eq!(both(), [["closed"], ["closed"]]);
    assert_eq!(level(&shop.scrape(), "seawall_throttle_rate", &[]), -1.0);
}

#[tokio::test(start_paused = true)]
async fn the_budget_s_balance_falls_with_each_retry_and_comes_back_by_itself() {
    let upstream = Script::new([status(500), status(200)], 200);
    let shop = Shop::new(Policy::external(), &upstream);
    let balance = || level(&shop.scrape(), "seawall_budget_balance", &[]);
    // Right after everything was brought up to date.
    pass(secs(1)).await;
    shop.send(get()).await.unwrap();
    // The floor of six, a tenth of one first attempt, one retry.
    assert!((balance() - 5.1).abs() < 1e-9, "{}", balance());
    pass(secs(70)).await;
    assert!((balance() - 6.0).abs() < 1e-9, "{}", balance());
}

/// The rate in both spellings.
fn rate(shop: &Shop) -> f64 {
    let rate = level(&shop.scrape(), "seawall_throttle_rate", &[]);
    let otel = level(&shop.scrape_otel(), "seawall_throttle_rate_per_second", &[]);
    assert_eq!(rate, otel);
    rate
}

#[tokio::test(start_paused = true)]
async fn what_an_operator_does_shows_at_once() {
    let shop = Shop::new(Policy::external(), &Script::new([], 200));
    shop.send(get()).await.unwrap();
    let control = shop.upstreams.control();
    assert_eq!(rate(&shop), -1.0);
    control.set_rate(GATEWAY, Some(5.0)).unwrap();
    assert_eq!(rate(&shop), 5.0);
    control.set_rate(GATEWAY, None).unwrap();
    assert_eq!(rate(&shop), -1.0);
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_is_slowed_shows_at_once() {
    let policy = Policy::external().to_builder();
    let policy = policy.declared_peak_per_second(10.0).max_attempts(1);
    let shop = Shop::new(policy.build().unwrap(), &Script::new([status(429)], 200));
    pass(secs(1)).await;
    shop.send(get()).await.unwrap();
    let pace = shop.upstreams.control().snapshot(GATEWAY).unwrap().pace;
    assert!(rate(&shop) < 11.0 && Some(rate(&shop)) == pace, "{pace:?}");
}

#[tokio::test(start_paused = true)]
async fn a_policy_put_in_force_shows_at_once() {
    let shop = Shop::new(Policy::external(), &Script::new([], 200));
    shop.send(get()).await.unwrap();
    let tight = shop.upstreams.policy().to_builder().budget(0.1, 1);
    let tight = tight.declared_peak_per_second(10.0).build().unwrap();
    shop.upstreams.apply(tight).unwrap();
    let balance = level(&shop.scrape(), "seawall_budget_balance", &[]);
    assert!((balance - 1.1).abs() < 1e-9, "{balance}");
    assert_eq!(rate(&shop), 11.0);
}

#[tokio::test(start_paused = true)]
async fn what_begins_or_ends_by_itself_shows_though_nobody_calls() {
    let policy = Policy::external().to_builder();
    let policy = policy.declared_peak_per_second(10.0).build().unwrap();
    let shop = Shop::new(policy, &Script::new([], 200));
    shop.send(get()).await.unwrap();
    let control = shop.upstreams.control();
    let seen = || {
        let seen = control.snapshot(GATEWAY).unwrap();
        let rate = match seen.state.as_str() {
            "open" | "half_open" => 0.0,
            _ => seen.pace.unwrap_or(-1.0),
        };
        (vec![seen.state.as_str().to_owned()], rate)
    };
    let shown = || (states(&shop.scrape(), GATEWAY), rate(&shop));

    let wall = wall();
    let (from, until) = (wall + secs(60), wall + secs(660));
    control
        .schedule_maintenance(GATEWAY, from, until, "theirs")
        .unwrap();
    assert_eq!(shown().0, ["closed"]);
    pass(secs(70)).await;
    assert_eq!(shown(), (vec!["open".to_owned()], 0.0));
    assert_eq!(shown(), seen());

    pass(secs(670)).await;
    assert_eq!(shown(), (vec!["half_open".to_owned()], 0.0));
    shop.send(get()).await.unwrap();
    assert_eq!(shown().0, ["paced"]);
    assert_eq!(shown(), seen());
    // The pace is over: nothing has pressed against it.
    pass(secs(700)).await;
    assert_eq!(shown(), (vec!["closed".to_owned()], 11.0));
    assert_eq!(shown(), seen());
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_is_forgotten_leaves_no_level_behind() {
    let shop = Shop::new(Policy::external(), &Script::new([], 200));
    for host in 0..1_024 {
        let url = format!("https://host-{host}.test/");
        shop.send(request(http::Method::GET, &url)).await.unwrap();
    }
    shop.metrics.refresh();
    let closed = |samples: &[Sample]| {
        let closed = samples
            .iter()
            .filter(|s| s.label("seawall_state") == Some("closed"));
        closed.map(|sample| sample.value).sum::<f64>()
    };
    assert_eq!(closed(&shop.scrape()), 1_024.0);
    for host in 0..10 {
        let url = format!("https://newcomer-{host}.test/");
        shop.send(request(http::Method::GET, &url)).await.unwrap();
    }
    shop.metrics.refresh();
    assert_eq!(closed(&shop.scrape()), 1_024.0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_gone_leaves_no_level_behind() {
    let upstream = Script::new(
        [Step {
            retry_after: Some(600),
            ..status(503)
        }],
        200,
    );
    let shop = Shop::new(Policy::external(), &upstream);
    shop.send(get()).await.unwrap();
    assert_eq!(states(&shop.scrape(), GATEWAY), ["open"]);
    let watched = shop.upstreams.downgrade();
    let (scraped, _recorder) = shop.leave();
    assert!(watched.upgrade().is_none());
    pass(secs(10)).await;
    let samples = crate::exposition::parse(&scraped.render());
    assert!(states(&samples, GATEWAY).is_empty());
    assert_eq!(level(&samples, "seawall_gate_remaining", &[]), 0.0);
}

#[test]
fn without_a_runtime_levels_are_brought_up_to_date_by_hand() {
    let shop = Shop::new(Policy::external(), &Script::new([], 200));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        shop.send(get()).await.unwrap();
        let balance = || level(&shop.scrape(), "seawall_budget_balance", &[]);
        let before = balance();
        pass(secs(70)).await;
        assert_eq!(balance(), before);
        shop.metrics.refresh();
        assert!(balance() < before);
    });
}

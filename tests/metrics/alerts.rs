//! Each rule fires within a minute of its cause, and not without it.

use std::time::Duration;

use http::Method;
use seawall::{Backoff, Jitter, Policy, Provider};

use crate::rules::{INTERVAL, Server};
use crate::shop::*;

const RULES: &str = include_str!("../../docs/alerts/seawall.prometheus.yml");
const OTEL_RULES: &str = include_str!("../../docs/alerts/seawall.otel.yml");

/// The same of one call a second.
async fn fired(shop: &Shop, upstream: &Script, trouble: &[Step]) -> Vec<(String, u64)> {
    fired_at(1, shop, upstream, trouble).await
}

/// Ten minutes of a call every so many seconds, in which nothing may fire; then what the upstream is
/// made to do, and how long each alert takes to fire. Both spellings agree.
async fn fired_at(
    every: u64,
    shop: &Shop,
    upstream: &Script,
    trouble: &[Step],
) -> Vec<(String, u64)> {
    let mut servers = [Server::new(RULES), Server::new(OTEL_RULES)];
    let start = now();
    let trouble_at = secs(600);
    let mut fired: Vec<(String, u64)> = Vec::new();
    // The worst moment for it: right after a scrape.
    for second in 0..=720 {
        let at = secs(second);
        if second.is_multiple_of(INTERVAL.as_secs()) {
            let [alerts, otel] = scrape(&mut servers, at, shop);
            assert_eq!(alerts, otel);
            assert!(at > trouble_at || alerts.is_empty(), "{alerts:?} at {at:?}");
            for alert in alerts {
                if fired.iter().all(|(known, _)| *known != alert) {
                    fired.push((alert, second - trouble_at.as_secs()));
                }
            }
        }
        if at == trouble_at {
            upstream.add(trouble.iter().cloned());
        }
        if !second.is_multiple_of(every) {
            pass(secs(1)).await;
            continue;
        }
        let call = shop.send(request(Method::PUT, "https://gateway.test/payments/17"));
        let _ = tokio::time::timeout(Duration::from_millis(900), call).await;
        tokio::time::sleep_until(start + secs(second + 1)).await;
    }
    fired
}

fn scrape(servers: &mut [Server; 2], at: Duration, shop: &Shop) -> [Vec<String>; 2] {
    let [bare, otel] = servers;
    [
        bare.scrape(at, shop.scrape()),
        otel.scrape(at, shop.scrape_otel()),
    ]
}

fn payments() -> Policy {
    Policy::external_payments(Provider::generic())
}

fn names(fired: &[(String, u64)]) -> Vec<&str> {
    fired.iter().map(|(alert, _)| &**alert).collect()
}

#[tokio::test(start_paused = true)]
async fn a_maintenance_fires_within_a_minute() {
    let upstream = Script::new([], 200);
    let shop = Shop::new(payments(), &upstream);
    let maintenance = Step {
        retry_after: Some(1_200),
        ..status(503)
    };
    let fired = fired(&shop, &upstream, &[maintenance]).await;
    assert_eq!(
        names(&fired),
        [
            "SeawallUpstreamUnavailable",
            "SeawallCircuitOpen",
            "SeawallGateClosedForLong"
        ]
    );
    assert!(fired.iter().all(|(_, after)| *after <= 60), "{fired:?}");
}

#[tokio::test(start_paused = true)]
async fn an_outage_without_a_header_fires_within_a_minute() {
    let upstream = Script::new([], 200);
    let shop = Shop::new(payments(), &upstream);
    let fired = fired(&shop, &upstream, &vec![status(503); 500]).await;
    assert!(names(&fired).contains(&"SeawallUpstreamUnavailable"));
    assert!(names(&fired).contains(&"SeawallCircuitOpen"));
    assert!(fired.iter().all(|(_, after)| *after <= 60), "{fired:?}");
}

#[tokio::test(start_paused = true)]
async fn a_single_failure_fires_nothing() {
    for failure in [status(503), status(401)] {
        let upstream = Script::new([], 200);
        let shop = Shop::new(payments(), &upstream);
        assert_eq!(fired(&shop, &upstream, &[failure]).await, []);
    }
}

#[tokio::test(start_paused = true)]
async fn where_two_calls_a_minute_are_made_a_single_failure_fires_nothing_either() {
    for failure in [status(503), status(401)] {
        let upstream = Script::new([], 200);
        let shop = Shop::new(payments(), &upstream);
        let fired = fired_at(30, &shop, &upstream, &[failure]).await;
        assert_eq!(fired, []);
    }
}

#[tokio::test(start_paused = true)]
async fn one_call_that_fails_at_every_attempt_fires_nothing_however_few_others_there_are() {
    let at_once = Backoff::new(
        Duration::from_millis(100),
        1.0,
        Duration::from_millis(100),
        Jitter::Proportional(0.1),
    );
    let policy = payments().to_builder().backoff(at_once.unwrap());
    let policy = policy.max_attempts(5).consecutive_failures(6);
    let policy = policy.budget(0.1, 10).build().unwrap();
    let upstream = Script::new([], 200);
    let shop = Shop::new(policy, &upstream);
    assert_eq!(
        fired_at(30, &shop, &upstream, &vec![status(500); 5]).await,
        []
    );
    let failed = shop.scrape();
    let failed = failed.iter().find(|sample| {
        sample.name == "seawall_attempts" && sample.label("seawall_health") == Some("failure")
    });
    assert_eq!(failed.map(|sample| sample.value), Some(5.0));
}

#[tokio::test(start_paused = true)]
async fn of_fourteen_services_the_one_whose_key_is_refused_is_not_lost() {
    let upstreams = [Script::new([], 200), Script::new([], 200)];
    let shops = [0, 1].map(|shop: usize| Shop::new(payments(), &upstreams[shop]));
    let mut server = Server::new(OTEL_RULES);
    let mut fired = Vec::new();
    for second in 0..=720 {
        if second == 600 {
            upstreams[0].add(vec![status(401); 500]);
        }
        if second % INTERVAL.as_secs() == 0 {
            server.collect(secs(second), "unlucky", shops[0].scrape_otel());
            for job in 0..13 {
                server.collect(secs(second), &format!("job-{job}"), shops[1].scrape_otel());
            }
            fired.extend(
                server
                    .firing(secs(second))
                    .into_iter()
                    .map(|alert| (alert, second)),
            );
        }
        for shop in &shops {
            shop.send(get()).await.unwrap();
        }
        pass(secs(1)).await;
    }
    assert!(
        fired
            .iter()
            .all(|(alert, _)| alert == "SeawallAuthenticationFailing")
    );
    assert!(
        fired
            .first()
            .is_some_and(|(_, at)| (601..=660).contains(at)),
        "{fired:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn callers_that_give_up_on_an_upstream_that_hangs_fire_within_a_minute() {
    let hangs = Step {
        after: secs(60),
        ..status(200)
    };
    let upstream = Script::new([], 200);
    let shop = Shop::new(payments(), &upstream);
    let all = fired(&shop, &upstream, &vec![hangs.clone(); 500]).await;
    assert_eq!(names(&all), ["SeawallCallersGiveUp"]);
    assert!(all[0].1 <= 60, "{all:?}");

    let some = [hangs, status(200), status(200)].into_iter().cycle();
    let upstream = Script::new([], 200);
    let shop = Shop::new(payments(), &upstream);
    let some: Vec<_> = some.take(500).collect();
    assert_eq!(fired(&shop, &upstream, &some).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_small_share_of_failures_fires_nothing_however_many_they_are() {
    let one_in = |calls: usize, failure: Step| {
        let failed_first = std::iter::once(failure).chain(vec![status(200); calls - 1]);
        failed_first.cycle().take(500).collect::<Vec<_>>()
    };
    for trouble in [one_in(10, status(503)), one_in(16, status(403))] {
        let upstream = Script::new([], 200);
        let shop = Shop::new(payments(), &upstream);
        assert_eq!(fired(&shop, &upstream, &trouble).await, []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_fires_within_a_minute_and_nothing_else_does() {
    for code in [401, 403] {
        let upstream = Script::new([], 200);
        let shop = Shop::new(payments(), &upstream);
        let fired = fired(&shop, &upstream, &vec![status(code); 500]).await;
        assert_eq!(names(&fired), ["SeawallAuthenticationFailing"]);
        assert!(fired[0].1 <= 60, "{fired:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_spent_budget_fires_within_a_minute_and_a_budget_that_lasts_does_not() {
    let at_once = Backoff::new(
        Duration::from_millis(100),
        1.0,
        Duration::from_millis(100),
        Jitter::Proportional(0.1),
    );
    let policy = payments().to_builder().backoff(at_once.unwrap());
    let policy = policy.budget(0.05, 1).build().unwrap();
    // Every second attempt fails, and its retry succeeds.
    let failing = |attempts| {
        let steps = [status(500), status(200)].into_iter().cycle();
        steps.take(attempts).collect::<Vec<_>>()
    };
    let upstream = Script::new([], 200);
    let shop = Shop::new(policy.clone(), &upstream);
    let spent = fired(&shop, &upstream, &failing(200)).await;
    let budget = spent
        .iter()
        .find(|(alert, _)| alert == "SeawallRetryBudgetExhausted");
    assert!(budget.is_some_and(|(_, after)| *after <= 60), "{spent:?}");

    let upstream = Script::new([], 200);
    let shop = Shop::new(policy, &upstream);
    assert_eq!(fired(&shop, &upstream, &failing(6)).await, []);
}

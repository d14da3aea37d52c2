//! The alert rules on the storm itself: quiet before it, and loud within its first minute.

#[path = "../../../tests/metrics/exposition.rs"]
mod exposition;
#[path = "../../../tests/metrics/promql.rs"]
#[allow(dead_code, reason = "others look into an expression too")]
#[allow(clippy::float_cmp, reason = "a state is set to 0 or 1")]
mod promql;
#[path = "../../../tests/metrics/rules.rs"]
#[allow(dead_code, reason = "others look into a rule too")]
mod rules;

use super::{Application, Desk, Network, Office};
use crate::model::arrivals;
use crate::model::client::SeawallClient;
use crate::model::clock::Clock;
use crate::model::gateway::Gateway;
use crate::model::record::PaymentRecord;
use crate::model::scenario::{RetryAfter, Scenario};
use exposition::Sample;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use rules::{INTERVAL, Server};
use seawall::metrics::Metrics;
use std::sync::Arc;
use std::time::Duration;

const RULES: &str = include_str!("../../../docs/alerts/seawall.prometheus.yml");
/// A Prometheus server may look at any moment of its interval.
const PHASES: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_secs(10),
];
/// From the window's start on.
const WATCHED: Duration = Duration::from_secs(120);

/// What servers of all phases have seen.
struct Seen {
    /// The first 503 of the window, to the second in which it was sent.
    first_503: Option<Duration>,
    /// Each alert that fired, when, and for the server of which phase.
    fired: Vec<(String, Duration, Duration)>,
    failures: f64,
}

impl Seen {
    /// When the alert fired first for the server of that phase.
    fn first(&self, alert: &str, phase: Duration) -> Option<Duration> {
        let of_this = |(name, _, of): &&(String, Duration, Duration)| name == alert && *of == phase;
        self.fired.iter().find(of_this).map(|(_, at, _)| *at)
    }
}

/// One service of the fleet, three instances, an outbox above them.
fn service(payments_per_minute: f64) -> Scenario {
    Scenario {
        services: 1,
        payments_per_minute,
        ..Scenario::default()
    }
}

fn open(scenario: &Scenario, gateway: &Gateway, clock: Clock) {
    let arrivals: Arc<[_]> = arrivals::draw(scenario).into();
    let payments = arrivals
        .iter()
        .map(|arrival| PaymentRecord::new(arrival.at));
    let desk = Desk::new(clock, payments.collect());
    let office = Office::new(arrivals, Application::Outbox, clock, desk);
    office.open((0..scenario.clients()).map(|instance| {
        // Each instance is a process of its own.
        let metrics = Metrics::named(&format!("instance-{instance}"));
        let upstreams = SeawallClient::upstreams(scenario, instance).unwrap();
        SeawallClient::over(upstreams.observer(metrics).build(), gateway.clone())
    }));
}

/// In a runtime of its own, with which its clients end.
fn watched(scenario: &Scenario) -> Seen {
    let runtime = Network::InProcess.runtime().unwrap();
    runtime.block_on(watch(scenario))
}

async fn watch(scenario: &Scenario) -> Seen {
    let recorder = PrometheusBuilder::new().build_recorder();
    let scraped = recorder.handle();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let clock = Clock::start();
    let start = scenario.timeline().window_start;
    let gateway = Gateway::start(scenario, arrivals::draw(scenario).len(), clock);
    open(scenario, &gateway, clock);

    let mut servers = PHASES.map(|_| Server::new(RULES));
    let mut fired = Vec::new();
    let mut round = Duration::ZERO;
    while round <= start + WATCHED {
        for (server, phase) in servers.iter_mut().zip(PHASES) {
            let at = round + phase;
            clock.sleep_until(at).await;
            let alerts = server.scrape(at, scrape(&scraped)).into_iter();
            fired.extend(alerts.map(|alert| (alert, at, phase)));
        }
        round += INTERVAL;
    }
    let offered = gateway.take_record().offered;
    let in_window = offered.between(start, start + scenario.maintenance);
    let second = in_window.iter().position(|offered| *offered > 0);
    Seen {
        first_503: second.map(|second| start + Duration::from_secs(second as u64)),
        fired,
        failures: failures(&scrape(&scraped)),
    }
}

fn scrape(scraped: &PrometheusHandle) -> Vec<Sample> {
    exposition::parse(&scraped.render())
}

fn failures(samples: &[Sample]) -> f64 {
    let is_failure = |sample: &&Sample| {
        sample.name == "seawall_attempts" && sample.label("seawall_health") == Some("failure")
    };
    let failures = samples.iter().filter(is_failure);
    failures.map(|sample| sample.value).sum()
}

#[test]
fn the_storm_fires_within_a_minute_and_the_ten_minutes_before_do_not() {
    for payments_per_minute in [60.0, 65.0] {
        for retry_after in [RetryAfter::Seconds(1_200), RetryAfter::None] {
            let scenario = Scenario {
                retry_after,
                ..service(payments_per_minute)
            };
            let seen = watched(&scenario);
            let first_503 = seen.first_503.expect("the window was met");
            assert!(seen.fired.iter().all(|(_, at, _)| *at > first_503));
            for alert in ["SeawallUpstreamUnavailable", "SeawallCircuitOpen"] {
                for phase in PHASES {
                    let after = seen.first(alert, phase).expect(alert).abs_diff(first_503);
                    assert!(
                        after <= Duration::from_secs(60),
                        "{alert} {after:?} at {payments_per_minute}/min, {retry_after:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_connection_that_breaks_now_and_then_fires_nothing() {
    let scenario = Scenario {
        maintenance: Duration::ZERO,
        commit_then_drop: 0.01,
        ..service(65.0)
    };
    let seen = watched(&scenario);
    assert!(seen.failures >= 3.0, "{}", seen.failures);
    assert_eq!(seen.fired, []);
}

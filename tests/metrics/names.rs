//! The names: what is emitted, what is documented, and what rules ask for are the same.

use std::collections::BTreeSet;

use http::Method;
use seawall::{Policy, Provider};

use crate::exposition::Sample;
use crate::rules;
use crate::shop::*;

const DOCUMENTED: &str = include_str!("../../docs/metrics.md");
const RULES: &str = include_str!("../../docs/alerts/seawall.prometheus.yml");
const OTEL_RULES: &str = include_str!("../../docs/alerts/seawall.otel.yml");

type Names = BTreeSet<String>;

/// A client to which everything has happened.
pub(crate) async fn experienced() -> Shop {
    let maintenance = Step {
        retry_after: Some(600),
        ..status(503)
    };
    let slow = Step {
        after: secs(3),
        ..status(200)
    };
    let upstream = Script::new(
        [status(500), status(200), status(401), slow, maintenance],
        200,
    );
    let shop = Shop::new(Policy::external_payments(Provider::generic()), &upstream);
    let url = "https://gateway.test/payments/17";
    shop.send(get()).await.unwrap();
    shop.send(request(Method::DELETE, url)).await.unwrap();
    let dropped = shop.send(get());
    assert!(tokio::time::timeout(secs(1), dropped).await.is_err());
    shop.send(get()).await.unwrap();
    assert!(shop.send(get()).await.is_err());
    shop
}

/// The names in code marks of one column of the documentation's table.
fn documented(column: usize) -> Names {
    let rows = DOCUMENTED.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split('|').nth(column).unwrap());
    let marked = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    // Values of a label follow its name, and have no dot.
    let dotted = marked.filter(|text| text.contains('.'));
    dotted.map(|name| name.replace('.', "_")).collect()
}

/// The metrics that were emitted, the parts of a histogram as one.
fn emitted(samples: &[Sample]) -> Names {
    let parts = ["_bucket", "_sum", "_count"];
    let whole = |name: &str| {
        let part = parts.iter().find_map(|part| name.strip_suffix(part));
        part.unwrap_or(name).to_owned()
    };
    samples.iter().map(|sample| whole(&sample.name)).collect()
}

fn emitted_labels(samples: &[Sample]) -> Names {
    let labels = samples.iter().flat_map(|sample| sample.labels.keys());
    labels.filter(|label| *label != "le").cloned().collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_emitted_is_documented_and_the_other_way_round() {
    let shop = experienced().await;
    let (bare, otel) = (shop.scrape(), shop.scrape_otel());
    assert_eq!(emitted(&bare), documented(1));
    let mut labels = documented(3);
    labels.insert("seawall_upstream".to_owned());
    assert_eq!(emitted_labels(&bare), labels);
    assert_eq!(emitted_labels(&otel), labels);
}

#[tokio::test(start_paused = true)]
async fn opentelemetry_spells_them_with_unit_and_kind() {
    let shop = experienced().await;
    let spelt = |name: &String| match &**name {
        "http_client_request_duration" | "seawall_gate_remaining" => format!("{name}_seconds"),
        "seawall_throttle_rate" => format!("{name}_per_second"),
        "http_client_active_requests" | "seawall_budget_balance" | "seawall_circuit_state" => {
            name.clone()
        }
        _ => format!("{name}_total"),
    };
    let expected: Names = emitted(&shop.scrape()).iter().map(spelt).collect();
    assert_eq!(emitted(&shop.scrape_otel()), expected);
}

#[tokio::test(start_paused = true)]
async fn both_sinks_count_the_same() {
    let shop = experienced().await;
    let counted = |samples: Vec<Sample>, name: &str| {
        let of_this = samples.into_iter().filter(|sample| sample.name == name);
        let mut values: Vec<_> = of_this
            .map(|sample| (sample.labels, sample.value))
            .collect();
        values.sort_by(|(a, _), (b, _)| a.cmp(b));
        values
    };
    for (bare, otel) in [
        (
            "http_client_request_duration_bucket",
            "http_client_request_duration_seconds_bucket",
        ),
        ("http_client_active_requests", "http_client_active_requests"),
        ("seawall_attempts", "seawall_attempts_total"),
        ("seawall_calls_refused", "seawall_calls_refused_total"),
        ("seawall_circuit_state", "seawall_circuit_state"),
    ] {
        let bare = counted(shop.scrape(), bare);
        assert!(!bare.is_empty());
        assert_eq!(bare, counted(shop.scrape_otel(), otel));
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_are_counted_by_what_they_say_and_none_stays_under_way() {
    let shop = experienced().await;
    let samples = shop.scrape();
    let count = |name: &str, label: &str, value: &str| {
        let of_this = |sample: &&Sample| sample.name == name && sample.label(label) == Some(value);
        samples.iter().find(of_this).map(|sample| sample.value)
    };
    let attempts = |health| count("seawall_attempts", "seawall_health", health);
    assert_eq!(attempts("success"), Some(2.0));
    assert_eq!(attempts("failure"), Some(2.0));
    assert_eq!(attempts("abandoned"), Some(1.0));
    assert_eq!(attempts("neutral"), Some(0.0));
    assert_eq!(count("seawall_retries", "seawall_reason", "500"), Some(1.0));
    let refused = |reason| count("seawall_calls_refused", "seawall_reason", reason);
    assert_eq!(refused("gate_closed"), Some(1.0));
    assert_eq!(refused("circuit_open"), Some(0.0));
    let refused_keys = "seawall_authentication_failures";
    let status = "http_response_status_code";
    assert_eq!(count(refused_keys, status, "401"), Some(1.0));
    assert_eq!(count(refused_keys, status, "403"), Some(0.0));
    let active = samples
        .iter()
        .filter(|sample| sample.name == "http_client_active_requests");
    assert_eq!(active.map(|sample| sample.value).sum::<f64>(), 0.0);
}

#[tokio::test(start_paused = true)]
async fn the_rules_ask_for_what_is_emitted() {
    let shop = experienced().await;
    for (rules, samples) in [(RULES, shop.scrape()), (OTEL_RULES, shop.scrape_otel())] {
        for rule in rules::read(rules) {
            let selectors = rule.expr.selectors();
            assert!(!selectors.is_empty());
            for selector in selectors {
                let of_this: Vec<_> = samples
                    .iter()
                    .filter(|sample| sample.name == selector.name)
                    .collect();
                assert!(!of_this.is_empty(), "{}: {}", rule.alert, selector.name);
                for (label, values) in &selector.labels {
                    for value in values {
                        let emitted = of_this
                            .iter()
                            .any(|sample| sample.label(label) == Some(value));
                        assert!(emitted, "{}: {label}={value}", rule.alert);
                    }
                }
                // Prometheus itself says which job it has scraped.
                for label in rule.expr.labels().iter().filter(|label| **label != "job") {
                    assert!(of_this.iter().all(|sample| sample.label(label).is_some()));
                }
            }
        }
    }
}

#[test]
fn the_rules_of_both_spellings_are_twins() {
    let mut spelt = RULES.to_owned();
    for (bare, otel) in [
        ("seawall_attempts", "seawall_attempts_total"),
        ("seawall_calls_refused", "seawall_calls_refused_total"),
        ("seawall_retries_refused", "seawall_retries_refused_total"),
        (
            "seawall_authentication_failures",
            "seawall_authentication_failures_total",
        ),
        ("seawall_retries ", "seawall_retries_total "),
        ("seawall_gate_remaining", "seawall_gate_remaining_seconds"),
        (
            "http_client_request_duration",
            "http_client_request_duration_seconds",
        ),
    ] {
        spelt = spelt.replace(bare, otel);
    }
    let rules = |text: &str| text[text.find("groups:").unwrap()..].to_owned();
    assert_eq!(rules(&spelt), rules(OTEL_RULES));
}

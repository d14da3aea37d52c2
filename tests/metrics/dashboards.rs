//! The dashboards show what is emitted.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::exposition::Sample;
use crate::names::experienced;

const DASHBOARD: &str = include_str!("../../docs/dashboard.json");
const OTEL_DASHBOARD: &str = include_str!("../../docs/dashboard.otel.json");

/// Words of the language, which are no names of ours.
const LANGUAGE: [&str; 8] = [
    "by",
    "histogram_quantile",
    "le",
    "max",
    "min",
    "rate",
    "sum",
    "label_values",
];

fn queries(dashboard: &str) -> Vec<String> {
    let dashboard: Value = serde_json::from_str(dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut queries: Vec<_> = targets.map(|target| text(&target["expr"])).collect();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    queries.push(text(&variables[1]["query"]));
    queries
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The names of metrics and labels in a query: all words outside quotation marks and windows.
fn names(query: &str) -> BTreeSet<String> {
    let unquoted: String = query.split('"').step_by(2).collect();
    let without_windows = unquoted.replace("[1m]", "");
    let words = without_windows.split(|c: char| !c.is_alphanumeric() && c != '_');
    let named = words.filter(|word| word.starts_with(char::is_alphabetic));
    named
        .filter(|word| !LANGUAGE.contains(word))
        .map(str::to_owned)
        .collect()
}

fn known(samples: &[Sample]) -> BTreeSet<String> {
    let labels = samples.iter().flat_map(|sample| sample.labels.keys());
    let metrics = samples.iter().map(|sample| &sample.name);
    labels.chain(metrics).cloned().collect()
}

#[tokio::test(start_paused = true)]
async fn the_dashboards_ask_for_what_is_emitted() {
    let shop = experienced().await;
    for (dashboard, samples) in [
        (DASHBOARD, shop.scrape()),
        (OTEL_DASHBOARD, shop.scrape_otel()),
    ] {
        let known = known(&samples);
        for query in queries(dashboard) {
            let names = names(&query);
            assert!(names.len() > 1, "{query}");
            let unknown: Vec<_> = names.difference(&known).collect();
            assert!(unknown.is_empty(), "{unknown:?} in {query}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_metric_is_on_the_dashboard() {
    let shop = experienced().await;
    let shown: BTreeSet<_> = queries(DASHBOARD)
        .iter()
        .flat_map(|query| names(query))
        .collect();
    for sample in shop.scrape() {
        let base = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|part| sample.name.strip_suffix(part));
        let name = base.map_or(sample.name.clone(), |base| format!("{base}_bucket"));
        assert!(shown.contains(&name), "{name}");
    }
}

#[test]
fn the_dashboards_of_both_spellings_are_twins() {
    let shape = |dashboard| {
        let mut dashboard: Value = serde_json::from_str(&bare(dashboard)).unwrap();
        // What tells them apart in Grafana.
        for name in ["title", "uid"] {
            dashboard[name].take();
        }
        dashboard
    };
    assert_eq!(shape(DASHBOARD), shape(OTEL_DASHBOARD));
}

/// Queries without what OpenTelemetry adds to names.
fn bare(query: &str) -> String {
    let mut query = query.to_owned();
    for added in ["_total", "_per_second", "_seconds"] {
        query = query.replace(added, "");
    }
    query
}

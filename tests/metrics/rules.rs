//! The alert rules, read from their files and evaluated as Prometheus would.

use std::collections::BTreeMap;
use std::time::Duration;

use yaml_rust2::{Yaml, YamlLoader};

use super::exposition::Sample;
use super::promql::{Expr, History};

/// How often rules are evaluated, and samples scraped.
pub(crate) const INTERVAL: Duration = Duration::from_secs(15);

/// One rule.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) alert: String,
    pub(crate) expr: Expr,
    /// For how long its expression must hold before it fires.
    hold: Duration,
}

/// The rules of one file, each with everything that a rule must have.
pub(crate) fn read(text: &str) -> Vec<Rule> {
    let document = &YamlLoader::load_from_str(text).unwrap()[0];
    let group = &document["groups"][0];
    assert_eq!(group["interval"].as_str(), Some("15s"));
    let rules = group["rules"].as_vec().unwrap();
    rules.iter().map(rule).collect()
}

fn rule(rule: &Yaml) -> Rule {
    let text = |yaml: &Yaml| yaml.as_str().unwrap().to_owned();
    for annotation in ["summary", "description"] {
        assert!(!text(&rule["annotations"][annotation]).is_empty());
    }
    assert!(["critical", "warning"].contains(&&*text(&rule["labels"]["severity"])));
    Rule {
        alert: text(&rule["alert"]),
        expr: Expr::parse(&text(&rule["expr"])),
        hold: humantime::parse_duration(&text(&rule["for"])).unwrap(),
    }
}

/// A Prometheus server: what it has scraped, and since when each rule holds.
pub(crate) struct Server {
    rules: Vec<Rule>,
    history: History,
    holding: BTreeMap<String, Duration>,
}

impl Server {
    pub(crate) fn new(rules: &str) -> Self {
        Self {
            rules: read(rules),
            history: History::default(),
            holding: BTreeMap::new(),
        }
    }

    /// Scrapes the one job there is and evaluates; answers which alerts fire now.
    pub(crate) fn scrape(&mut self, at: Duration, samples: Vec<Sample>) -> Vec<String> {
        self.collect(at, "shop", samples);
        self.firing(at)
    }

    /// Scrapes this job, and writes its name to all that it shows.
    pub(crate) fn collect(&mut self, at: Duration, job: &str, mut samples: Vec<Sample>) {
        for sample in &mut samples {
            sample.labels.insert("job".to_owned(), job.to_owned());
        }
        self.history.add(at, samples);
    }

    /// Evaluates; answers which alerts fire now.
    pub(crate) fn firing(&mut self, at: Duration) -> Vec<String> {
        let mut firing = Vec::new();
        for rule in &self.rules {
            if rule.expr.evaluate(&self.history, at).is_empty() {
                self.holding.remove(&rule.alert);
                continue;
            }
            let since = *self.holding.entry(rule.alert.clone()).or_insert(at);
            if at.saturating_sub(since) >= rule.hold {
                firing.push(rule.alert.clone());
            }
        }
        firing
    }
}

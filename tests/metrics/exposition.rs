//! The text that a Prometheus server scrapes.

use std::collections::BTreeMap;

pub(crate) type Labels = BTreeMap<String, String>;

/// One line of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: Labels,
    pub(crate) value: f64,
}

impl Sample {
    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }
}

/// All lines that are no comments.
pub(crate) fn parse(text: &str) -> Vec<Sample> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(sample)
        .collect()
}

/// No value here holds a brace, a comma or a quotation mark.
fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, labels.trim_end_matches('}')),
        None => (series, ""),
    };
    let label = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), value.trim_matches('"').to_owned())
    };
    Sample {
        name: name.to_owned(),
        labels: labels
            .split(',')
            .filter(|pair| !pair.is_empty())
            .map(label)
            .collect(),
        value: value.parse().unwrap(),
    }
}

//! As much of Prometheus' language as the alert rules speak: selectors, `increase`, `sum by`, `max by`, arithmetic
//! and comparisons.

use std::collections::BTreeMap;
use std::time::Duration;

use super::exposition::{Labels, Sample};

/// All that was scraped, each series by its name and labels.
#[derive(Default)]
pub(crate) struct History {
    series: BTreeMap<(String, Labels), Vec<(Duration, f64)>>,
}

impl History {
    pub(crate) fn add(&mut self, at: Duration, samples: Vec<Sample>) {
        for Sample {
            name,
            labels,
            value,
        } in samples
        {
            let series = self.series.entry((name, labels)).or_default();
            series.push((at, value));
        }
    }
}

/// A series of which one value is known.
type Vector = Vec<(Labels, f64)>;

#[derive(Clone, Debug)]
pub(crate) enum Expr {
    Number(f64),
    Select(Selector),
    /// By how much it rose within this time.
    Increase(Selector, Duration),
    /// `true`: the sum, else the greatest.
    Aggregate(bool, Vec<String>, Box<Expr>),
    Binary(Box<Expr>, &'static str, Box<Expr>),
}

#[derive(Clone, Debug)]
pub(crate) struct Selector {
    pub(crate) name: String,
    /// A label and the values that it may have.
    pub(crate) labels: Vec<(String, Vec<String>)>,
}

impl Expr {
    pub(crate) fn parse(text: &str) -> Self {
        let mut parser = Parser { rest: text };
        let expr = parser.comparison();
        assert_eq!(parser.skip_space(), "", "in {text}");
        expr
    }

    /// The selectors in it.
    pub(crate) fn selectors(&self) -> Vec<&Selector> {
        match self {
            Self::Number(_) => Vec::new(),
            Self::Select(selector) | Self::Increase(selector, _) => vec![selector],
            Self::Aggregate(_, _, of) => of.selectors(),
            Self::Binary(a, _, b) => [a.selectors(), b.selectors()].concat(),
        }
    }

    /// The labels that it aggregates by.
    pub(crate) fn labels(&self) -> Vec<&String> {
        match self {
            Self::Number(_) | Self::Select(_) | Self::Increase(..) => Vec::new(),
            Self::Aggregate(_, by, of) => by.iter().chain(of.labels()).collect(),
            Self::Binary(a, _, b) => [a.labels(), b.labels()].concat(),
        }
    }

    pub(crate) fn evaluate(&self, history: &History, at: Duration) -> Vector {
        match self {
            Self::Number(number) => vec![(Labels::new(), *number)],
            Self::Select(selector) => {
                let latest = |series: &[(Duration, f64)]| series.last().map(|(_, value)| *value);
                selector.each(history, latest)
            }
            Self::Increase(selector, window) => {
                selector.each(history, |series| increase(series, *window, at))
            }
            Self::Aggregate(sums, by, of) => aggregate(*sums, by, of.evaluate(history, at)),
            Self::Binary(a, operator, b) => {
                let scalar = |expr: &Self| matches!(expr, Self::Number(_));
                let (one, other) = (a.evaluate(history, at), b.evaluate(history, at));
                binary(one, operator, other, scalar(a), scalar(b))
            }
        }
    }
}

impl Selector {
    fn each(&self, history: &History, value: impl Fn(&[(Duration, f64)]) -> Option<f64>) -> Vector {
        let named = |(name, labels): &(String, Labels)| {
            let is_one_of = |(label, values): &(String, Vec<String>)| {
                labels
                    .get(label)
                    .is_some_and(|value| values.contains(value))
            };
            *name == self.name && self.labels.iter().all(is_one_of)
        };
        let selected = history.series.iter().filter(|(series, _)| named(series));
        selected
            .filter_map(|((_, labels), series)| Some((labels.clone(), value(series)?)))
            .collect()
    }
}

/// As Prometheus does it: from the first to the last sample within the window, drawn out to its ends
/// where they are near, but not to where the counter would be below zero. No counter here is reset.
fn increase(series: &[(Duration, f64)], window: Duration, at: Duration) -> Option<f64> {
    let start = at.saturating_sub(window);
    let within: Vec<_> = series.iter().filter(|(time, _)| *time > start).collect();
    let ((first_at, first), (last_at, last)) = (within.first()?, within.last()?);
    let sampled = last_at.abs_diff(*first_at).as_secs_f64();
    if sampled == 0.0 {
        return None;
    }
    let rise = last - first;
    let apart = sampled / (within.len() - 1) as f64;
    let near = |gap: f64| if gap < apart * 1.1 { gap } else { apart / 2.0 };
    let mut before = near(first_at.abs_diff(start).as_secs_f64());
    if rise > 0.0 {
        before = before.min(sampled * first / rise);
    }
    let after = near(at.abs_diff(*last_at).as_secs_f64());
    Some(rise * (sampled + before + after) / sampled)
}

fn aggregate(sums: bool, by: &[String], of: Vector) -> Vector {
    let mut groups: BTreeMap<Labels, f64> = BTreeMap::new();
    for (mut labels, value) in of {
        labels.retain(|label, _| by.contains(label));
        groups
            .entry(labels)
            .and_modify(|so_far| {
                *so_far = if sums {
                    *so_far + value
                } else {
                    so_far.max(value)
                }
            })
            .or_insert(value);
    }
    groups.into_iter().collect()
}

/// Series of equal labels meet; a number meets all. A comparison keeps the left side's values.
fn binary(a: Vector, operator: &str, b: Vector, number_a: bool, number_b: bool) -> Vector {
    let pairs: Vec<_> = if number_b {
        a.into_iter()
            .map(|(labels, value)| (labels, value, b[0].1))
            .collect()
    } else if number_a {
        b.into_iter()
            .map(|(labels, value)| (labels, a[0].1, value))
            .collect()
    } else {
        let b: BTreeMap<_, _> = b.into_iter().collect();
        let meet = |(labels, value)| b.get(&labels).map(|other| (labels, value, *other));
        a.into_iter().filter_map(meet).collect()
    };
    let result = |(labels, a, b): (Labels, f64, f64)| {
        let value = match operator {
            "+" => Some(a + b),
            "*" => Some(a * b),
            ">" => (a > b).then_some(a),
            ">=" => (a >= b).then_some(a),
            "==" => (a == b).then_some(a),
            _ => unreachable!("no rule uses {operator}"),
        };
        Some((labels, value?))
    };
    pairs.into_iter().filter_map(result).collect()
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn comparison(&mut self) -> Expr {
        self.chain(&[">=", ">", "=="], Self::sum)
    }

    fn sum(&mut self) -> Expr {
        self.chain(&["+"], Self::product)
    }

    fn product(&mut self) -> Expr {
        self.chain(&["*"], Self::factor)
    }

    fn chain(&mut self, operators: &[&'static str], next: impl Fn(&mut Self) -> Expr) -> Expr {
        let mut expr = next(self);
        while let Some(operator) = operators.iter().find(|operator| self.takes(operator)) {
            let right = next(self);
            expr = Expr::Binary(Box::new(expr), operator, Box::new(right));
        }
        expr
    }

    fn factor(&mut self) -> Expr {
        if self.takes("(") {
            let expr = self.comparison();
            self.expect(")");
            return expr;
        }
        if self
            .skip_space()
            .starts_with(|first: char| first.is_ascii_digit())
        {
            let number = self.word(|c| c.is_ascii_digit() || c == '.');
            return Expr::Number(number.parse().unwrap());
        }
        match self.name() {
            name @ ("sum" | "max") => {
                self.expect("by");
                self.expect("(");
                let mut by = vec![self.name().to_owned()];
                while self.takes(",") {
                    by.push(self.name().to_owned());
                }
                self.expect(")");
                self.expect("(");
                let of = self.comparison();
                self.expect(")");
                Expr::Aggregate(name == "sum", by, Box::new(of))
            }
            "increase" => {
                self.expect("(");
                let name = self.name();
                let selector = self.selector(name);
                self.expect("[");
                let window = self.word(char::is_alphanumeric);
                self.expect("]");
                self.expect(")");
                Expr::Increase(selector, humantime::parse_duration(window).unwrap())
            }
            name => Expr::Select(self.selector(name)),
        }
    }

    /// A value that is matched as a pattern is a choice of plain values.
    fn selector(&mut self, name: &str) -> Selector {
        let mut labels = Vec::new();
        if self.takes("{") {
            while !self.takes("}") {
                let label = self.name().to_owned();
                let is_choice = self.takes("=~");
                assert!(is_choice || self.takes("="), "in {}", self.rest);
                self.expect("\"");
                let values = self.word(|c| c != '"').split('|');
                assert!(is_choice || values.clone().count() == 1);
                labels.push((label, values.map(str::to_owned).collect()));
                self.expect("\"");
                self.takes(",");
            }
        }
        Selector {
            name: name.to_owned(),
            labels,
        }
    }

    fn name(&mut self) -> &'a str {
        self.word(|c| c.is_alphanumeric() || c == '_')
    }

    fn word(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let rest = self.skip_space();
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        assert!(end > 0, "at {rest}");
        let (word, rest) = rest.split_at(end);
        self.rest = rest;
        word
    }

    fn takes(&mut self, token: &str) -> bool {
        let rest = self.skip_space().strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, token: &str) {
        assert!(self.takes(token), "{token} at {}", self.rest);
    }

    fn skip_space(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        self.rest
    }
}

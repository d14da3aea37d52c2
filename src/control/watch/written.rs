//! A control file as it is written, before it is checked.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Table, Value};

use crate::config::written::{Moment, nearest};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenFile {
    pub(super) upstreams: BTreeMap<String, WrittenWish>,
}

/// What is wanted of one upstream.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenWish {
    pub(super) open: Option<WrittenOpen>,
    pub(super) maintenance: Vec<WrittenMaintenance>,
    pub(super) rate: Option<f64>,
    pub(super) lift_gates_closed_before: Option<Moment>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenOpen {
    pub(super) until: Moment,
    pub(super) reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenMaintenance {
    pub(super) from: Moment,
    pub(super) until: Moment,
    pub(super) reason: String,
}

const WISH: [&str; 4] = ["open", "maintenance", "rate", "lift_gates_closed_before"];
const MAINTENANCE: [&str; 3] = ["from", "until", "reason"];

impl WrittenFile {
    /// The file, or everything that is no field of it, or the first thing that is not understood.
    pub(super) fn parse(text: &str) -> Result<Self, Vec<String>> {
        let table: Table = toml::from_str(text).map_err(|error| vec![said(&error, text)])?;
        let unknown = unknown_fields(&table);
        if !unknown.is_empty() {
            return Err(unknown);
        }
        toml::from_str(text).map_err(|error| vec![said(&error, text)])
    }
}

/// The line and what is wrong there; not the line itself.
fn said(error: &toml::de::Error, text: &str) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            format!("line {line}: {}", error.message())
        }
        None => error.message().to_owned(),
    }
}

fn unknown_fields(file: &Table) -> Vec<String> {
    let mut unknown = Vec::new();
    among(file, "", &["upstreams"], &mut unknown);
    let upstreams = file.get("upstreams").and_then(Value::as_table);
    for (name, wish) in upstreams.into_iter().flatten() {
        let Some(wish) = wish.as_table() else {
            continue;
        };
        let place = format!("upstreams.{name:?}.");
        among(wish, &place, &WISH, &mut unknown);
        if let Some(open) = wish.get("open").and_then(Value::as_table) {
            let place = format!("{place}open.");
            among(open, &place, &MAINTENANCE[1..], &mut unknown);
        }
        let maintenance = wish.get("maintenance").and_then(Value::as_array);
        let planned = maintenance.into_iter().flatten();
        for planned in planned.filter_map(Value::as_table) {
            let place = format!("{place}maintenance.");
            among(planned, &place, &MAINTENANCE, &mut unknown);
        }
    }
    unknown
}

fn among(table: &Table, place: &str, known: &[&str], unknown: &mut Vec<String>) {
    let names = table.keys().map(String::as_str);
    for name in names.filter(|name| !known.contains(name)) {
        let fix = match nearest(name, known) {
            Some(near) => format!("write `{near}` if that is meant"),
            None => format!("there are {}", known.join(", ")),
        };
        unknown.push(format!("`{place}{name}` is no field: {fix}"));
    }
}

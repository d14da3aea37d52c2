//! The metrics, as a Prometheus server would see them, and the alert rules and dashboards on them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::float_cmp, reason = "what is compared was set, or counted")]

mod alerts;
mod dashboards;
mod exposition;
mod levels;
mod names;
mod promql;
mod rules;
mod shop;

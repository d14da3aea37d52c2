//! What an operator's act needs to know.

use std::time::{Duration, SystemTime};

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use http::StatusCode;
use serde::Deserialize;

use crate::problem::Problem;

/// The query of an act, as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    r#for: Option<String>,
    reason: Option<String>,
}

impl Wish {
    /// Of an act that takes both.
    ///
    /// # Errors
    ///
    /// A [`Problem`] with a query that says something else.
    pub(super) fn of(query: Result<Query<Self>, QueryRejection>) -> Result<Self, Problem> {
        query
            .map(|Query(wish)| wish)
            .map_err(|_| wrong("the query is not understood: write `?for=20m&reason=ticket+4711`"))
    }

    /// Its end, from now.
    ///
    /// # Errors
    ///
    /// A [`Problem`]: forcing needs an end.
    pub(super) fn until(&self, now: SystemTime) -> Result<SystemTime, Problem> {
        let Some(written) = &self.r#for else {
            return Err(wrong(
                "`for` is missing, and forcing needs an end: write `?for=20m`",
            ));
        };
        let span = humantime::parse_duration(written)
            .map_err(|_| wrong("`for` is no length of time: write `for=20m`, or `for=1h30m`"))?;
        if span == Duration::ZERO {
            return Err(wrong(
                "`for` is zero, so nothing would happen: write `for=20m`",
            ));
        }
        now.checked_add(span)
            .ok_or_else(|| wrong("`for` is longer than time goes: choose at most 30 days"))
    }

    pub(super) fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }
}

fn wrong(detail: &'static str) -> Problem {
    Problem::here(StatusCode::BAD_REQUEST, "bad_wish", detail)
}

//! Acts. Each answers with what is to be seen of the upstream afterwards.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Json;
use http::StatusCode;
use seawall::{Control, ControlError, Snapshot};

use super::Admin;
use super::name::Name;
use super::wish::Wish;
use crate::clock;
use crate::problem::Problem;

type Done = Result<Json<Snapshot>, Problem>;
type Wished = Result<Query<Wish>, QueryRejection>;

/// Refuses every call for so long.
pub(super) async fn open(State(admin): State<Admin>, Name(name): Name, wish: Wished) -> Done {
    admin.act(&name, |control| {
        let wish = Wish::of(wish)?;
        let until = wish.until(clock::wall())?;
        let opened = control.open_until(&name, until, wish.reason());
        opened.map_err(|error| refused(&error))
    })
}

/// Lets calls pass for so long, whatever kept them away. The reason is logged.
pub(super) async fn close(State(admin): State<Admin>, Name(name): Name, wish: Wished) -> Done {
    admin.act(&name, |control| {
        let wish = Wish::of(wish)?;
        let until = wish.until(clock::wall())?;
        let closed = control.close_until(&name, until);
        closed.map_err(|error| refused(&error))?;
        tracing::info!(
            upstream = name,
            reason = wish.reason(),
            "closed by an operator"
        );
        Ok(())
    })
}

/// Takes back what was opened.
pub(super) async fn cancel(State(admin): State<Admin>, Name(name): Name) -> Done {
    admin.act(&name, |control| {
        let cancelled = control.cancel_maintenance(&name);
        cancelled.map_err(|error| refused(&error))
    })
}

/// Opens the gates that a Retry-After has closed.
pub(super) async fn lift_gate(State(admin): State<Admin>, Name(name): Name) -> Done {
    admin.act(&name, |control| {
        control.lift_gate(&name).map_err(|error| refused(&error))
    })
}

/// Makes the circuit as new.
pub(super) async fn reset(State(admin): State<Admin>, Name(name): Name) -> Done {
    admin.act(&name, |control| {
        control.reset(&name).map_err(|error| refused(&error))
    })
}

impl Admin {
    fn act(&self, name: &str, act: impl FnOnce(&Control) -> Result<(), Problem>) -> Done {
        if !self.knows(name) {
            return Err(self.unknown(name));
        }
        act(&self.0.control)?;
        self.snapshot(name).map(Json)
    }
}

/// Its text names the value, the rule and the fix.
fn refused(error: &ControlError) -> Problem {
    let status = match error {
        ControlError::Full { .. } | ControlError::TooManyPlans => StatusCode::CONFLICT,
        _ => StatusCode::BAD_REQUEST,
    };
    Problem::here(status, "refused_wish", error.to_string())
}

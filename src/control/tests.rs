//! What an operator sees and does.

mod acts;
mod ends;
mod refused;
mod snapshot;
#[cfg(feature = "watch")]
mod watch;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use crate::control::{Control, ControlError, Intervened};
use crate::event::{Event, Observer};
use crate::middleware::testing::*;
use crate::policy::{Delivery, Refusal, circuit::CircuitState};
use crate::{Error, ErrorKind, Snapshot, UpstreamName, Upstreams, clock};

const GATEWAY: &str = "https://gateway.test:443";
const WHY: &str = "ticket 4711";

fn seen(stack: &Stack) -> Snapshot {
    let control = stack.upstreams.control();
    control.snapshot(GATEWAY).expect("it was called")
}

/// By the wall clock, which no test pauses: what is said to it must leave a second of room.
fn after(wait: Duration) -> SystemTime {
    clock::wall() + wait
}

fn refusal(outcome: &Outcome) -> Option<Refusal> {
    outcome.as_ref().err().and_then(Error::refusal)
}

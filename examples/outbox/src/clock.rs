//! The only reader of the wall clock: everything else is told what time it is.

use std::time::SystemTime;

#[expect(
    clippy::disallowed_methods,
    reason = "an outbox keeps its moments in a database, so they are wall-clock time; it is read here alone"
)]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

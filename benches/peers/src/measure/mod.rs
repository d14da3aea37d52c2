//! Rounds, interleaved and shuffled; the median of each row.

mod allocations;
mod clock;
mod contest;
mod row;
mod run;

pub use clock::Clock;
pub(crate) use contest::median;
pub use contest::{Against, Contest};
pub use row::{Control, Row, SpeedUp};
pub use run::{Fresh, Run, Template, Workers};

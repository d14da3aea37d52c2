//! One peer a file, each in the stack that a careful user would build of it; and `floor`, which is none.

pub mod failsafe;
pub mod floor;
pub mod recloser;
pub mod seawall;
pub mod tower;
pub mod tower_resilience;

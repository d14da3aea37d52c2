//! One peer a file, each in the stack that a careful user would build of it; and two that are none:
//! `floor` and `by_hand` show how far down there is to go.

pub mod by_hand;
pub mod failsafe;
pub mod floor;
pub mod recloser;
pub mod seawall;
pub mod tower;
pub mod tower_resilience;

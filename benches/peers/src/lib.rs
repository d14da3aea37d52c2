//! seawall beside its peers, measured in one run.
//!
//! A time on a shared machine proves nothing, so every figure that counts is a ratio of two rows of
//! the same run, whose rounds were interleaved.

pub mod contests;
pub mod drive;
pub mod end_to_end;
pub mod flags;
pub mod measure;
pub mod output;
pub mod peers;
pub mod request;
pub mod transport;

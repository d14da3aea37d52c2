//! What any transport over hyper's pool needs, whoever has set it up: what is wrong with a request
//! before it is sent, and what the pool's error proves after it.

pub(crate) mod check;
pub(crate) mod classify;

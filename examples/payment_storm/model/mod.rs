//! The storm itself: a scenario, a gateway, payments that arrive, applications that want them paid, and
//! the clients between them. What it looks like from outside is for others to show.

pub(crate) mod application;
pub(crate) mod arrivals;
pub(crate) mod chance;
pub(crate) mod client;
pub(crate) mod clock;
pub(crate) mod gateway;
pub(crate) mod office;
pub(crate) mod record;
pub(crate) mod scenario;

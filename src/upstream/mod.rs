//! The state that all calls to one upstream share, and the bounded map of upstreams.
//!
//! *What do its calls share?* `state`, `common`; *how does a healthy one begin?* `beginning`; *which retry
//! need not ask?* `at_once`; *what does the end of an attempt tell it?* `ending`; *which call is turned
//! away at once?* `turned_away`; *which one is it?* `finding`, `registry`, `at_hand`, `held`; *which are forgotten?* `forget`,
//! `remembering`; *what does another policy change?* `reload`.

mod address;
mod at_hand;
mod at_once;
mod beginning;
mod builder;
mod calm;
mod changing;
mod common;
mod concurrency;
mod ending;
mod finding;
mod forget;
mod found;
mod guarded;
mod held;
mod key;
mod made_keys;
#[cfg(any(feature = "metrics", feature = "otel"))]
mod reading;
mod refusals;
mod registry;
mod reload;
mod remembering;
mod sent_keys;
mod state;
mod turned_away;
mod weak;

pub(crate) use self::address::Address;
pub(crate) use self::at_hand::{AtHand, Destination, Leads};
pub use self::builder::UpstreamsBuilder;
pub(crate) use self::concurrency::Place;
pub(crate) use self::held::Held;
pub use self::key::UpstreamName;
#[cfg(any(feature = "metrics", feature = "otel"))]
pub(crate) use self::reading::Reading;
pub use self::registry::Upstreams;
pub(crate) use self::remembering::Remembers;
pub(crate) use self::sent_keys::{KeyUse, Sending, SentKeys};
pub(crate) use self::state::Upstream;
pub(crate) use self::turned_away::TurnedAway;
pub use self::weak::WeakUpstreams;

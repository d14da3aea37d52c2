//! failsafe: a circuit breaker that refuses a call.

use std::hint::black_box;
use std::time::Duration;

use failsafe::failure_policy::consecutive_failures;
use failsafe::{CircuitBreaker, Config, Error};
use http::Method;

use crate::drive::call;
use crate::measure::Run;
use crate::request::template;
use crate::transport::{Bare, Manner};

/// Calls that an open breaker refuses.
///
/// # Panics
///
/// If the breaker lets one through.
#[must_use]
pub fn refused() -> impl Run {
    let hour = failsafe::backoff::constant(Duration::from_secs(3_600));
    let breaker = Config::new()
        .failure_policy(consecutive_failures(1, hour))
        .build();
    let _ = breaker.call(|| Err::<(), ()>(()));
    let template = template(&Method::POST);
    let mut bare = Bare::new(Manner::Ready);
    move |calls| {
        for _ in 0..calls {
            let request = template.clone();
            let result = breaker.call(|| call(&mut bare, request));
            assert!(matches!(black_box(result), Err(Error::Rejected)));
        }
    }
}

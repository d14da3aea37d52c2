//! Random schedules: what callers, servers and time may do to a circuit.

use proptest::prelude::*;

use super::*;

/// What somebody does next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Seconds go by.
    Pass(f64),
    /// A call asks to be let through.
    Ask { background: bool, key: u64 },
    /// One of the attempts under way ends.
    End(usize, Ending),
    /// One of the attempts under way is dropped.
    Drop(usize),
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let passing = prop_oneof![0.0..2.0, 0.0..40.0, 0.0..300.0];
    let health = prop_oneof![
        6 => Just(Health::Failure),
        3 => Just(Health::Success),
        1 => Just(Health::Neutral),
    ];
    let closing = prop_oneof![
        12 => Just(None),
        1 => (1..100_u64).prop_map(|s| Some(Closing::Upstream(Duration::from_secs(s)))),
        1 => (0..3_u64, 1..100_u64)
            .prop_map(|(key, s)| Some(Closing::RateKey(key, Duration::from_secs(s)))),
    ];
    let ending = (health, closing).prop_map(|(health, closing)| match closing {
        Some(Closing::RateKey(..)) => Ending {
            rate_limited: true,
            closing,
            ..Ending::new(Health::Neutral)
        },
        Some(Closing::Upstream(_)) => Ending {
            closing,
            ..Ending::new(Health::Failure)
        },
        None => Ending::new(health),
    });
    prop_oneof![
        3 => passing.prop_map(Step::Pass),
        5 => (any::<bool>(), 0..20_u64)
            .prop_map(|(background, key)| Step::Ask { background, key }),
        4 => (any::<usize>(), ending).prop_map(|(which, ending)| Step::End(which, ending)),
        1 => any::<usize>().prop_map(Step::Drop),
    ]
}

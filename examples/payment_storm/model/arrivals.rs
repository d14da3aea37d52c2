//! When payments arrive, and where: a Poisson process over the fleet.

use crate::model::chance::{Stream, stream};
use crate::model::scenario::Scenario;
use rand::RngExt;
use std::time::Duration;

/// One payment; its id is its position in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Since the start of the run.
    pub(crate) at: Duration,
    /// The client that gets it.
    pub(crate) instance: u32,
}

/// All arrivals of a run, in order; the same for every fleet of one seed.
pub(crate) fn draw(scenario: &Scenario) -> Vec<Arrival> {
    let mut chance = stream(scenario.seed, Stream::Arrivals);
    let end = scenario.timeline().arrivals_end.as_secs_f64();
    let per_second = scenario.payments_per_minute / 60.0;
    let mut arrivals = Vec::with_capacity((end * per_second * 1.05) as usize);
    let mut at = 0.0;
    loop {
        // Poisson: exponential gaps. `1 - u` is in (0, 1], where the logarithm is finite.
        at += -(1.0 - chance.random::<f64>()).ln() / per_second;
        if at >= end {
            return arrivals;
        }
        let instance = chance.random_range(0..scenario.clients());
        arrivals.push(Arrival {
            at: Duration::from_secs_f64(at),
            instance,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::draw;
    use crate::model::scenario::Scenario;

    #[test]
    fn arrivals_come_at_the_mean_rate_in_order_until_ten_minutes_before_the_horizon() {
        let scenario = Scenario::default();
        let arrivals = draw(&scenario);
        // 120 minutes of 910 each; the standard deviation is 330.
        assert!(
            (arrivals.len() as f64 - 109_200.0).abs() < 1_500.0,
            "{}",
            arrivals.len()
        );
        assert!(arrivals.is_sorted_by_key(|arrival| arrival.at));
        assert!(
            arrivals
                .iter()
                .all(|arrival| arrival.at < scenario.timeline().arrivals_end)
        );
        assert!(
            arrivals
                .iter()
                .any(|arrival| arrival.instance == scenario.clients() - 1)
        );
    }

    #[test]
    fn arrivals_repeat_for_a_seed_and_differ_for_another() {
        let one = Scenario {
            payments_per_minute: 10.0,
            ..Scenario::default()
        };
        let two = Scenario {
            seed: 2,
            ..one.clone()
        };
        assert_eq!(draw(&one), draw(&one));
        assert_ne!(draw(&one), draw(&two));
    }
}

//! The budget against a naive, exact model of everything that was sent.

use std::time::Duration;

use proptest::prelude::*;

use super::{Budget, BudgetSettings};
use crate::policy::test_clock::start;

const SECOND: Duration = Duration::from_secs(1);

/// Everything that was sent, and the rule in whole numbers.
#[derive(Default)]
struct Exact {
    firsts: Vec<Duration>,
    retries: Vec<Duration>,
}

impl Exact {
    /// Whether `retries` + `more` ≤ `numerator` / `denominator` × firsts + `floor`, each counted
    /// over its own span before `now`, start excluded.
    fn holds(&self, now: Duration, spans: [Duration; 2], more: usize, rule: [usize; 3]) -> bool {
        let within = |times: &[Duration], span: Duration| {
            times
                .iter()
                .filter(|time| **time <= now && **time + span > now)
                .count()
        };
        let [numerator, denominator, floor] = rule;
        let retries = within(&self.retries, spans[0]) + more;
        retries * denominator <= numerator * within(&self.firsts, spans[1]) + floor * denominator
    }
}

proptest! {
    #[test]
    fn at_every_grant_the_rule_holds_and_a_refusal_is_at_most_a_second_too_strict(
        steps in prop::collection::vec((0..6_u8, prop_oneof![Just(0), 0..3000_u64, 0..70_000_u64]), 1..300),
        ratio in prop::sample::select(vec![[1, 10], [3, 5], [9, 10], [1, 3], [1, 1], [29, 100]]),
        floor in 0..4_usize,
        into_the_second in 0..1000_u64,
    ) {
        let epoch = start();
        let [numerator, denominator] = ratio;
        let settings = BudgetSettings::new(numerator as f64 / denominator as f64, floor as u32);
        let budget = Budget::new(settings.expect("valid"), epoch);
        let rule = [numerator, denominator, floor];
        let mut exact = Exact::default();
        let (mut deposits, mut grants) = (Vec::new(), Vec::new());
        let mut now = Duration::from_millis(into_the_second);
        for (action, pause) in steps {
            now += Duration::from_millis(pause / 4);
            match action {
                0..=2 => {
                    deposits.push(budget.deposit(epoch + now));
                    exact.firsts.push(now);
                }
                3 | 4 => match budget.withdraw(epoch + now) {
                    Some(grant) => {
                        grants.push(grant);
                        exact.retries.push(now);
                        prop_assert!(exact.holds(now, [60 * SECOND; 2], 0, rule), "over-granted at {now:?}");
                    }
                    None => prop_assert!(
                        !exact.holds(now, [61 * SECOND, 59 * SECOND], 1, rule), "refused at {now:?}"
                    ),
                },
                _ if pause % 2 == 0 => {
                    if let Some(deposit) = deposits.pop() {
                        budget.undo(deposit);
                        exact.firsts.pop();
                    }
                }
                _ => {
                    if let Some(grant) = grants.pop() {
                        budget.give_back(grant);
                        exact.retries.pop();
                    }
                }
            }
        }
        let left = budget.balance(epoch + now);
        let granted = (0..500).filter(|_| budget.withdraw(epoch + now).is_some()).count();
        prop_assert_eq!(granted, left as usize);
    }
}

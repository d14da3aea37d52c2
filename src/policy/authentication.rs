//! Is the credential refused, is that news, and may another one be asked for?

use std::time::{Duration, Instant};

use http::StatusCode;

use super::Health;
use super::classify::health_of;

mod streak;

pub use self::streak::Streak;

/// The least time between two renewals that this side asks for.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// And the most: what a source that has recovered is left waiting.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What an answer says about the credential it was asked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was good.
    Accepted,
    /// 401 or 403.
    Refused,
    /// Nothing: a 429 or a 5xx may come from whoever stands before the one that looks at it.
    Nothing,
}

impl Verdict {
    /// What this status says.
    #[must_use]
    pub fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Self::Refused,
            _ if health_of(status) == Health::Success => Self::Accepted,
            _ => Self::Nothing,
        }
    }
}

/// What somebody should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// So many attempts in a row were refused.
    Failing(u32),
    /// After an alarm, an attempt was accepted; so many were refused before it.
    Recovered(u32),
}

/// What is known of the credential of one source.
#[derive(Clone, Copy, Debug, Default)]
pub struct Authentication {
    streak: Streak,
    /// Renewals since an attempt was accepted.
    renewals: u32,
    /// How long the last renewal is followed by none.
    rest: Duration,
    /// From then on another may be asked for.
    renewable_at: Option<Instant>,
}

impl Authentication {
    /// An attempt ended with this verdict. The alarm is raised once, at `alarm_after` refusals in a
    /// row, and once more when it is over.
    pub fn judged(&mut self, verdict: Verdict, alarm_after: u32) -> Option<Alarm> {
        if verdict == Verdict::Accepted {
            self.renewals = 0;
        }
        self.streak.judged(verdict, alarm_after)
    }

    /// Whether an accepted attempt would change nothing.
    #[must_use]
    pub const fn is_untroubled(&self) -> bool {
        self.streak.bits() == 0 && self.renewals == 0
    }

    /// When another credential may be asked for: at once, or so much later.
    #[must_use]
    pub fn renewable_in(&self, now: Instant) -> Duration {
        let at = self.renewable_at.unwrap_or(now);
        at.saturating_duration_since(now)
    }

    /// One is asked for now. Whatever comes of it, the next one has to wait: a second, and twice as
    /// long each time until an attempt is accepted, up to 30 seconds and a quarter of chance.
    ///
    /// An upstream that refuses every credential would else have each call ask for one more, and
    /// whoever hands them out would be the next to fall.
    pub fn renewing(&mut self, now: Instant, unit: f64) {
        let pause = SHORTEST_PAUSE * (1 << self.renewals.min(5));
        let pause = pause.min(LONGEST_PAUSE);
        self.rest = pause + pause.mul_f64(unit.clamp(0.0, 1.0) / 4.0);
        self.renewals = self.renewals.saturating_add(1);
        self.renewed(now);
    }

    /// It has ended: those who have waited for it do not begin the next.
    pub fn renewed(&mut self, now: Instant) {
        self.renewable_at = now.checked_add(self.rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::test_clock;

    fn verdict(status: u16) -> Verdict {
        Verdict::of(StatusCode::from_u16(status).unwrap())
    }

    /// Hears these statuses, and says which of them (the first is 0) is news.
    fn news(authentication: &mut Authentication, statuses: &[u16]) -> Vec<(usize, Alarm)> {
        let heard = statuses.iter().map(|status| verdict(*status));
        heard
            .enumerate()
            .filter_map(|(at, heard)| Some((at, authentication.judged(heard, 5)?)))
            .collect()
    }

    #[test]
    fn a_status_speaks_of_the_credential_only_where_somebody_looked_at_it() {
        for status in [401, 403] {
            assert_eq!(verdict(status), Verdict::Refused, "{status}");
        }
        for status in [200, 204, 302, 400, 402, 404, 409, 422] {
            assert_eq!(verdict(status), Verdict::Accepted, "{status}");
        }
        for status in [408, 425, 429, 500, 502, 503, 504, 999] {
            assert_eq!(verdict(status), Verdict::Nothing, "{status}");
        }
    }

    #[test]
    fn five_in_a_row_are_news_once_and_so_is_their_end() {
        let mut authentication = Authentication::default();
        let heard = [401, 403, 401, 401, 401, 401, 401, 200, 200];
        let expected = [(4, Alarm::Failing(5)), (7, Alarm::Recovered(7))];
        assert_eq!(news(&mut authentication, &heard), expected);
        let again = news(&mut authentication, &[401; 5]);
        assert_eq!(again, [(4, Alarm::Failing(5))]);
    }

    #[test]
    fn four_are_no_news_and_an_accepted_attempt_between_begins_anew() {
        let mut authentication = Authentication::default();
        let heard = [401, 401, 401, 401, 200, 401, 401, 401, 401, 404];
        assert_eq!(news(&mut authentication, &heard), []);
        assert!(authentication.is_untroubled());
    }

    #[test]
    fn an_outage_between_changes_nothing() {
        let mut authentication = Authentication::default();
        let heard = [401, 401, 503, 429, 401, 500, 401, 401];
        let expected = [(7, Alarm::Failing(5))];
        assert_eq!(news(&mut authentication, &heard), expected);
    }

    #[test]
    fn an_alarm_after_none_is_one_after_the_first() {
        let mut authentication = Authentication::default();
        let alarm = authentication.judged(Verdict::Refused, 0);
        assert_eq!(alarm, Some(Alarm::Failing(1)));
    }

    /// The pauses after so many renewals, in seconds.
    fn pauses(authentication: &mut Authentication, renewals: usize, unit: f64) -> Vec<f64> {
        let now = test_clock::start();
        let mut after_one = || {
            authentication.renewing(now, unit);
            authentication.renewable_in(now).as_secs_f64()
        };
        (0..renewals).map(|_| after_one()).collect()
    }

    #[test]
    fn renewals_that_help_nobody_become_rare() {
        let mut authentication = Authentication::default();
        let expected = [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0];
        assert_eq!(pauses(&mut authentication, 8, 0.0), expected);
        assert_eq!(pauses(&mut Authentication::default(), 2, 1.0), [1.25, 2.5]);
        let mut tireless = Authentication {
            renewals: u32::MAX,
            ..Authentication::default()
        };
        assert_eq!(pauses(&mut tireless, 2, 0.0), [30.0, 30.0]);
    }

    #[test]
    fn the_rest_begins_when_a_renewal_has_ended() {
        let start = test_clock::start();
        let mut authentication = Authentication::default();
        authentication.renewing(start, 0.0);
        let ended = start + Duration::from_secs(10);
        authentication.renewed(ended);
        assert_eq!(authentication.renewable_in(ended), SHORTEST_PAUSE);
        assert_eq!(
            authentication.renewable_in(ended + SHORTEST_PAUSE),
            Duration::ZERO
        );
    }

    #[test]
    fn one_that_helped_is_followed_by_a_second_of_rest_and_no_more() {
        let now = test_clock::start();
        let mut authentication = Authentication::default();
        assert_eq!(authentication.renewable_in(now), Duration::ZERO);
        pauses(&mut authentication, 5, 0.0);
        authentication.renewing(now, 0.0);
        let _ = authentication.judged(Verdict::Accepted, 5);
        assert!(authentication.renewable_in(now) > Duration::ZERO);
        assert_eq!(pauses(&mut authentication, 1, 0.0), [1.0]);
    }
}

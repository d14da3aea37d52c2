//! What refuses a request at the door: maintenance and limits.

use std::time::{Duration, Instant};

/// What the gateway is like, for every request alike.
#[derive(Debug, Default)]
pub(super) struct Weather {
    /// How long an answer takes.
    pub(super) latency: Duration,
    pub(super) maintenance: Option<Maintenance>,
    /// Requests that are let in each second.
    pub(super) rate: Option<u32>,
    /// Requests that may be in progress at once.
    pub(super) queue: Option<usize>,
    let_in: LetIn,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Maintenance {
    pub(super) until: Instant,
    pub(super) retry_after: Option<Duration>,
}

/// How many were let in, in the last second in which any was.
#[derive(Debug, Default)]
struct LetIn {
    second: u64,
    requests: u32,
}

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Maintenance { retry_after: Option<Duration> },
    QueueFull,
    RateLimited,
}

impl Weather {
    /// Whether a request is turned away that arrives `now`, in that second of the gateway's life,
    /// with so many others in progress.
    pub(super) fn refusal(
        &mut self,
        now: Instant,
        second: u64,
        in_progress: usize,
    ) -> Option<Refusal> {
        if let Some(Maintenance { until, retry_after }) = self.maintenance
            && now < until
        {
            return Some(Refusal::Maintenance { retry_after });
        }
        if self.queue.is_some_and(|limit| in_progress >= limit) {
            return Some(Refusal::QueueFull);
        }
        if self.let_in.second != second {
            self.let_in = LetIn {
                second,
                requests: 0,
            };
        }
        if self.rate.is_some_and(|rate| self.let_in.requests >= rate) {
            return Some(Refusal::RateLimited);
        }
        self.let_in.requests = self.let_in.requests.saturating_add(1);
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::policy::test_clock::start;

    static NOW: LazyLock<Instant> = LazyLock::new(start);

    #[test]
    fn calm_weather_refuses_nothing() {
        let mut weather = Weather::default();
        for in_progress in 0..1_000 {
            assert_eq!(weather.refusal(*NOW, 0, in_progress), None);
        }
    }

    #[test]
    fn maintenance_refuses_until_it_ends() {
        let minute = Duration::from_secs(60);
        let until = *NOW + minute;
        let retry_after = Some(minute);
        let mut weather = Weather {
            maintenance: Some(Maintenance { until, retry_after }),
            ..Weather::default()
        };
        let refused = Some(Refusal::Maintenance { retry_after });
        assert_eq!(weather.refusal(*NOW, 0, 0), refused);
        let last = *NOW + Duration::from_secs(59);
        assert_eq!(weather.refusal(last, 59, 0), refused);
        assert_eq!(weather.refusal(until, 60, 0), None);
    }

    #[test]
    fn a_full_queue_refuses_and_does_not_use_up_the_rate() {
        let mut weather = Weather {
            queue: Some(2),
            rate: Some(1),
            ..Weather::default()
        };
        assert_eq!(weather.refusal(*NOW, 0, 2), Some(Refusal::QueueFull));
        assert_eq!(weather.refusal(*NOW, 0, 1), None);
        assert_eq!(weather.refusal(*NOW, 0, 1), Some(Refusal::RateLimited));
    }

    #[test]
    fn the_rate_is_counted_anew_each_second() {
        let mut weather = Weather {
            rate: Some(2),
            ..Weather::default()
        };
        let refusals: Vec<_> = [0, 0, 0, 1, 1, 1, 7]
            .map(|second| weather.refusal(*NOW, second, 0))
            .into();
        let limited = Some(Refusal::RateLimited);
        assert_eq!(refusals, [None, None, limited, None, None, limited, None]);
    }
}

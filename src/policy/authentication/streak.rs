//! How many attempts in a row were refused, and is that news?

use super::{Alarm, Verdict};

/// Attempts refused in a row, and whether somebody was told of it.
///
/// ```
/// use http::StatusCode;
/// use seawall::policy::authentication::{Alarm, Streak, Verdict};
///
/// let refused = Verdict::of(StatusCode::UNAUTHORIZED);
/// let mut streak = Streak::default();
/// assert_eq!(streak.judged(refused, 2), None);
/// assert_eq!(streak.judged(refused, 2), Some(Alarm::Failing(2)));
/// assert_eq!(streak.judged(refused, 2), None, "it is told once");
///
/// let accepted = Verdict::of(StatusCode::OK);
/// assert_eq!(streak.judged(accepted, 2), Some(Alarm::Recovered(3)));
/// assert_eq!(streak.bits(), 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streak {
    refused: u32,
    alarmed: bool,
}

impl Streak {
    /// An attempt ended with this verdict. The alarm is raised once, at `alarm_after` refusals in a
    /// row, and once more when it is over.
    pub fn judged(&mut self, verdict: Verdict, alarm_after: u32) -> Option<Alarm> {
        match verdict {
            Verdict::Nothing => None,
            Verdict::Refused => {
                self.refused = self.refused.saturating_add(1);
                let raised = !self.alarmed && self.refused >= alarm_after;
                self.alarmed |= raised;
                raised.then_some(Alarm::Failing(self.refused))
            }
            Verdict::Accepted => {
                let streak = std::mem::take(self);
                streak.alarmed.then_some(Alarm::Recovered(streak.refused))
            }
        }
    }

    /// All of it in one number, as an atomic keeps it. Zero: nothing was refused since an attempt was
    /// accepted.
    #[must_use]
    pub const fn bits(self) -> u64 {
        (self.refused as u64) << 1 | self.alarmed as u64
    }

    /// What these [`bits`](Self::bits) were made of.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self {
            refused: (bits >> 1) as u32,
            alarmed: bits & 1 == 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hears these verdicts, through bits each time.
    fn heard(streak: &mut Streak, verdict: Verdict, times: usize) -> Vec<Alarm> {
        let mut hear = || {
            *streak = Streak::from_bits(streak.bits());
            streak.judged(verdict, 3)
        };
        (0..times).filter_map(|_| hear()).collect()
    }

    #[test]
    fn nothing_of_it_is_lost_in_its_bits() {
        let mut streak = Streak::default();
        assert_eq!(streak.bits(), 0);
        let failing = heard(&mut streak, Verdict::Refused, 5);
        assert_eq!(failing, [Alarm::Failing(3)]);
        let over = heard(&mut streak, Verdict::Accepted, 2);
        assert_eq!(over, [Alarm::Recovered(5)]);
        assert_eq!(streak, Streak::default());
    }

    #[test]
    fn it_counts_no_further_than_it_can() {
        let mut streak = Streak {
            refused: u32::MAX,
            alarmed: true,
        };
        assert_eq!(heard(&mut streak, Verdict::Refused, 2), []);
        let over = heard(&mut streak, Verdict::Accepted, 1);
        assert_eq!(over, [Alarm::Recovered(u32::MAX)]);
    }
}

//! The rate by itself, for whoever asks before the circuit does.

use std::time::Instant;

use super::admit::Verdict;
use super::{Admission, Call, Circuit, State, Traffic};

impl Circuit {
    /// Asks for a token of the rate that is allowed while the circuit is closed. Where it is not, a
    /// call passes: how those states are gone through is for [`admit`](Self::admit) to say. A closed
    /// gate or an open circuit is obeyed here as there.
    ///
    /// Where [no circuit follows](Call::unguarded), nobody would send a probe or keep its pace: then what
    /// an operator has opened is closed again at its end, and the rate holds at once.
    ///
    /// A call that has its token says so, by [`Call::throttled`], and is asked for no other.
    pub fn throttle(
        &mut self,
        now: Instant,
        call: &Call,
        unit: f64,
        traffic: &Traffic,
    ) -> Admission {
        self.advance(now, traffic);
        let is_recovering = matches!(self.state, State::HalfOpen(_) | State::Paced(_));
        if call.unguarded && is_recovering {
            self.close(now, traffic);
        }
        let verdict = match (self.turned_away(now, call), &mut self.state) {
            (Some(verdict), _) => verdict,
            (None, State::Closed(closed)) => closed.admit(now, call, &self.settings, traffic),
            (None, State::Open(_) | State::HalfOpen(_) | State::Paced(_)) => Verdict::Go,
        };
        self.settle(now, call, &verdict, unit, traffic)
    }
}

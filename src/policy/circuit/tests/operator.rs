//! What an operator decides, against what the server and the failures say.

mod acts;
mod maintenance;

use super::*;
use crate::policy::Reason;

impl Story {
    fn maintenance(&self, from: f64, until: f64) -> Maintenance {
        Maintenance {
            from: self.at(from),
            until: self.at(until),
            reason: Reason::new("ticket 4711").unwrap(),
            planned: true,
            author: Author::Handle,
        }
    }

    /// Planned at second 0.
    fn with_maintenance(mut self, from: f64, until: f64) -> Self {
        let plan = self.maintenance(from, until);
        self.maintains(0.0, plan);
        self
    }

    fn maintains(&mut self, second: f64, plan: Maintenance) -> bool {
        let (now, unit) = (self.at(second), self.unit);
        self.circuit.maintain(now, plan, unit, &self.traffic)
    }

    fn opens_until(&mut self, second: f64, until: f64) {
        let plan = self.maintenance(second, until);
        let planned = false;
        self.maintains(second, Maintenance { planned, ..plan });
    }

    fn replans(&mut self, second: f64, author: Author, plans: Vec<Maintenance>) {
        let (now, unit) = (self.at(second), self.unit);
        self.circuit.replan(now, author, plans, unit, &self.traffic);
    }

    fn closes_until(&mut self, second: f64, until: f64) {
        let (now, until) = (self.at(second), self.at(until));
        self.circuit.close_until(now, until, &self.traffic);
    }

    fn resets(&mut self, second: f64) {
        let now = self.at(second);
        self.circuit.reset(now, &self.traffic);
    }

    fn lifts_gates(&mut self, second: f64, closed_before: Option<f64>) {
        let (now, before) = (self.at(second), closed_before.map(|second| self.at(second)));
        self.circuit.lift_gate(now, before, &self.traffic);
    }

    fn sets_rate(&mut self, second: f64, rate: Option<f64>) {
        let now = self.at(second);
        self.circuit.set_rate(now, rate);
    }

    fn reason(&self) -> Option<&str> {
        self.circuit.maintenance_reason().map(Reason::as_str)
    }
}

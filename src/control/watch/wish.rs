//! What a control file wants, checked.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::written::{WrittenFile, WrittenWish};
use crate::config::written::Moment;
use crate::control::ControlError;
use crate::control::act::{check_ahead, check_order, check_rate};
use crate::policy::Reason;
use crate::policy::circuit::MOST_PLANNED;
use crate::upstream::Address;

/// Clocks of a fleet differ by seconds; a lift that lies further ahead is a mistake.
const SKEW: Duration = Duration::from_secs(300);

/// What is wanted of each upstream, by its name.
pub(super) type Wishes = BTreeMap<String, (Address, Wish)>;

/// What is wanted of one upstream.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wish {
    pub(super) kept_away: Vec<KeptAway>,
    pub(super) rate: Option<f64>,
    pub(super) lift_before: Option<SystemTime>,
}

/// A time in which calls are kept away.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct KeptAway {
    /// `None`: from whenever this is read.
    pub(super) from: Option<SystemTime>,
    pub(super) until: SystemTime,
    pub(super) reason: Reason,
}

/// The wishes, or everything that is wrong with them.
pub(super) fn parse(text: &str, wall: SystemTime) -> Result<Wishes, String> {
    let written = WrittenFile::parse(text).map_err(|problems| problems.join("; "))?;
    let mut wishes = Wishes::new();
    let mut problems = Vec::new();
    for (name, written) in written.upstreams {
        let place = format!("upstreams.{name:?}");
        let Some(address) = Address::parse(&name) else {
            problems.push(ControlError::no_upstream(&name).to_string());
            continue;
        };
        let wish = match Wish::check(written, wall) {
            Ok(wish) => wish,
            Err(problem) => {
                problems.push(format!("{place}.{problem}"));
                continue;
            }
        };
        if wishes
            .insert(address.to_string(), (address, wish))
            .is_some()
        {
            problems.push(format!("{place} is there twice: join the two"));
        }
    }
    if problems.is_empty() {
        Ok(wishes)
    } else {
        Err(problems.join("; "))
    }
}

impl Wish {
    /// The first thing that is wrong, behind the name of its field. What is over is no mistake: the file
    /// stays where it is when a maintenance has ended.
    fn check(written: WrittenWish, wall: SystemTime) -> Result<Self, String> {
        let mut kept_away = Vec::new();
        if let Some(open) = written.open {
            let checked = KeptAway::check(None, open.until, &open.reason, wall);
            kept_away.push(checked.map_err(|why| format!("open: {why}"))?);
        }
        for planned in written.maintenance {
            let from = Some(planned.from.0);
            let checked = KeptAway::check(from, planned.until, &planned.reason, wall);
            kept_away.push(checked.map_err(|why| format!("maintenance: {why}"))?);
        }
        if kept_away.len() > MOST_PLANNED {
            return Err(format!("maintenance: {}", ControlError::TooManyPlans));
        }
        if let Some(rate) = written.rate {
            check_rate(rate).map_err(|why| format!("rate: {why}"))?;
        }
        let lift_before = written.lift_gates_closed_before.map(|Moment(at)| at);
        if lift_before.is_some_and(|at| at > wall + SKEW) {
            return Err(
                "lift_gates_closed_before: it lies ahead of now, and would lift gates that are yet to \
                 close: choose a moment that has passed"
                    .to_owned(),
            );
        }
        Ok(Self {
            kept_away,
            rate: written.rate,
            lift_before,
        })
    }
}

impl KeptAway {
    fn check(
        from: Option<SystemTime>,
        Moment(until): Moment,
        reason: &str,
        wall: SystemTime,
    ) -> Result<Self, ControlError> {
        check_ahead(until, wall)?;
        if let Some(from) = from {
            check_order(from, until)?;
        }
        let reason = Reason::new(reason).ok_or(ControlError::BlankReason)?;
        Ok(Self {
            from,
            until,
            reason,
        })
    }
}

//! The storm, on a thread of its own: it goes on by one step whenever somebody takes a view of it.

use crate::model::application::{Application, Desk};
use crate::model::arrivals;
use crate::model::client::SeawallClient;
use crate::model::clock::Clock;
use crate::model::gateway::Gateway;
use crate::model::office::Office;
use crate::model::record::PaymentRecord;
use crate::model::scenario::Scenario;
use crate::view::View;
use seawall::{Control, Upstreams, UpstreamsBuilder};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, SystemTime};
use tokio::runtime;

/// The storm's time between two views.
pub(crate) const STEP: Duration = Duration::from_secs(5);
/// How long an operator's order keeps the circuits open.
const OPEN_FOR: Duration = Duration::from_secs(300);

/// A storm that is going on.
pub(crate) struct Storm {
    views: Receiver<View>,
    orders: Sender<Order>,
}

/// What an operator asks of every client at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Open,
    Close,
    LiftGates,
}

impl Storm {
    pub(crate) fn start(scenario: Scenario) -> io::Result<Self> {
        // No room between the two: the storm waits until its last view is taken.
        let (show, views) = sync_channel(0);
        let (orders, obey) = channel();
        let runtime = runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()?;
        thread::Builder::new()
            .name("storm".to_owned())
            .spawn(move || runtime.block_on(run(&scenario, &show, &obey)))?;
        Ok(Self { views, orders })
    }

    /// What it looks like one [`STEP`] later; `None` when it is over.
    pub(crate) fn step(&self) -> Option<View> {
        self.views.recv().ok()
    }

    /// Has the order carried out before the next view.
    pub(crate) fn order(&self, order: Order) {
        // A storm that is over obeys nobody.
        let _ = self.orders.send(order);
    }
}

async fn run(scenario: &Scenario, show: &SyncSender<View>, obey: &Receiver<Order>) {
    let clock = Clock::start();
    let arrivals: Arc<[_]> = arrivals::draw(scenario).into();
    let gateway = Gateway::start(scenario, arrivals.len(), clock);
    let payments = arrivals
        .iter()
        .map(|arrival| PaymentRecord::new(arrival.at));
    let desk = Desk::new(clock, payments.collect());
    let instances: Vec<Upstreams> = (0..scenario.clients())
        .map(|instance| SeawallClient::upstreams(scenario, instance).map(UpstreamsBuilder::build))
        .collect::<Result<_, _>>()
        .expect("the preset with a declared peak is a safe policy");
    let controls: Vec<Control> = instances.iter().map(Upstreams::control).collect();
    let clients = instances
        .into_iter()
        .map(|upstreams| SeawallClient::over(upstreams, gateway.clone()));
    Office::new(arrivals, Application::Outbox, clock, desk.clone())
        .open(clients.collect::<Vec<_>>().into_iter());

    let timeline = scenario.timeline();
    let mut at = Duration::ZERO;
    while at < timeline.end {
        at += STEP;
        clock.sleep_until(at).await;
        for order in obey.try_iter() {
            carry_out(order, &controls);
        }
        let snapshots: Vec<_> = controls
            .iter()
            .map(|control| control.snapshots().pop())
            .collect();
        let view = View::of(scenario, at, &snapshots, gateway.seen(), desk.tally());
        if show.send(view).is_err() {
            return;
        }
    }
}

/// One order, every client: what took fourteen commands in the incident.
#[expect(
    clippy::disallowed_methods,
    reason = "an operator's orders are in wall-clock time"
)]
fn carry_out(order: Order, controls: &[Control]) {
    for control in controls {
        for upstream in control.upstreams() {
            let until = SystemTime::now() + OPEN_FOR;
            // An order that comes too late (the upstream is forgotten) has nothing left to do.
            let _ = match order {
                Order::Open => control.open_until(&upstream, until, "the control room"),
                Order::Close => control.close_until(&upstream, until),
                Order::LiftGates => control.lift_gate(&upstream),
            };
        }
    }
}

#[cfg(test)]
#[path = "storm_tests.rs"]
mod tests;

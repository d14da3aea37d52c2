//! The five fleets, and how each is run: in a runtime of its own, on a thread of its own.

use crate::metrics::FleetMetrics;
use crate::model::application::{Application, Desk};
use crate::model::arrivals::Arrival;
use crate::model::client::{SeawallClient, in_process};
use crate::model::clock::{Clock, Stopwatch};
use crate::model::gateway::Gateway;
use crate::model::office::Office;
use crate::model::record::{FleetRecord, PaymentRecord, lock};
use crate::model::scenario::{Scenario, Times};
use crate::peers::{BackoffClient, LegacyClient, PeerClient};
use crate::sockets;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use tokio::runtime;

/// Whose clients and application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fleet {
    Legacy,
    Backoff,
    Peer,
    Seawall,
    SeawallImpatient,
}

/// What lies between clients and gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    /// Function calls, on paused time.
    InProcess,
    /// TCP on loopback, on real time.
    Sockets,
}

/// What one fleet did.
#[derive(Clone, Debug)]
pub(crate) struct FleetRun {
    pub(crate) metrics: FleetMetrics,
    /// Offered requests, by minute since the start of the run.
    pub(crate) per_minute: Vec<u32>,
}

impl Network {
    fn runtime(self) -> std::io::Result<runtime::Runtime> {
        let mut builder = runtime::Builder::new_current_thread();
        match self {
            Self::InProcess => builder.enable_time().start_paused(true),
            Self::Sockets => builder.enable_all(),
        };
        builder.build()
    }

    /// Fleets that run at a time. Simulated ones use a whole core each; real ones mostly wait, and
    /// take the same real time whether alone or together.
    const fn threads(self) -> usize {
        match self {
            Self::InProcess => 2,
            Self::Sockets => Fleet::ALL.len(),
        }
    }
}

impl Fleet {
    pub(crate) const ALL: [Self; 5] = [
        Self::Legacy,
        Self::Backoff,
        Self::Peer,
        Self::Seawall,
        Self::SeawallImpatient,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Backoff => "backoff",
            Self::Peer => "peer",
            Self::Seawall => "seawall",
            Self::SeawallImpatient => "seawall_impatient",
        }
    }

    const fn application(self, times: Times) -> Application {
        match self {
            Self::Seawall => Application::Outbox,
            _ => Application::Requeue {
                pause: times.requeue_pause,
            },
        }
    }

    /// Runs the whole storm for this fleet.
    fn run(
        self,
        scenario: &Scenario,
        arrivals: &Arc<[Arrival]>,
        network: Network,
    ) -> Result<FleetRun, String> {
        let stopwatch = Stopwatch::start();
        let runtime = network
            .runtime()
            .map_err(|error| format!("cannot start a runtime: {error}"))?;
        let record = runtime.block_on(self.storm(scenario, arrivals, network))?;
        let metrics = FleetMetrics::of(self.name(), &record, scenario, stopwatch.seconds());
        let per_minute = record
            .gateway
            .offered
            .all()
            .chunks(60)
            .map(|minute| minute.iter().sum())
            .collect();
        Ok(FleetRun {
            metrics,
            per_minute,
        })
    }

    async fn storm(
        self,
        scenario: &Scenario,
        arrivals: &Arc<[Arrival]>,
        network: Network,
    ) -> Result<FleetRecord, String> {
        let clock = Clock::start();
        let gateway = Gateway::start(scenario, arrivals.len(), clock);
        let payments = arrivals
            .iter()
            .map(|arrival| PaymentRecord::new(arrival.at))
            .collect();
        let desk = Desk::new(clock, payments);
        let application = self.application(scenario.times);
        let office = Office::new(Arc::clone(arrivals), application, clock, desk.clone());
        match network {
            Network::InProcess => self.open_in_process(scenario, &gateway, office, clock)?,
            Network::Sockets => {
                sockets::open(self, scenario, gateway.clone(), office, clock).await?;
            }
        }
        clock.sleep_until(scenario.timeline().end).await;
        Ok(FleetRecord {
            gateway: gateway.take_record(),
            payments: desk.take_records(),
        })
    }

    fn open_in_process(
        self,
        scenario: &Scenario,
        gateway: &Gateway,
        office: Office,
        clock: Clock,
    ) -> Result<(), String> {
        let clients = 0..scenario.clients();
        let gateway = || gateway.clone();
        match self {
            Self::Legacy => office
                .open(clients.map(|_| LegacyClient::new(gateway(), in_process(), clock, scenario))),
            Self::Backoff => {
                office.open(
                    clients.map(|instance| BackoffClient::new(gateway(), scenario, instance)),
                );
            }
            Self::Peer => office.open(
                clients.map(|instance| PeerClient::new(gateway(), clock, scenario, instance)),
            ),
            Self::Seawall | Self::SeawallImpatient => {
                let clients: Result<Vec<_>, _> = clients
                    .map(|instance| SeawallClient::new(gateway(), scenario, instance))
                    .collect();
                office.open(clients?.into_iter());
            }
        }
        Ok(())
    }
}

/// Runs the fleets on a few threads and returns them in the order asked for.
pub(crate) fn run_all(
    fleets: &[Fleet],
    scenario: &Scenario,
    arrivals: &Arc<[Arrival]>,
    network: Network,
) -> Result<Vec<FleetRun>, String> {
    let next = AtomicUsize::new(0);
    let runs = Mutex::new(vec![None; fleets.len()]);
    thread::scope(|scope| {
        for _ in 0..network.threads().min(fleets.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(fleet) = fleets.get(index) else {
                        return;
                    };
                    let run = fleet.run(scenario, arrivals, network);
                    if let Some(place) = lock(&runs).get_mut(index) {
                        *place = Some(run);
                    }
                }
            });
        }
    });
    let runs = std::mem::take(&mut *lock(&runs));
    runs.into_iter()
        .map(|run| run.unwrap_or_else(|| Err("a fleet never ran".into())))
        .collect()
}

#[cfg(test)]
#[cfg(feature = "metrics")]
mod alerts;

//! The same storm over real TCP connections on loopback, short enough for a clock nobody pauses.
//!
//! Three fleets run side by side, each against a gateway of its own: `legacy` on hyper-util's plain
//! client, the seawall fleets on the library's `Client`. What took the incident twenty minutes takes
//! ten seconds here, and the clients' own times are shorter by a factor of five to twelve; what the library does
//! not let a policy shorten (such as its periods of ten seconds) stays as it is.

mod server;

use crate::fleet::Fleet;
use crate::model::client::SocketClient;
use crate::model::clock::Clock;
use crate::model::gateway::Gateway;
use crate::model::office::Office;
use crate::model::scenario::{RetryAfter, Scenario, Times};
use crate::peers::LegacyClient;
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;

/// The fleets that have a client for sockets.
pub(crate) const FLEETS: [Fleet; 3] = [Fleet::Legacy, Fleet::Seawall, Fleet::SeawallImpatient];

const WINDOW: Duration = Duration::from_secs(10);

/// The short storm: 8 + 10 + 30 s. Of the flags only the seed, the kind of Retry-After and the fault
/// apply.
///
/// The proportions are the incident's: a queue many times longer than the clients wait for, a legacy
/// storm of ten times the load, a cold gateway just above it. Only the legacy timeout is short even
/// for them: it makes the storm certain, though there are few clients and the machine may be busy.
pub(crate) fn scenario(flags: &Scenario) -> Scenario {
    Scenario {
        seed: flags.seed,
        services: 4,
        instances: 2,
        payments_per_minute: 2_400.0,
        maintenance: WINDOW,
        retry_after: match flags.retry_after {
            RetryAfter::Seconds(_) => RetryAfter::Seconds(WINDOW.as_secs()),
            other => other,
        },
        queue_limit: 300,
        cold_rate: 48.0,
        warm_rate: 105.0,
        client_timeout: Duration::from_millis(400),
        horizon: Duration::from_secs(40),
        commit_then_drop: flags.commit_then_drop,
        times: Times {
            healthy: Duration::from_secs(8),
            quiet: Duration::from_secs(12),
            warm_up: Duration::from_secs(5),
            steady: Duration::from_secs(5),
            legacy_step: Duration::from_millis(200),
            requeue_pause: Duration::from_millis(400),
        },
    }
}

/// Puts the gateway behind a listener and opens the office with clients that connect to it.
pub(crate) async fn open(
    fleet: Fleet,
    scenario: &Scenario,
    gateway: Gateway,
    office: Office,
    clock: Clock,
) -> Result<(), String> {
    let address = server::listen(gateway, clock)
        .await
        .map_err(|error| format!("cannot listen on 127.0.0.1: {error}"))?;
    let uri: http::Uri = format!("http://{address}/payments")
        .parse()
        .map_err(|error| format!("cannot name the gateway at {address}: {error}"))?;
    let clients = 0..scenario.clients();
    match fleet {
        Fleet::Legacy => office.open(clients.map(|_| {
            let transport = Hyper::builder(TokioExecutor::new()).build_http();
            LegacyClient::new(transport, uri.clone(), clock, scenario)
        })),
        Fleet::Seawall | Fleet::SeawallImpatient => {
            let clients: Result<Vec<_>, _> = clients
                .map(|_| SocketClient::new(uri.clone(), scenario))
                .collect();
            office.open(clients?.into_iter());
        }
        Fleet::Backoff | Fleet::Peer => {
            return Err(format!("{} has no client for sockets", fleet.name()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::scenario;
    use crate::fleet::{Fleet, Network, run_all};
    use crate::model::arrivals;
    use crate::model::scenario::Scenario;

    /// The control of the short storm, on paused time: it is the same gateway and the same client.
    #[test]
    fn the_short_storm_takes_the_legacy_fleet_down_for_good() {
        for seed in 0..5 {
            let scenario = scenario(&Scenario {
                seed,
                ..Scenario::default()
            });
            let arrivals = arrivals::draw(&scenario).into();
            let runs = run_all(&[Fleet::Legacy], &scenario, &arrivals, Network::InProcess)
                .expect("the fleet runs");
            assert!(
                runs[0].metrics.amplification_in_window > Some(8.0),
                "seed {seed}"
            );
            assert_eq!(
                runs[0].metrics.recovered_after_window_s, None,
                "seed {seed}"
            );
        }
    }
}

//! The gateway's handle.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection;
use super::door::Door;
use super::fault::Faults;
use super::shared::Shared;
use super::weather::{Maintenance, Weather};
use super::{Charge, Counts, Fault, GatewayBuilder};
use crate::clock;

/// A fake payment gateway on a real socket; see the [module](super) for what it does.
///
/// Every clone is the same gateway. It ends when the last one is dropped.
#[derive(Clone, Debug)]
pub struct Gateway(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    door: Arc<Door>,
    /// Dropping it stops the gateway as well.
    stop: watch::Sender<bool>,
}

impl Gateway {
    /// Starts a calm gateway on a free port of `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// What the system says to listening there.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Starts one with other settings than the defaults.
    pub fn builder() -> GatewayBuilder {
        GatewayBuilder::new()
    }

    pub(super) fn open(address: SocketAddr, shared: Shared) -> io::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let (door, shared) = (Arc::new(Door::open(address)?), Arc::new(shared));
        tokio::spawn(run(door.clone(), shared.clone(), stopped));
        Ok(Self(Arc::new(Inner { shared, door, stop })))
    }

    /// Where it listens, such as `http://127.0.0.1:41234`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.door.address()
    }

    /// From now on each answer takes that long. The payment is charged at the start of it, and its
    /// key is in progress (409) until its end. Whoever is turned away is told so at once.
    pub fn latency(&self, latency: Duration) {
        self.weather(|weather| weather.latency = latency);
    }

    /// For that long every request gets a 503, with this Retry-After in whole seconds, or without.
    pub fn maintenance(&self, for_: Duration, retry_after: Option<Duration>) {
        let until = clock::after(clock::now(), for_);
        self.weather(|weather| {
            weather.maintenance = Some(Maintenance { until, retry_after });
        });
    }

    /// Requests above this rate, counted by the second, get a 429 with `Retry-After: 1`. `None`:
    /// there is no limit.
    pub fn rate_limit(&self, per_second: Option<u32>) {
        self.weather(|weather| weather.rate = per_second);
    }

    /// With this many requests in progress, a further one gets a bare 503. `None`: there is no
    /// limit.
    pub fn queue_limit(&self, limit: Option<usize>) {
        self.weather(|weather| weather.queue = limit);
    }

    /// Each request meets this fault with that chance, from 0.0 (never again) to 1.0. A request meets
    /// one fault at most: the chances of all faults add up, and share 1.0 if they add up to more.
    pub fn fault(&self, fault: Fault, probability: f64) {
        self.faults(|faults| faults.set(fault, probability));
    }

    /// The next request that is not turned away meets this fault, before any that comes by chance.
    /// Called again before that, the one after it meets the next, and so on.
    pub fn next(&self, fault: Fault) {
        self.faults(|faults| faults.queue(fault));
    }

    /// For that long connections are refused: the socket is closed, and bound again afterwards.
    /// Connections that stand are closed when their requests are answered.
    pub fn refuse(&self, for_: Duration) {
        self.0.door.close(clock::after(clock::now(), for_));
    }

    /// Undoes everything that was said to it. Ledger and counts stay.
    pub fn calm(&self) {
        self.weather(|weather| *weather = Weather::default());
        self.faults(|faults| *faults = Faults::default());
        self.0.door.reopen();
    }

    /// What it has counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.0.shared.state().tally.counts()
    }

    /// The ledger: every payment that was taken, in order.
    #[must_use]
    pub fn charges(&self) -> Vec<Charge> {
        self.0.shared.state().ledger.charges().to_vec()
    }

    /// How often this key was charged. More than once is possible only beyond the key's life.
    #[must_use]
    pub fn charges_for(&self, key: &str) -> usize {
        let state = self.0.shared.state();
        let charges = state.ledger.charges().iter();
        charges
            .filter(|charge| charge.key.as_deref() == Some(key))
            .count()
    }

    /// Closes the listening socket and every connection, and returns when that is done. Ledger and
    /// counts can still be read.
    pub async fn shutdown(&self) {
        self.0.stop.send_replace(true);
        self.0.stop.closed().await;
    }

    fn weather(&self, change: impl FnOnce(&mut Weather)) {
        change(&mut self.0.shared.state().weather);
    }

    fn faults(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.0.shared.state().faults);
    }
}

/// Serves until it is stopped.
async fn run(door: Arc<Door>, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            tcp = door.accept() => {
                connections.spawn(connection::serve(tcp, shared.clone(), door.leaving()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    door.shut();
    connections.shutdown().await;
}

//! The client's CPU time for one request over loopback HTTP/1.1, with 64 under way at once.
//!
//! The server has a thread of its own, and only the client's thread is counted: user and system time,
//! as the kernel tells it.

mod clients;
mod server;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::Serialize;

use crate::measure::{Clock, median};

/// Requests of one client in one round, in all its tasks together.
pub(crate) const REQUESTS: u32 = 64 * 40;

/// One client's cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cpu {
    pub row: String,
    /// User and system time of the client's thread for one request.
    pub median_ns: f64,
    /// The median of the rounds' ratios: a round's clients share what disturbs them.
    pub ratio_to_bare: f64,
}

/// Measures every client in interleaved rounds.
///
/// # Panics
///
/// If there is no loopback.
#[must_use]
pub fn measure(rounds: u32) -> Vec<Cpu> {
    let address = server::start().expect("a port on the loopback");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let mut clients = clients::all(&runtime, address);
    let mut samples = vec![Vec::new(); clients.len()];
    let mut order: Vec<usize> = (0..clients.len()).collect();
    let mut chance = StdRng::seed_from_u64(1);
    for client in &mut clients {
        (client.round)(&runtime);
    }
    for _ in 0..rounds {
        order.shuffle(&mut chance);
        for &index in &order {
            let before = Clock::Thread.now();
            (clients[index].round)(&runtime);
            let took = Clock::Thread.now().saturating_sub(before);
            samples[index].push(took.as_secs_f64() * 1e9 / f64::from(REQUESTS));
        }
    }
    let bare = samples[0].clone();
    let rows = clients.iter().zip(&samples);
    rows.map(|(client, own)| Cpu {
        row: client.name.to_owned(),
        median_ns: median(own),
        ratio_to_bare: median(&ratios(own, &bare)),
    })
    .collect()
}

fn ratios(samples: &[f64], bare: &[f64]) -> Vec<f64> {
    let pairs = samples.iter().zip(bare);
    pairs.map(|(sample, bare)| sample / bare).collect()
}

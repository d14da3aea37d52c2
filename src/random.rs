//! The only source of chance, seedable.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

/// Chance for every clone of one client: each draw is a new one, whoever asks.
#[derive(Debug)]
pub(crate) struct Random {
    /// `None`: the thread's generator, seeded by the system.
    seed: Option<u64>,
    draws: AtomicU64,
}

impl Random {
    pub(crate) const fn from_system() -> Self {
        Self {
            seed: None,
            draws: AtomicU64::new(0),
        }
    }

    /// The same seed and the same order of draws give the same chances.
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self {
            seed: Some(seed),
            draws: AtomicU64::new(0),
        }
    }

    /// A number in [0, 1).
    pub(crate) fn unit(&self) -> f64 {
        match self.seed {
            None => system().random(),
            Some(seed) => self.draw(seed).random(),
        }
    }

    /// The bytes of a new idempotency key.
    pub(crate) fn key_bytes(&self) -> [u8; 16] {
        match self.seed {
            None => bytes_of(system()),
            Some(seed) => bytes_of(self.draw(seed)),
        }
    }

    /// A generator for one draw: numbered instead of shared, so that no draw waits for a lock.
    fn draw(&self, seed: u64) -> StdRng {
        let number = self.draws.fetch_add(1, Relaxed);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&number.to_le_bytes());
        StdRng::from_seed(bytes)
    }
}

/// Drawn as one number: an array takes a word of the generator for each of its bytes.
fn bytes_of(mut generator: impl Rng) -> [u8; 16] {
    generator.random::<u128>().to_le_bytes()
}

#[expect(clippy::disallowed_methods, reason = "this is the place it is asked")]
fn system() -> rand::rngs::ThreadRng {
    rand::rng()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself_but_not_within_itself() {
        let draws = |seed| {
            let random = Random::seeded(seed);
            (0..100)
                .map(|_| random.unit().to_bits())
                .collect::<Vec<_>>()
        };
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
        let mut distinct = draws(1);
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 100);
    }

    #[test]
    fn system_chance_differs_each_time() {
        let random = Random::from_system();
        assert_ne!(random.key_bytes(), random.key_bytes());
        assert!(
            (0..1_000)
                .map(|_| random.unit())
                .all(|unit| (0.0..1.0).contains(&unit))
        );
    }
}

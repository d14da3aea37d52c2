//! Where payments arrive.

use crate::model::application::{Application, Desk, settle};
use crate::model::arrivals::Arrival;
use crate::model::client::Client;
use crate::model::clock::Clock;
use std::sync::Arc;

/// Hands arriving payments to the applications.
pub(crate) struct Office {
    arrivals: Arc<[Arrival]>,
    application: Application,
    clock: Clock,
    desk: Desk,
}

impl Office {
    pub(crate) const fn new(
        arrivals: Arc<[Arrival]>,
        application: Application,
        clock: Clock,
        desk: Desk,
    ) -> Self {
        Self {
            arrivals,
            application,
            clock,
            desk,
        }
    }

    /// Starts the arrivals. Each client is one instance.
    pub(crate) fn open<C: Client>(self, clients: impl Iterator<Item = C>) {
        let clients: Vec<Arc<C>> = clients.map(Arc::new).collect();
        tokio::spawn(async move {
            for (payment, arrival) in self.arrivals.iter().enumerate() {
                self.clock.sleep_until(arrival.at).await;
                if let Some(client) = clients.get(arrival.instance as usize) {
                    let client = Arc::clone(client);
                    tokio::spawn(settle(payment, client, self.application, self.desk.clone()));
                }
            }
        });
    }
}

//! The service: a database, a gateway, a worker and a checkout.

use seawall::testing;
use tokio::net::TcpListener;

use crate::flags::Flags;
use crate::gateway::Gateway;
use crate::outbox::Outbox;
use crate::policy::{lease, pace, policy, rules};
use crate::service::ANNOUNCEMENT;
use crate::store::Store;
use crate::{checkout, clock, say, worker};

/// Serves until the process ends. There is nothing to do at its end that a `kill -9` would leave
/// undone, so nothing listens for one.
pub(crate) async fn serve(flags: Flags) -> Result<(), String> {
    // Dropped at the end of this function: with it, the gateway would go.
    let own = match flags.gateway {
        Some(_) => None,
        None => Some(started().await?),
    };
    let given = flags.gateway.clone();
    let url = given.or_else(|| own.as_ref().map(testing::Gateway::url));
    let outbox = open(&flags, &url.unwrap_or_default())?;
    let listener = TcpListener::bind(flags.listen)
        .await
        .map_err(|error| listening(&flags, &error.to_string()))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    tokio::spawn(worker::run(outbox.clone(), pace(flags.tempo)));
    say(&format!("{ANNOUNCEMENT}http://{address}"))?;
    if let Some(gateway) = &own {
        say(&introduction(&gateway.url(), &format!("http://{address}")))?;
    }
    axum::serve(listener, checkout::router(outbox))
        .await
        .map_err(|error| error.to_string())
}

async fn started() -> Result<testing::Gateway, String> {
    let gateway = testing::Gateway::start().await;
    gateway.map_err(|error| format!("no gateway could be started: {error}"))
}

fn open(flags: &Flags, url: &str) -> Result<Outbox, String> {
    let policy = policy(flags.tempo).map_err(|error| error.to_string())?;
    let gateway = Gateway::new(url, policy).map_err(|error| error.to_string())?;
    let file = &flags.database;
    let store = Store::open(file, lease(&gateway), clock::now()).map_err(|error| {
        format!(
            "--database {} cannot be opened ({error}); \
             give a file that can be written, and that no other outbox uses",
            file.display()
        )
    })?;
    let rules = rules(&gateway, flags.tempo);
    Ok(Outbox::new(store, gateway, rules))
}

fn listening(flags: &Flags, error: &str) -> String {
    let address = flags.listen;
    format!("--listen {address} cannot be listened on ({error}); give a free one")
}

fn introduction(gateway: &str, checkout: &str) -> String {
    format!(
        "gateway:  {gateway} (scriptable, in this process)

  curl -i {checkout}/payments -H 'content-type: application/json' \\
       -d '{{\"order\": \"17\", \"amount\": 1000}}'
  curl {checkout}/payments/1
  curl {checkout}/summary
"
    )
}

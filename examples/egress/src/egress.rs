//! The sidecar: a proxy's port, an operator's port, and how both end.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::service::TowerToHyperService;
use seawall::control::Watch;
use seawall::metrics::Metrics;
use seawall::{Client, Control};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::admin::Admin;
use crate::metrics;
use crate::proxy::Proxy;
use crate::serve::serve;
use crate::settings::Settings;
use crate::target::Target;

/// Whoever reads metrics has that long to read them to their end.
const ADMIN_DRAIN: Duration = Duration::from_secs(1);

/// A sidecar that listens, and serves once it is [run](Self::run).
pub struct Egress {
    client: Client,
    target: Target,
    proxy: TcpListener,
    admin: Option<TcpListener>,
    drain: Duration,
    watch: Option<Watch>,
}

/// Why a sidecar did not start.
#[derive(Debug)]
pub enum StartError {
    /// The settings make no sense.
    Settings(String),
    /// The port is somebody else's, or the system says no.
    Listen(String),
}

impl Egress {
    /// Takes the ports. The upstream is not called: it may be down.
    ///
    /// # Errors
    ///
    /// A [`StartError`] in one line.
    pub async fn bind(settings: &Settings) -> Result<Self, StartError> {
        let url = settings.client.url();
        let target = Target::new(url).ok_or_else(|| {
            StartError::Settings("--upstream is no absolute URL; write https://api.example".into())
        })?;
        let client = client(settings)?;
        let proxy = listen("--listen", settings.listen).await?;
        let admin = match settings.admin {
            Some(address) => Some(listen("--admin", address).await?),
            None => None,
        };
        // Last: its first reading is an act.
        let watch = follow(settings, &client.control())?;
        Ok(Self {
            client,
            target,
            proxy,
            admin,
            drain: settings.drain(),
            watch,
        })
    }

    /// Where services send their requests.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.proxy.local_addr().ok()
    }

    /// Where operators look.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref()?.local_addr().ok()
    }

    /// Serves until `shutdown`, and then until the calls under way have ended, or `--drain` has passed.
    /// Dropped, it cuts them off.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let is_draining = Arc::new(AtomicBool::new(false));
        let (finish, finished) = oneshot::channel::<()>();
        let admin = self.admin.map(|listener| {
            let (control, target) = (self.client.control(), self.target.clone());
            (listener, Admin::new(control, target, is_draining.clone()))
        });
        let admin = async {
            if let Some((listener, admin)) = admin {
                operate(listener, admin, async { drop(finished.await) }).await;
            }
        };
        let drain = self.drain;
        let stop = async {
            shutdown.await;
            is_draining.store(true, Relaxed);
            tracing::info!(?drain, "shutting down: calls under way may end");
        };
        let proxy = Proxy::new(self.client, self.target);
        let service = service_fn(move |request| proxy.clone().answer(request));
        let proxy = async {
            let cut = serve(self.proxy, service, stop, drain).await;
            if cut > 0 {
                tracing::warn!(
                    connections = cut,
                    "cut off: what their calls did is unknown"
                );
            }
            // Operators may look until then.
            drop(finish);
        };
        tokio::join!(proxy, admin);
        drop(self.watch);
    }
}

async fn operate(listener: TcpListener, admin: Admin, end: impl Future<Output = ()>) {
    let router = TowerToHyperService::new(admin.router());
    tokio::select! {
        _ = serve(listener, router, end, ADMIN_DRAIN) => {}
        () = metrics::upkeep() => {}
    }
}

fn client(settings: &Settings) -> Result<Client, StartError> {
    let mut builder = settings.client.builder().map_err(nonsense)?;
    if settings.admin.is_some() {
        builder = builder.observer(Metrics::new());
    }
    builder.build().map_err(nonsense)
}

fn follow(settings: &Settings, control: &Control) -> Result<Option<Watch>, StartError> {
    let watch = settings.control.as_ref().map(|file| control.watch(file));
    watch.transpose().map_err(nonsense)
}

async fn listen(flag: &str, address: SocketAddr) -> Result<TcpListener, StartError> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let problem = format!("{flag} {address} cannot be listened on ({error}); give a free one");
        StartError::Listen(problem)
    })?;
    if !address.ip().is_loopback() {
        tracing::warn!(
            %address,
            "{flag} is not loopback: whoever reaches it may use it, without TLS and without a password"
        );
    }
    Ok(listener)
}

fn nonsense(error: impl fmt::Display) -> StartError {
    let text = error.to_string();
    StartError::Settings(text.lines().collect::<Vec<_>>().join("; "))
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(problem) | Self::Listen(problem) => f.write_str(problem),
        }
    }
}

impl std::error::Error for StartError {}

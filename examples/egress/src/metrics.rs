//! The recorder behind `/metrics`.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use seawall::metrics::DURATION_BUCKETS;
use tokio::time::interval;

/// How often samples are gathered into their buckets: without anybody who asks for them they would
/// pile up.
const UPKEEP: Duration = Duration::from_secs(5);

/// The facade has one recorder for the whole process.
static INSTALLED: OnceLock<PrometheusHandle> = OnceLock::new();

/// The process's recorder, which is installed by the first who asks.
pub(crate) fn installed() -> PrometheusHandle {
    INSTALLED
        .get_or_init(|| {
            install().expect("the buckets are there, and nobody else installs a recorder here")
        })
        .clone()
}

/// Gathers samples, for ever.
pub(crate) async fn upkeep() {
    let metrics = installed();
    let mut ticks = interval(UPKEEP);
    loop {
        ticks.tick().await;
        metrics.run_upkeep();
    }
}

fn install() -> Result<PrometheusHandle, BuildError> {
    let duration = Matcher::Full("http.client.request.duration".to_owned());
    PrometheusBuilder::new()
        .set_buckets_for_metric(duration, &DURATION_BUCKETS)?
        .install_recorder()
}

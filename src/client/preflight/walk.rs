//! The steps, one after the other.

use super::connect::connect;
use super::fault::Fault;
use super::record::{Done, Limits, Record};
use super::requests::{credentials, health};
use super::target::Target;
use super::{Preflight, PreflightReport, Step};
use crate::client::request::redacted;

pub(super) async fn walk(preflight: &Preflight) -> PreflightReport {
    let mut record = Record::default();
    // `None` is on record, as the step that failed.
    let _ = steps(preflight, &mut record).await;
    record.close(redacted(&preflight.url))
}

async fn steps(preflight: &Preflight, record: &mut Record) -> Option<()> {
    let limits = Limits {
        per_step: preflight.timeout,
        connect: preflight.client.phases.settings.connect_timeout,
        request: preflight.client.policy().attempt_timeout(),
    };
    let check = url(preflight);
    let target = record.take(Step::Url, limits.requesting(), check).await?;
    let mut line = connect(preflight, &target, limits, record).await?;
    let answer = credentials(&mut line, &target, limits, record).await?;
    health(&mut line, &target, answer, limits, record).await
}

async fn url(preflight: &Preflight) -> Result<Done<Target>, Fault> {
    let target = Target::of(preflight).await?;
    let scheme = target.url.scheme_str().unwrap_or_default();
    let detail = format!("{scheme} to {}, port {}", target.host(), target.port());
    Ok(Done::passed(target, detail))
}

//! The steps that send a request.

use http::{StatusCode, Uri};

use super::fault::Fault;
use super::judge::{self, Verdict};
use super::line::Line;
use super::record::{Done, Limits, Record};
use super::target::Target;
use super::{Problem, Step};

/// The answer, where it speaks of health too.
pub(super) async fn credentials(
    line: &mut Line<'_>,
    target: &Target,
    limits: Limits,
    record: &mut Record,
) -> Option<Option<StatusCode>> {
    let Some(url) = &target.credentials else {
        record.skip(Step::Credentials, "no credentials were given");
        return Some(None);
    };
    let serves_both = target.health.as_ref() == Some(url);
    let asking = async {
        let status = line.ask(url).await?;
        let answered = answered(url, status);
        let answer = serves_both.then_some(status);
        match judge::credentials(status) {
            Verdict::Accepted => Ok(Done::passed(answer, answered)),
            Verdict::Refused => Err(Fault::new(Problem::CredentialsRefused, answered)),
            Verdict::Untold(problem) => {
                let why = format!("{answered}, which says nothing about credentials");
                if serves_both {
                    Ok(Done::skipped(answer, why))
                } else {
                    Err(Fault::new(problem, why))
                }
            }
        }
    };
    record
        .take(Step::Credentials, limits.requesting(), asking)
        .await
}

pub(super) async fn health(
    line: &mut Line<'_>,
    target: &Target,
    answer: Option<StatusCode>,
    limits: Limits,
    record: &mut Record,
) -> Option<()> {
    let Some(url) = &target.health else {
        record.skip(Step::Health, "no health path was given");
        return Some(());
    };
    let asking = async {
        let status = match answer {
            Some(status) => status,
            None => line.ask(url).await?,
        };
        let answered = answered(url, status);
        match judge::health(status) {
            Ok(()) => Ok(Done::passed((), answered)),
            Err(problem) => Err(Fault::new(problem, answered)),
        }
    };
    record.take(Step::Health, limits.requesting(), asking).await
}

fn answered(url: &Uri, status: StatusCode) -> String {
    format!("GET {} was answered {status}", url.path())
}

//! Variables that nobody would read.

use super::{EnvProblem, names};
use crate::config::written::nearest;

/// Every name that begins with the prefix and is neither a setting nor one of `others`.
pub(in super::super) fn among(
    environment: impl Iterator<Item = String>,
    prefix: &str,
    others: &[&str],
) -> Vec<EnvProblem> {
    let known = names(prefix);
    let beginning = format!("{prefix}_");
    let is_unknown = |name: &String| {
        name.strip_prefix(&beginning).is_some_and(|rest| {
            !known.contains(name) && !is_service_link(rest) && !is_other(rest, others)
        })
    };
    let mut unknown: Vec<_> = environment.filter(is_unknown).collect();
    unknown.sort_unstable();
    unknown
        .into_iter()
        .map(|name| {
            let fix = match nearest(&name, &known) {
                Some(near) => format!("write `{near}` if that is meant"),
                None => "see `ClientConfig::from_env` for those there are".to_owned(),
            };
            let text = format!(" is no setting: {fix}, or name it to `from_env_beside`");
            EnvProblem::of(name, text)
        })
        .collect()
}

fn is_other(rest: &str, others: &[&str]) -> bool {
    others
        .iter()
        .any(|other| rest == *other || (other.ends_with('_') && rest.starts_with(other)))
}

/// What Kubernetes sets in every container for a service of that name.
fn is_service_link(rest: &str) -> bool {
    let numbered = rest.strip_prefix("PORT_").unwrap_or_default();
    rest == "PORT"
        || rest == "SERVICE_HOST"
        || rest == "SERVICE_PORT"
        || rest.starts_with("SERVICE_PORT_")
        || numbered.starts_with(|first: char| first.is_ascii_digit())
}

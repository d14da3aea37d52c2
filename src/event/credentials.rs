//! What becomes of credentials where nobody knows the upstream, for the log: a layer that stands
//! alone, and a file that serves whole clients. Elsewhere it is an [`Event`](super::Event).

use std::fmt::Display;
use std::path::Path;

use http::StatusCode;

use crate::middleware::credentials::CredentialError;
use crate::policy::authentication::Alarm;

/// The upstream refuses the credential again and again, or does so no more.
pub(crate) fn authentication(origin: impl Display, status: StatusCode, alarm: Alarm) {
    let status = status.as_u16();
    match alarm {
        Alarm::Failing(refused) => {
            tracing::warn!(%origin, status, refused, "authentication failing");
        }
        Alarm::Recovered(refused) => {
            tracing::info!(%origin, status, refused, "authentication recovered");
        }
    }
}

/// A source was asked for a credential, and has answered.
pub(crate) fn credential_renewed(origin: impl Display) {
    tracing::info!(%origin, "credential renewed");
}

/// A source was asked for a credential, and has none.
pub(crate) fn credential_not_renewed(origin: impl Display, why: &CredentialError) {
    tracing::warn!(%origin, %why, "credential not renewed");
}

/// A file holds no credential any more, and the last good one is used.
pub(crate) fn credential_file_lost(why: &CredentialError) {
    tracing::warn!(%why, "credential file lost: the last good one is used");
}

/// It holds one again.
pub(crate) fn credential_file_found(path: &Path) {
    tracing::info!(path = %path.display(), "credential file found again");
}

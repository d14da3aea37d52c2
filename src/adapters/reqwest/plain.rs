//! A client that sends what it is given, once.

use reqwest::ClientBuilder;
use reqwest::redirect::Policy;

use crate::Error;

/// Builds a client that neither resends nor follows redirects.
///
/// # Errors
///
/// A configuration error, if reqwest cannot build one from these settings.
pub(super) fn build(builder: ClientBuilder) -> Result<reqwest::Client, Error> {
    let plain = builder
        .retry(reqwest::retry::never())
        .redirect(Policy::none());
    plain.build().map_err(|error| {
        let problem = "reqwest cannot build a client from these settings: its error, which is the \
                       source of this one, names the setting to mend";
        Error::config(problem).with_source(error.without_url())
    })
}

/// What the client beneath does with a request besides sending it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habits {
    /// Nothing: it was built here.
    None,
    /// It may resend, and may follow redirects.
    Unknown,
}

//! What is said of clients that others have built, for the log: no upstream is known of them.

/// Such a client is put beneath the layers.
pub(crate) fn ready_made() {
    tracing::warn!(
        "a ready-made reqwest client: it may resend by itself and follow redirects, so no failure \
         proves that a request was not sent: build it with `ReqwestService::build` or \
         `ResilienceMiddleware::client`"
    );
}

/// It has followed a redirect with a request that may change something.
pub(crate) fn redirected(origin: impl AsRef<str>) {
    let origin = origin.as_ref();
    tracing::warn!(
        origin,
        "a ready-made reqwest client has followed a redirect of a request that may change something"
    );
}

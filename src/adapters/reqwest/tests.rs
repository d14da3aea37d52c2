//! What the log says of clients that others have built.

use super::{ReqwestService, ResilienceMiddleware};
use crate::middleware::testing::Log;
use crate::{Policy, ResilienceLayer};

#[test]
fn a_ready_made_client_is_warned_of_once_with_the_fix() {
    let log = Log::new();
    let service = ReqwestService::ready_made(reqwest::Client::new());
    let _again = service.clone();
    assert_eq!(log.count("WARN"), 1, "{}", log.text());
    assert_eq!(log.count("ReqwestService::build"), 1);
    assert_eq!(
        format!("{service:?}"),
        "ReqwestService { ready_made: true, .. }"
    );

    let log = Log::new();
    let _ = ResilienceMiddleware::new(ResilienceLayer::new(Policy::external()));
    assert_eq!(log.count("ready-made"), 1, "{}", log.text());
}

#[test]
fn a_client_that_is_built_here_needs_no_warning() {
    let log = Log::new();
    let service = ReqwestService::build(reqwest::Client::builder()).unwrap();
    let layer = ResilienceLayer::new(Policy::external());
    ResilienceMiddleware::client(layer, reqwest::Client::builder()).unwrap();
    assert_eq!(log.count("WARN"), 0, "{}", log.text());
    assert_eq!(
        format!("{service:?}"),
        "ReqwestService { ready_made: false, .. }"
    );
}

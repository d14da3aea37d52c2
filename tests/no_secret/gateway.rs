//! A gateway with secrets in its answers.

use std::time::Duration;

use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// It answers by the path: `/503`, say; after a while at `/slow`, and with a long way to wait at
/// `/maintenance`. The first time at `/stale` it knows nobody.
pub(crate) async fn gateway() -> MockServer {
    let server = MockServer::start().await;
    let stale = Mock::given(path("/stale")).respond_with(answer(401));
    stale.up_to_n_times(1).mount(&server).await;
    let slow = answer(200).set_delay(Duration::from_secs(60));
    Mock::given(path("/slow"))
        .respond_with(slow)
        .mount(&server)
        .await;
    let maintenance = answer(503).insert_header("retry-after", "1200");
    let maintenance = Mock::given(path("/maintenance")).respond_with(maintenance);
    maintenance.mount(&server).await;
    let moved = answer(302).insert_header("location", "https://u:s3cret@other.test/?s3cret");
    Mock::given(path("/302"))
        .respond_with(moved)
        .mount(&server)
        .await;
    for status in [400, 401, 403, 404, 500, 503] {
        let at = Mock::given(path(format!("/{status}")));
        at.respond_with(answer(status)).mount(&server).await;
    }
    Mock::given(any())
        .respond_with(answer(200))
        .mount(&server)
        .await;
    server
}

fn answer(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .insert_header("set-cookie", "session=s3cret-cookie")
        .set_body_string("s3cret-answer, and no JSON")
}

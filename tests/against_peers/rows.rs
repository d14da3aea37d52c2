//! One payment each.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use seawall::{Body, PolicyBuilder};
use wiremock::{Request, Respond, ResponseTemplate};

use super::{Seen, payments, seen, server, through_reqwest_retry, through_seawall, unkeyed};

/// The same payment to two such servers, by either client.
async fn row<A: Respond + 'static>(answer: impl Fn() -> A, policy: PolicyBuilder) -> (Seen, Seen) {
    let (theirs, ours) = (server(answer()).await, server(answer()).await);
    tokio::join!(
        through_reqwest_retry(&theirs, "{}"),
        through_seawall(&ours, policy, "{}"),
    )
}

fn status(status: u16) -> impl Fn() -> ResponseTemplate {
    move || ResponseTemplate::new(status)
}

#[tokio::test]
async fn a_payment_without_a_key_is_repeated_on_a_500() {
    let (theirs, ours) = row(status(500), unkeyed()).await;
    assert_eq!(theirs, seen(4, 0, "500"), "four payments, perhaps");
    assert_eq!(ours, seen(1, 0, "500"));
}

#[tokio::test]
async fn the_attempts_of_one_payment_have_nothing_in_common() {
    let (theirs, ours) = row(status(500), payments()).await;
    assert_eq!(theirs, seen(4, 0, "500"));
    assert_eq!(ours, seen(4, 1, "500"), "one key on all of them");
}

#[tokio::test]
async fn a_501_is_repeated_though_it_stays_what_it_is() {
    let (theirs, ours) = row(status(501), payments()).await;
    assert_eq!(theirs, seen(4, 0, "501"));
    assert_eq!(ours, seen(1, 1, "501"));
}

#[tokio::test]
async fn a_stored_answer_is_asked_for_again_and_again() {
    let replayed = || ResponseTemplate::new(500).insert_header("idempotent-replayed", "true");
    let (theirs, ours) = row(replayed, payments()).await;
    assert_eq!(theirs, seen(4, 0, "500"));
    assert_eq!(ours, seen(1, 1, "500"));
}

#[tokio::test]
async fn whoever_asks_for_twenty_minutes_is_called_meanwhile() {
    let closed = || ResponseTemplate::new(503).insert_header("retry-after", "1200");
    let (theirs, ours) = row(closed, payments()).await;
    assert_eq!(theirs, seen(4, 0, "503"), "each of them too early");
    assert_eq!(ours, seen(1, 1, "503"), "with the time to come again");
}

#[tokio::test]
async fn whoever_asks_for_a_second_gets_a_second() {
    let ours = server(Closed::default()).await;
    let ours = through_seawall(&ours, payments(), "{}").await;
    assert_eq!(ours, seen(2, 1, "200"));
}

/// Closed for a second from the first request on, and says so.
#[derive(Default)]
struct Closed(OnceLock<Instant>);

impl Respond for Closed {
    #[expect(clippy::disallowed_methods, reason = "real sockets, real time")]
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let since = self.0.get_or_init(Instant::now);
        if since.elapsed() < Duration::from_secs(1) {
            return ResponseTemplate::new(503).insert_header("retry-after", "1");
        }
        ResponseTemplate::new(200)
    }
}

#[tokio::test]
async fn a_stream_is_refused_where_no_retry_is_needed() {
    let (their_server, our_server) = (server(status(200)()).await, server(status(200)()).await);
    let rows = || Full::new(Bytes::from_static(b"rows"));
    let theirs = through_reqwest_retry(&their_server, reqwest::Body::wrap(rows())).await;
    assert_eq!(theirs, seen(0, 0, "error"), "nothing was even sent");
    let ours = through_seawall(&our_server, payments(), Body::stream(rows())).await;
    assert_eq!(ours, seen(1, 1, "200"));
}

//! What observers are told, and that nobody is told twice.

use super::*;
use crate::event::{Event, Observer};
use crate::middleware::ResilienceLayer;
use crate::middleware::circuit::CircuitLayer;
use crate::{BoxError, Upstreams};

/// Writes down what is said of credentials, and of the circuit.
#[derive(Default)]
struct Diary(Mutex<Vec<String>>);

impl Observer for Diary {
    fn observe(&self, event: &Event<'_>) {
        let what = match event {
            Event::AuthenticationFailing {
                status, refused, ..
            }
            | Event::AuthenticationRecovered {
                status, refused, ..
            } => format!(" {} after {refused}", status.as_str()),
            Event::CredentialNotRenewed { why, .. } => format!(" {why}"),
            Event::CredentialRenewed { .. } | Event::CircuitChanged { .. } => String::new(),
            _ => return,
        };
        let upstream = event.upstream().unwrap_or_default();
        let alarm = if event.is_alarming() { "! " } else { "" };
        let line = format!("{alarm}{} {upstream}{what}", event.name());
        self.0.lock().unwrap().push(line);
    }
}

impl Diary {
    fn read(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

const FAILING: &str = "! authentication_failing https://gateway.test:443";
const RECOVERED: &str = "authentication_recovered https://gateway.test:443";

fn watched() -> (Arc<Diary>, Upstreams) {
    let diary = Arc::new(Diary::default());
    let upstreams = Upstreams::builder(external().build().unwrap())
        .seed(7)
        .observer(Arc::clone(&diary))
        .build();
    (diary, upstreams)
}

fn whole(credentials: CredentialsLayer) -> (Arc<Diary>, ResilienceLayer) {
    let (diary, upstreams) = watched();
    let layer = ResilienceLayer::over(upstreams).with_credentials(credentials);
    (diary, layer)
}

/// Sends it so many times, whatever comes of it.
async fn send<S, C>(service: &S, times: usize, request: impl Fn() -> Call)
where
    S: tower::Service<Call, Response = http::Response<C>> + Clone,
    S::Error: Into<BoxError>,
{
    for _ in 0..times {
        let _ = service.clone().oneshot(request()).await;
        pass(secs(1)).await;
    }
}

fn own() -> Call {
    with_header(put(), "authorization", "Bearer own")
}

#[tokio::test(start_paused = true)]
async fn refusals_of_the_callers_own_credential_are_told_without_any_source() {
    let log = Log::new();
    let (diary, layer) = whole(CredentialsLayer::NONE);
    let statuses = [401, 403, 401, 401, 403, 401, 401];
    let service = layer.layer(Script::new(statuses.map(status)));
    send(&service, 4, own).await;
    assert!(diary.read().is_empty());
    send(&service, 1, own).await;
    assert_eq!(diary.read(), [format!("{FAILING} 403 after 5")]);
    send(&service, 2, own).await;
    assert!(diary.read().is_empty(), "once for each spell");
    send(&service, 2, own).await;
    assert_eq!(diary.read(), [format!("{RECOVERED} 200 after 7")]);
    assert_eq!(log.count("authentication failing"), 1);
    assert_eq!(log.count("authentication recovered"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_source_below_the_circuit_leaves_the_alarm_to_it() {
    let log = Log::new();
    let source = CredentialsLayer::new(ORIGIN, bearer("a")).unwrap();
    let (diary, layer) = whole(source);
    let service = layer.layer(Script::new((0..6).map(|_| status(401))));
    send(&service, 7, put).await;
    assert_eq!(
        diary.read(),
        [
            format!("{FAILING} 401 after 5"),
            format!("{RECOVERED} 200 after 6")
        ]
    );
    assert_eq!(log.count("authentication failing"), 1);
    assert_eq!(log.count("authentication recovered"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_circuit_that_stands_alone_tells_of_it_too() {
    let (diary, upstreams) = watched();
    let upstream = Script::new((0..5).map(|_| status(403)));
    let service = CircuitLayer::new(upstreams).layer(upstream);
    send(&service, 5, own).await;
    assert_eq!(diary.read(), [format!("{FAILING} 403 after 5")]);
}

#[tokio::test(start_paused = true)]
async fn the_number_can_be_chosen() {
    let chosen = CredentialsLayer::default().alarm_after(2);
    let (diary, layer) = whole(chosen);
    let service = layer.layer(Script::new([status(401), status(401)]));
    send(&service, 1, own).await;
    assert!(diary.read().is_empty());
    send(&service, 1, own).await;
    assert_eq!(diary.read(), [format!("{FAILING} 401 after 2")]);
}

#[tokio::test(start_paused = true)]
async fn refusals_leave_the_circuit_alone() {
    let (diary, layer) = whole(CredentialsLayer::NONE);
    let upstream = Script::new((0..50).map(|_| status(401)));
    send(&layer.layer(upstream.clone()), 50, own).await;
    assert_eq!(upstream.count(), 50);
    assert_eq!(diary.read(), [format!("{FAILING} 401 after 5")]);
}

#[tokio::test(start_paused = true)]
async fn what_says_nothing_of_the_credential_neither_raises_nor_ends_it() {
    let (diary, layer) = whole(CredentialsLayer::default().alarm_after(2));
    let service = layer.layer(Script::new([
        status(401),
        status(501),
        failure(crate::policy::Failure::Certificate),
        status(403),
        status(501),
    ]));
    send(&service, 5, own).await;
    assert_eq!(diary.read(), [format!("{FAILING} 403 after 2")]);
}

#[tokio::test(start_paused = true)]
async fn each_upstream_has_a_count_of_its_own() {
    let (diary, layer) = whole(CredentialsLayer::NONE);
    let service = layer.layer(Script::new((0..9).map(|_| status(401))));
    let elsewhere = || call(http::Method::PUT, "https://other.test/", "");
    send(&service, 4, own).await;
    send(&service, 4, elsewhere).await;
    assert!(diary.read().is_empty());
    send(&service, 1, own).await;
    assert_eq!(diary.read(), [format!("{FAILING} 401 after 5")]);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_is_told_to_the_upstream_and_heals_without_an_alarm() {
    let log = Log::new();
    let vault = Vault::holding("a").then(Brings::Token("b"));
    let source = CredentialsLayer::new(ORIGIN, vault).unwrap();
    let (diary, layer) = whole(source.alarm_after(1));
    let service = layer.layer(Script::new([status(401)]));
    send(&service, 2, put).await;
    let renewed = "credential_renewed https://gateway.test:443";
    assert_eq!(diary.read(), [renewed]);
    assert_eq!(log.count("credential renewed"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_is_told_with_its_reason_before_anything_was_sent_too() {
    let log = Log::new();
    for vault in [Vault::holding("a"), Vault::default()] {
        let source = CredentialsLayer::new(ORIGIN, vault.then(Brings::Failure)).unwrap();
        let (diary, layer) = whole(source);
        send(&layer.layer(Script::new([status(401)])), 1, put).await;
        let why = "the source has no credential: the vault is sealed";
        let expected = format!("credential_not_renewed https://gateway.test:443 {why}");
        assert_eq!(diary.read(), [expected]);
    }
    assert_eq!(log.count("credential not renewed"), 2);
}

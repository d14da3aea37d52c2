//! Credentials over real sockets. No sleeps.
#![cfg(feature = "client")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::sync::Mutex;

use bytes::Bytes;
use http_body_util::Full;
use seawall::credentials::{from_env, from_file};
use seawall::{
    Body, Client, Credential, CredentialError, Credentials, Delivery, ErrorKind, Policy, Provider,
};
use wiremock::matchers::{any, header};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A server that takes this bearer token and no other.
async fn server(token: &str) -> MockServer {
    let server = MockServer::start().await;
    let value = format!("Bearer {token}");
    let paid = ResponseTemplate::new(200).set_body_string("paid");
    let good = Mock::given(header("authorization", value.as_str())).respond_with(paid);
    good.mount(&server).await;
    let refused = ResponseTemplate::new(401).set_body_string("who are you?");
    Mock::given(any())
        .respond_with(refused)
        .mount(&server)
        .await;
    server
}

fn client(server: &MockServer, source: impl Credentials) -> Client {
    let policy = Policy::external_payments(Provider::none());
    let builder = Client::builder(policy).credentials(&server.uri(), source);
    builder.build().unwrap()
}

async fn count(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn a_key_file_that_was_rotated_costs_one_replay_and_no_payment() {
    let path = std::env::temp_dir().join(format!("seawall-rotated-{}", std::process::id()));
    fs::write(&path, "old\n").unwrap();
    let server = server("new").await;
    let client = client(&server, from_file(&path, Credential::bearer).unwrap());
    fs::write(&path, "new\n").unwrap();

    // Without an idempotency key: a 401 says that nothing was done.
    let payment = client.post(server.uri()).body("{}");
    let answer = payment.collect().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().unwrap(), "paid");
    assert_eq!((answer.report().attempts(), count(&server).await), (1, 2));

    let answer = client.get(server.uri()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(count(&server).await, 3, "both ways share what was learned");
    fs::remove_file(&path).unwrap();
}

/// A source of one's own: the new token is there once it is asked for.
struct Rotated(Mutex<&'static str>);

impl Credentials for Rotated {
    fn current(&self) -> Option<Credential> {
        Credential::bearer(*self.0.lock().unwrap()).ok()
    }

    async fn refresh(&self) -> Result<(), CredentialError> {
        *self.0.lock().unwrap() = "new";
        Ok(())
    }
}

#[tokio::test]
async fn a_stream_is_sent_again_whole() {
    let server = server("new").await;
    let client = client(&server, Rotated(Mutex::new("old")));
    let rows = Body::stream(Full::new(Bytes::from_static(b"rows")));
    let answer = client.post(server.uri()).body(rows).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let seen = server.received_requests().await.unwrap();
    let bodies: Vec<_> = seen.iter().map(|request| &request.body[..]).collect();
    assert_eq!(bodies, [b"rows", b"rows"]);
}

#[tokio::test]
async fn a_key_goes_nowhere_else() {
    let (ours, other) = (server("s3cret").await, server("s3cret").await);
    let client = client(&ours, Credential::bearer("s3cret").unwrap());
    assert_eq!(client.get(ours.uri()).send().await.unwrap().status(), 200);
    assert_eq!(client.get(other.uri()).send().await.unwrap().status(), 401);
    let seen = other.received_requests().await.unwrap();
    assert!(!seen[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_401_that_stays_is_an_answer_and_an_authentication_error_if_asked_for() {
    let server = server("another").await;
    let client = client(
        &server,
        from_env("CARGO_PKG_NAME", Credential::bearer).unwrap(),
    );
    let answer = client.post(server.uri()).body("{}").send().await.unwrap();
    assert_eq!(answer.report().delivery(), Delivery::Rejected);
    let error = answer.error_for_status().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(count(&server).await, 1);
}

#[test]
fn what_is_wrong_is_said_when_the_client_is_built() {
    let key = || Credential::bearer("s3cret").unwrap();
    let builder = Client::builder(Policy::external()).credentials("gateway.example", key());
    let error = builder.build().unwrap_err();
    assert!(
        error.is_config() && error.to_string().contains("https://host"),
        "{error}"
    );
    let missing: seawall::Error = from_env("SEAWALL_NO_SUCH_KEY", Credential::bearer)
        .unwrap_err()
        .into();
    assert!(missing.is_config() && missing.to_string().contains("`SEAWALL_NO_SUCH_KEY`"));
}

#[cfg(feature = "testing")]
mod log {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use seawall::testing::Gateway;
    use seawall::{Client, Credential, Policy};
    use tracing::Level;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn no_library_below_the_client_logs_the_key_either() {
        let log = Log::default();
        let writer = log.clone();
        let everything = tracing_subscriber::fmt().with_max_level(Level::TRACE);
        let subscriber = everything.with_writer(move || writer.clone()).finish();
        let _heard = tracing::subscriber::set_default(subscriber);

        let gateway = Gateway::start().await.unwrap();
        let key = || Credential::bearer("s3cret").unwrap();
        let http1 = Client::builder(Policy::external()).credentials(&gateway.url(), key());
        let http2 = http1.clone().http2_prior_knowledge();
        for builder in [http1, http2] {
            let client = builder.build().unwrap();
            let payment = client.post(gateway.url()).body("{}").collect().await;
            assert_eq!(payment.unwrap().status(), 200);
            assert!(!format!("{client:?}").contains("s3cret"));
        }
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("h2::"), "the libraries below are heard");
        assert!(!text.contains("s3cret"), "a key was logged");
    }
}

//! The alarm, and what else is logged.

use super::*;

const FAILING: &str = "authentication failing";
const RECOVERED: &str = "authentication recovered";

#[tokio::test(start_paused = true)]
async fn five_refused_attempts_raise_it_once_and_an_accepted_one_ends_it() {
    let log = Log::new();
    let upstream = Script::new((0..7).map(|at| status(if at % 2 == 0 { 401 } else { 403 })));
    let signed = Signed::new(&upstream, bearer("s3cret"));
    for sent in 1..=7 {
        signed.send(put()).await.unwrap();
        assert_eq!(log.count(FAILING), usize::from(sent >= 5), "{sent}");
    }
    assert_eq!(log.count(RECOVERED), 0);
    for _ in 0..2 {
        signed.send(put()).await.unwrap();
        assert_eq!((log.count(FAILING), log.count(RECOVERED)), (1, 1));
    }
    let text = log.text();
    assert!(
        text.contains("WARN") && text.contains("https://gateway.test:443"),
        "{text}"
    );
    assert!(
        text.contains("refused=5") && text.contains("refused=7"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_of_grpc_counts_and_no_other_failure_of_it_does() {
    for (code, alarms) in [(16, 1), (7, 1), (5, 0), (14, 0)] {
        let log = Log::new();
        let refused = || {
            status(200)
                .header("content-type", "application/grpc")
                .header("grpc-status", code)
        };
        let signed = Signed::new(&Script::new((0..5).map(|_| refused())), bearer("a"));
        for _ in 0..5 {
            let _ = signed.send(post()).await;
        }
        assert_eq!(log.count(FAILING), alarms, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_accepted_attempt_between_begins_the_count_anew() {
    let log = Log::new();
    let steps = [401, 401, 401, 401, 200, 401, 401, 401, 401];
    let signed = Signed::new(&Script::new(steps.map(status)), bearer("a"));
    for _ in steps {
        signed.send(put()).await.unwrap();
    }
    assert_eq!(log.count(FAILING), 0);
}

#[tokio::test(start_paused = true)]
async fn the_number_can_be_chosen() {
    let log = Log::new();
    let layer = CredentialsLayer::new(ORIGIN, bearer("a"))
        .unwrap()
        .alarm_after(2);
    let signed = Signed::with(&layer, &Script::new([status(403), status(403)]));
    signed.send(put()).await.unwrap();
    assert_eq!(log.count(FAILING), 0);
    signed.send(put()).await.unwrap();
    assert_eq!(log.count(FAILING), 1);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_is_healed_is_no_alarm_and_one_that_is_not_is_one() {
    let log = Log::new();
    let upstream = Script::new([]);
    let vault = Vault::holding("a");
    let signed = Signed::new(&upstream, vault.clone());
    for token in ["b", "c", "d", "e", "f", "g"] {
        pass(secs(60)).await;
        upstream.add([status(401)]);
        let _ = vault.clone().then(Brings::Token(token));
        signed.send(put()).await.unwrap();
    }
    assert_eq!(
        (log.count("credential renewed"), log.count(FAILING)),
        (6, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn the_callers_own_credential_and_other_origins_raise_none() {
    let log = Log::new();
    let upstream = Script::new((0..20).map(|_| status(401)));
    let signed = Signed::new(&upstream, bearer("a"));
    for _ in 0..10 {
        signed
            .send(with_header(put(), "authorization", "own"))
            .await
            .unwrap();
        let elsewhere = call(http::Method::GET, "https://other.test/", "");
        signed.send(elsewhere).await.unwrap();
    }
    assert_eq!(log.count(FAILING), 0);

    // Which header it is shows only when there is a credential.
    let vault = Vault::default().then(Brings::Token("a"));
    let layer = CredentialsLayer::new(ORIGIN, vault).unwrap();
    let own = with_header(put(), "authorization", "own");
    let upstream = Script::new([status(401)]);
    let outcome = Signed::with(&layer.alarm_after(1), &upstream)
        .send(own)
        .await;
    assert_eq!(answered(&outcome), 401);
    assert_eq!(tokens(&upstream), ["own"]);
    assert_eq!(log.count(FAILING), 0);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_is_said_with_its_reason() {
    let log = Log::new();
    let vault = Vault::holding("a").then(Brings::Failure);
    let signed = Signed::new(&Script::new([status(401)]), vault);
    signed.send(put()).await.unwrap();
    assert_eq!(log.count("credential not renewed"), 1);
    assert_eq!(log.count("the vault is sealed"), 1);
}

//! Which credential an attempt carries.

use super::super::from_fn;
use super::*;
use crate::ErrorKind;
use crate::policy::Delivery;

#[tokio::test(start_paused = true)]
async fn a_rotated_credential_takes_effect_on_the_next_attempt() {
    let (upstream, vault) = (Script::new([]), Vault::holding("a"));
    let signed = Signed::new(&upstream, vault.clone());
    signed.send(put()).await.unwrap();
    vault.set("b");
    signed.send(put()).await.unwrap();
    assert_eq!(tokens(&upstream), ["a", "b"]);
    assert_eq!(vault.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_callers_own_header_wins_and_its_401_renews_nothing() {
    let (upstream, vault) = (Script::new([status(401)]), Vault::holding("a"));
    let signed = Signed::new(&upstream, vault.clone());
    let own = with_header(put(), "authorization", "own");
    assert_eq!(answered(&signed.send(own).await), 401);
    assert_eq!(tokens(&upstream), ["own"]);
    assert_eq!(vault.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn another_origin_gets_no_credential() {
    let elsewhere = [
        "https://gateway.test:8443/v1",
        "http://gateway.test/v1",
        "http://gateway.test:443/v1",
        "https://gateway.test.evil.example/v1",
        "https://other.test/v1",
        "/v1",
    ];
    for url in elsewhere {
        let upstream = Script::new([status(401)]);
        let signed = Signed::new(&upstream, Vault::holding("a"));
        let request = call(http::Method::PUT, url, "");
        assert_eq!(answered(&signed.send(request).await), 401, "{url}");
        assert_eq!(tokens(&upstream), [""], "{url}");
    }
    for url in ["https://GATEWAY.test/v1", "https://gateway.test:443/v1?a=b"] {
        let upstream = Script::new([]);
        let signed = Signed::new(&upstream, Vault::holding("a"));
        let request = call(http::Method::PUT, url, "");
        signed.send(request).await.unwrap();
        assert_eq!(tokens(&upstream), ["a"], "{url}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_origin_has_a_source_of_its_own() {
    let upstream = Script::new([]);
    let layer = CredentialsLayer::new(ORIGIN, bearer("a")).unwrap();
    let layer = layer.and("https://reports.test:444/", bearer("b")).unwrap();
    let signed = Signed::with(&layer, &upstream);
    signed.send(put()).await.unwrap();
    let reports = call(http::Method::GET, "https://reports.test:444/x", "");
    signed.send(reports).await.unwrap();
    assert_eq!(tokens(&upstream), ["a", "b"]);

    let twice = layer
        .and("https://GATEWAY.test:443", bearer("c"))
        .unwrap_err();
    assert!(twice.to_string().contains("one already"), "{twice}");
}

#[test]
fn what_is_no_origin_is_refused_with_its_fix_and_without_a_password() {
    let wrong = [
        "gateway.test",
        "ftp://gateway.test",
        "https://gateway.test/v1",
        "https://gateway.test?key=s3cret",
        "https://user:s3cret@gateway.test",
        "https://gateway.test:",
        "",
    ];
    for origin in wrong {
        let error = CredentialsLayer::new(origin, bearer("a")).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains("https://host:port"), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
        assert!(crate::Error::from(error).is_config());
    }
}

#[tokio::test(start_paused = true)]
async fn a_layer_without_sources_does_nothing() {
    let upstream = Script::new([status(401)]);
    let signed = Signed::with(&CredentialsLayer::default(), &upstream);
    assert_eq!(answered(&signed.send(put()).await), 401);
    assert_eq!(tokens(&upstream), [""]);
}

#[tokio::test(start_paused = true)]
async fn where_there_is_none_yet_it_is_fetched_first() {
    let upstream = Script::new([]);
    let source = Vault::default().then_after(secs(2), Brings::Token("a"));
    let signed = Signed::new(&upstream, source.clone());
    let start = clock::now();
    signed.send(put()).await.unwrap();
    assert_eq!(clock::now() - start, secs(2));
    signed.send(put()).await.unwrap();
    assert_eq!(tokens(&upstream), ["a", "a"]);
    assert_eq!(source.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn where_there_is_none_at_all_nothing_is_sent() {
    let upstream = Script::new([]);
    let signed = Signed::new(&upstream, Vault::default().then(Brings::Failure));
    let error = signed.send(put()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!((error.report().attempts(), upstream.count()), (0, 0));
    assert!(error.retry_after().unwrap() >= secs(1), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("the vault is sealed") && text.contains("gateway.test"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_fetched_credential_is_kept_until_its_time_is_over() {
    let upstream = Script::new([]);
    let fetched = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&fetched);
    let source = from_fn(move || {
        let number = count.fetch_add(1, SeqCst);
        async move { Ok(bearer(&format!("token-{number}")).valid_for(secs(60))) }
    });
    let signed = Signed::new(&upstream, source);
    for wait in [0, 59, 2, 58] {
        pass(secs(wait)).await;
        signed.send(put()).await.unwrap();
    }
    assert_eq!(
        tokens(&upstream),
        ["token-0", "token-0", "token-1", "token-1"]
    );
    assert_eq!(fetched.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_header_of_the_upstreams_own_is_set_and_marked_as_sensitive() {
    let service = tower::service_fn(|request: Call| async move {
        let value = &request.headers()["x-api-key"];
        assert!(value.is_sensitive() && value == "s3cret");
        assert!(!format!("{request:?}").contains("s3cret"));
        Ok::<_, crate::BoxError>(http::Response::new(()))
    });
    let key = Credential::header("X-API-Key", "s3cret").unwrap();
    let layer = CredentialsLayer::new(ORIGIN, key).unwrap();
    let request = call(http::Method::GET, ORIGIN, "");
    assert!(layer.layer(service).oneshot(request).await.is_ok());
}

#[test]
fn a_pair_is_written_as_rfc_7617_has_it() {
    let pair = Credential::basic("Aladdin", "open sesame").unwrap();
    assert_eq!(pair.into_value(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert!(Credential::basic("sk_live_1", "").is_ok());
    assert!(Credential::basic("a:b", "c").is_err());
    assert!(Credential::basic("a", "c\n").is_err());
}

#[test]
fn what_cannot_be_a_header_is_refused() {
    assert!(Credential::bearer("").is_err());
    assert!(Credential::bearer("a\n").is_err());
    assert!(Credential::bearer("a\u{7}b").is_err());
    assert!(Credential::header("x key", "a").is_err());
    assert!(Credential::header("x-key", " a").is_err());
}

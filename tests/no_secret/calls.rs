//! Calls of every ending.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use seawall::credentials::{from_env, from_file, from_fn};
use seawall::{
    Backoff, Body, Client, ClientBuilder, Credential, CredentialError, IdempotencyKey, Jitter,
    Policy, Priority, Provider, RateLimitKey, RequestBuilder,
};

use super::gateway::gateway;
use super::{Said, VARIABLE};

pub(crate) async fn make(said: &Said) {
    endings(said).await;
    http2(said).await;
    faults(said).await;
    rotations(said).await;
    invalid(said).await;
}

fn policy() -> Policy {
    let brief = Duration::from_millis(1);
    let backoff = Backoff::new(brief, 1.0, brief, Jitter::Full).unwrap();
    let policy = Policy::external_payments(Provider::stripe()).to_builder();
    let policy = policy.allow(seawall::Rule::BackoffBase, "a test waits for nobody");
    let policy = policy.backoff(backoff).max_attempts(2);
    let policy = policy.attempt_timeout(Duration::from_millis(300));
    policy.build().unwrap()
}

fn builder(said: &Said) -> ClientBuilder {
    Client::builder(policy()).observer(said.clone())
}

/// A payment with secrets wherever there is room for one.
fn payment(client: &Client, url: &str) -> RequestBuilder {
    client
        .post(format!("{url}?card=s3cret-query"))
        .header("x-session", "s3cret-session")
        .header("stripe-account", "s3cret-account")
        .extension(RateLimitKey::new("s3cret-limit"))
        .idempotency_key(&IdempotencyKey::parse("order-1042").unwrap())
        .body("s3cret-body")
}

async fn told(said: &Said, request: RequestBuilder) {
    said.debug(&request);
    match request.send().await {
        Ok(response) => {
            said.debug(&response);
            said.report(response.report());
            match response.error_for_status() {
                Ok(response) => {
                    let error = response.json::<Vec<u8>>().await.unwrap_err();
                    said.error(&error);
                }
                Err(error) => said.error(&error),
            }
        }
        Err(error) => said.error(&error),
    }
}

async fn told_collected(said: &Said, request: RequestBuilder) {
    match request.collect().await {
        Ok(answer) => {
            said.debug(&answer);
            said.report(answer.report());
            if let Err(error) = answer.json::<Vec<u8>>() {
                said.error(&error);
            }
            if let Err(error) = answer.error_for_status() {
                said.error(&error);
            }
        }
        Err(error) => said.error(&error),
    }
}

/// Every status, with a credential of the client's own and with the caller's.
async fn endings(said: &Said) {
    for status in [
        "200",
        "302",
        "400",
        "401",
        "403",
        "404",
        "500",
        "503",
        "slow",
        "maintenance",
    ] {
        let gateway = gateway().await;
        let key = Credential::bearer("s3cret-key").unwrap();
        let client = builder(said)
            .credentials(&gateway.uri(), key)
            .build()
            .unwrap();
        said.debug(&client);
        let url = format!("{}/{status}", gateway.uri());
        for _ in 0..2 {
            told(said, payment(&client, &url)).await;
            told_collected(said, payment(&client, &url)).await;
            let own = payment(&client, &url).header("authorization", "Bearer s3cret-own");
            told(said, own.priority(Priority::Background)).await;
        }
        said.debug(client.upstreams());
    }
}

/// The libraries below say more of it.
async fn http2(said: &Said) {
    let gateway = gateway().await;
    let key = Credential::bearer("s3cret-key").unwrap();
    let builder = builder(said).credentials(&gateway.uri(), key);
    let client = builder.http2_prior_knowledge().build().unwrap();
    told(said, payment(&client, &gateway.uri())).await;
    told_collected(said, payment(&client, &format!("{}/403", gateway.uri()))).await;
}

async fn faults(said: &Said) {
    let client = builder(said).response_body_limit(4).build().unwrap();
    let gateway = gateway().await;
    told(said, payment(&client, &gateway.uri())).await;
    told_collected(said, payment(&client, &gateway.uri())).await;
    told(said, payment(&client, "http://127.0.0.1:1/payments")).await;
    told(said, payment(&client, "https://gateway.invalid/payments")).await;
    told(said, payment(&client, "http://gateway.invalid/payments")).await;
    // Not HTTP, and not TLS.
    let plain = gateway.uri().replace("http://", "https://");
    told(said, payment(&client, &plain)).await;
    said.debug(&Body::from("s3cret-body"));
}

/// Credentials from each kind of source, refused, replaced, lost.
async fn rotations(said: &Said) {
    let gateway = gateway().await;
    let path = std::env::temp_dir().join(format!("seawall-rotated-no-{}", std::process::id()));
    std::fs::write(&path, "s3cret-file").unwrap();
    let file = from_file(&path, Credential::bearer).unwrap();
    said.debug(&file);
    let client = builder(said)
        .credentials(&gateway.uri(), file)
        .build()
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    told(said, payment(&client, &format!("{}/401", gateway.uri()))).await;

    let fetched = AtomicUsize::new(0);
    let fetch = from_fn(move || {
        let number = fetched.fetch_add(1, SeqCst);
        async move {
            match number {
                0 | 1 => Credential::header("x-api-key", &format!("s3cret-fetched-{number}")),
                _ => Err(CredentialError::unavailable("the vault is sealed")),
            }
        }
    });
    said.debug(&fetch);
    let client = builder(said)
        .credentials(&gateway.uri(), fetch)
        .build()
        .unwrap();
    told(said, payment(&client, &format!("{}/stale", gateway.uri()))).await;

    let sealed = from_fn(|| async { Err(CredentialError::unavailable("the vault is sealed")) });
    let client = builder(said)
        .credentials(&gateway.uri(), sealed)
        .build()
        .unwrap();
    told(said, payment(&client, &gateway.uri())).await;

    let variable = from_env(VARIABLE, Credential::bearer).unwrap();
    let client = builder(said)
        .credentials(&gateway.uri(), variable)
        .build()
        .unwrap();
    for _ in 0..6 {
        told(said, payment(&client, &format!("{}/403", gateway.uri()))).await;
    }
    told(said, payment(&client, &gateway.uri())).await;
}

/// What is refused before it is sent.
async fn invalid(said: &Said) {
    let client = builder(said).build().unwrap();
    for url in [
        "https://user:s3cret@gateway.test/payments",
        "gateway.test/payments",
        "ftp://gateway.test/payments",
        "https://gateway.test:s3cret@/payments",
    ] {
        told(said, payment(&client, url)).await;
    }
    let broken = payment(&client, "https://gateway.test").header("x-key", "s3cret\n");
    told(said, broken).await;
    let two = payment(&client, "https://gateway.test").header("idempotency-key", "\u{7f}s3cret");
    told(said, two).await;
}

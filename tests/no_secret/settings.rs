//! Clients in the making, from code, files and variables, and the check before a deploy.

use seawall::credentials::{SharedCredentials, from_env, from_file, from_fn};
use seawall::{
    Client, ClientConfig, Credential, CredentialsLayer, Error, Policy, Provider, ResilienceLayer,
    Upstreams,
};

use super::gateway::gateway;
use super::{SECRET, Said, VARIABLE};

pub(crate) async fn make(said: &Said) {
    policies(said);
    sources(said);
    variables(said);
    files(said);
    preflights(said).await;
}

fn policies(said: &Said) {
    for policy in [
        Policy::internal(),
        Policy::external(),
        Policy::external_payments(Provider::stripe()),
    ] {
        said.both(&policy);
        said.debug(&policy.to_builder());
        said.debug(&Upstreams::builder(policy));
    }
}

fn sources(said: &Said) {
    said.debug(&Credential::basic("s3cret-user", "s3cret-password").unwrap());
    said.debug(&SharedCredentials::new(from_fn(|| async {
        Credential::bearer("s3cret")
    })));
    for wrong in [
        Credential::bearer("s3cret\n"),
        Credential::bearer(" s3cret"),
        Credential::header("x-api-key", "s3crét"),
        Credential::header("s3cret name", "s3cret"),
        Credential::basic("s3cret:user", "s3cret"),
        from_env(VARIABLE, |key| Credential::bearer(&format!("{key}\u{7}"))),
    ] {
        said.both(&wrong.unwrap_err());
    }
    let key = || Credential::bearer("s3cret").unwrap();
    for origin in [
        "https://user:s3cret@gateway.test",
        "https://gateway.test/?key=s3cret",
        "https://gateway.test#s3cret",
    ] {
        said.both(&CredentialsLayer::new(origin, key()).unwrap_err());
        let builder = Client::builder(Policy::external()).credentials(origin, key());
        said.error(&builder.build().unwrap_err());
    }
    let layer = CredentialsLayer::new("https://gateway.test", key()).unwrap();
    said.debug(&layer);
    said.debug(&ResilienceLayer::new(Policy::external()).with_credentials(layer));

    let path = std::env::temp_dir().join(format!("seawall-no-{}", std::process::id()));
    for content in ["s3cret\ns3cret", "s3cret\u{7}", ""] {
        std::fs::write(&path, content).unwrap();
        let error = from_file(&path, Credential::bearer).unwrap_err();
        said.both(&error);
        said.error(&Error::from(error));
    }
    std::fs::remove_file(&path).unwrap();
}

/// A secret in each variable, one after the other.
fn variables(said: &Said) {
    let settings = [
        "URL",
        "PRESET",
        "PROVIDER",
        "MAX_ATTEMPTS",
        "DEADLINE",
        "BACKOFF_JITTER",
        "BUDGET_RATIO",
        "CIRCUIT_ENABLED",
        "READ_TIMEOUT",
        "RESPONSE_BODY_LIMIT",
    ];
    for wrong in settings {
        let refused = ClientConfig::from_variables("PAYMENTS", |name| {
            let text = match name.strip_prefix("PAYMENTS_")? {
                setting if setting == wrong => "https://user:s3cret@gateway.test/?key=s3cret",
                "URL" => "https://gateway.test",
                "PRESET" => "external",
                _ => return None,
            };
            Some(text.to_owned())
        });
        let refused = refused.unwrap_err();
        said.both(&refused);
        said.error(&refused.into());
    }
}

/// Only what this crate says of them: of a misspelt preset, say, a parser shows the line.
fn files(said: &Said) {
    for url in [
        "https://user:s3cret@gateway.test",
        "https://gateway.test?s3cret",
    ] {
        let json = serde_json::json!({ "url": url, "policy": { "preset": "external" } });
        said.both(&serde_json::from_value::<ClientConfig>(json).unwrap_err());
    }
    for written in ["deadline", "attempt_timeout"] {
        let json = serde_json::json!({ "preset": "external", written: SECRET });
        said.both(&serde_json::from_value::<Policy>(json).unwrap_err());
    }
}

async fn preflights(said: &Said) {
    let gateway = gateway().await;
    let key = Credential::bearer("s3cret-client").unwrap();
    let builder = Client::builder(Policy::external()).credentials(&gateway.uri(), key);
    let client = builder.build().unwrap();
    let at = |path: &str| format!("{}{path}?key=s3cret-query", gateway.uri());
    for url in [
        at("/"),
        at("/401"),
        at("/503"),
        at("/302"),
        "https://user:s3cret@gateway.invalid/".to_owned(),
        "gateway.invalid?key=s3cret".to_owned(),
        "http://gateway.invalid/?s3cret".to_owned(),
        "https://gateway.invalid/?s3cret".to_owned(),
    ] {
        let preflight = client
            .preflight(url)
            .credential("x-api-key", "s3cret-key")
            .header("x-version", "s3cret-header")
            .health_path("/health?s3cret");
        said.debug(&preflight);
        let report = preflight.run().await;
        said.both(&report);
        said.say(&serde_json::to_string(&report).unwrap());
    }
    let broken = client
        .preflight(at("/"))
        .credential("x-api-key", "s3cret\n");
    said.both(&broken.run().await);
}

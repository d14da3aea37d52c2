//! A client in TOML and JSON.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs, process};

use crate::{Client, ClientConfig, Policy};

const MINIMAL: &str = "url = \"https://gateway.example\"\n[policy]\npreset = \"external\"\n";

const WHOLE: &str = "
    url = \"https://gateway.example:8443/v1/\"
    connect_timeout = \"1s 500ms\"
    pool_idle_timeout = \"12s\"
    pool_max_idle_per_host = 7
    read_timeout = \"3s\"
    response_body_limit = 4096
    http2_prior_knowledge = true

    [policy]
    preset = \"external\"
    max_attempts = 2
";

fn read(text: &str) -> ClientConfig {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn refused(text: &str) -> String {
    toml::from_str::<ClientConfig>(text)
        .unwrap_err()
        .to_string()
}

/// A file of this test run alone, gone at its end.
struct File(PathBuf);

impl File {
    fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = env::temp_dir().join(format!("seawall-{}-{name}", process::id()));
        fs::write(&path, content).unwrap();
        Self(path)
    }

    /// A configuration that trusts it.
    fn config(&self) -> ClientConfig {
        read(&format!("root_certificates = [{:?}]\n{MINIMAL}", self.0))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

fn certificate() -> rcgen::Certificate {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(["gateway.example".to_owned()]).unwrap();
    params.self_signed(&key).unwrap()
}

#[test]
fn every_setting_reaches_the_builder() {
    let config = read(WHOLE);
    assert_eq!(config.url(), "https://gateway.example:8443/v1");
    assert_eq!(config.policy().max_attempts(), 2);

    let builder = config.builder().unwrap();
    assert_eq!(
        builder.settings.connect_timeout,
        Duration::from_millis(1_500)
    );
    assert_eq!(builder.settings.pool_idle_timeout, Duration::from_secs(12));
    assert_eq!(builder.settings.pool_max_idle_per_host, 7);
    assert!(builder.settings.http2_only);
    assert_eq!(builder.limits.read_timeout, Duration::from_secs(3));
    assert_eq!(builder.limits.size, 4_096);
    assert_eq!(*config.build().unwrap().policy(), *config.policy());
}

#[test]
fn the_readmes_file_is_read() {
    let readme = include_str!("../../../../README.md");
    let start = readme.find("url = ").unwrap();
    let (written, _) = readme[start..].split_once("```").unwrap();
    assert_eq!(read(written).policy().max_attempts(), 6);
}

#[test]
fn what_is_left_out_is_the_default_of_the_builder() {
    let config = read(MINIMAL);
    assert_eq!(config.url(), "https://gateway.example");
    assert_eq!(config.policy(), &Policy::external());

    let (builder, default) = (
        config.builder().unwrap(),
        Client::builder(Policy::external()),
    );
    let settings = |builder: &crate::ClientBuilder| {
        let s = &builder.settings;
        let times = (s.connect_timeout, s.pool_idle_timeout);
        (
            times,
            s.pool_max_idle_per_host,
            s.http2_only,
            s.root_certificates.len(),
        )
    };
    assert_eq!(settings(&builder), settings(&default));
    assert_eq!(builder.limits.size, default.limits.size);
    assert_eq!(builder.limits.read_timeout, default.limits.read_timeout);
}

#[test]
fn it_reads_back_equal() {
    let with_roots = format!("root_certificates = [\"/etc/ssl/ours.pem\"]\n{WHOLE}");
    for config in [read(MINIMAL), read(WHOLE), read(&with_roots)] {
        assert_eq!(read(&toml::to_string(&config).unwrap()), config);
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<ClientConfig>(&json).unwrap(), config);
    }
}

#[test]
fn an_unknown_field_is_refused_outside_and_inside_of_the_policy() {
    for text in [
        format!("timeout = \"1s\"\n{MINIMAL}"),
        format!("{MINIMAL}timeout = \"1s\""),
    ] {
        let message = refused(&text);
        assert!(message.contains("unknown field `timeout`"), "{message}");
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let message = refused(
        "connect_timeout = \"0s\"\npool_idle_timeout = \"31days\"\nread_timeout = \"0s\"\n\
         response_body_limit = 0\n[policy]\npreset = \"external\"\nmax_attempts = 6\n\
         circuit.consecutive_failures = 7",
    );
    for named in [
        "there is no URL: name the upstream's",
        "connect timeout is 0ns: choose more than zero and at most 30 days",
        "pool idle timeout is 2678400s",
        "read timeout is 0ns",
        "response body limit is 0: choose at least 1",
        "max_attempts is 6 (rule `max-attempts`): external calls get at most 5",
        "an entry of `overrides`: `rule = \"max-attempts\"`",
    ] {
        assert!(message.contains(named), "{named:?} is not in {message:?}");
    }
    assert!(refused("url = \"https://a.example\"").contains("no preset is named"));
}

#[test]
fn a_url_that_cannot_be_called_is_refused_and_not_shown() {
    for (url, problem) in [
        ("", "is not one: write an absolute one"),
        ("gateway s3cret", "is not one"),
        ("/s3cret", "scheme is not one to send to: use http or https"),
        ("ftp://s3cret.example", "scheme is not one to send to"),
        ("https://", "is not one"),
        ("https://user:s3cret@gateway.example", "holds a user name"),
        ("https://gateway.example:s3cret", "port is not valid"),
        (
            "https://gateway.example?key=s3cret",
            "has a query or a fragment",
        ),
        (
            "https://gateway.example#s3cret",
            "has a query or a fragment",
        ),
    ] {
        let json = serde_json::json!({ "url": url, "policy": { "preset": "external" } });
        let message = serde_json::from_value::<ClientConfig>(json)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains(problem),
            "{problem:?} is not in {message:?}"
        );
        assert!(!message.contains("s3cret"), "{message}");
    }
}

#[test]
fn a_toml_error_about_the_url_does_not_quote_its_line() {
    let text = "url = \"https://user:s3cret@a.example\"\n[PLACE.policy]\npreset = \"external\"";
    let alone = refused(&text.replace("PLACE.", ""));
    let within = text.replace("PLACE", "payments");
    let within = toml::from_str::<BTreeMap<String, ClientConfig>>(&format!("[payments]\n{within}"));
    for message in [alone, within.unwrap_err().to_string()] {
        assert!(message.contains("holds a user name"), "{message}");
        assert!(!message.contains("s3cret"), "{message}");
    }
}

#[test]
fn the_certificates_of_a_pem_file_and_of_a_der_file_are_trusted() {
    let (first, second) = (certificate(), certificate());
    let pem = File::new("two.pem", format!("ours\n{}{}", first.pem(), second.pem()));
    let builder = pem.config().builder().unwrap();
    let ders = [first.der().to_vec(), second.der().to_vec()];
    assert_eq!(builder.settings.root_certificates, ders);
    pem.config().build().unwrap();

    let der = File::new("one.der", first.der());
    let builder = der.config().builder().unwrap();
    assert_eq!(builder.settings.root_certificates, ders[..1]);
    der.config().build().unwrap();
}

#[test]
fn a_file_without_a_readable_certificate_is_refused_by_its_name_and_not_shown() {
    let key = "-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----\n";
    let broken = "-----BEGIN CERTIFICATE-----\ns3cret\n-----END CERTIFICATE-----\n";
    let no_x509 = "-----BEGIN CERTIFICATE-----\nczNjcmV0\n-----END CERTIFICATE-----\n";
    let cut = "-----BEGIN CERTIFICATE-----\nczNjcmV0\n";
    let one_of_two = certificate().pem() + no_x509;
    let contents = [key, broken, no_x509, cut, &one_of_two, "s3cret", ""];
    for (index, content) in contents.into_iter().enumerate() {
        let file = File::new(&format!("bad-{index}"), content);
        let error = file.config().build().unwrap_err();
        assert!(error.is_config());
        let shown = format!("{error} {error:?}");
        let name = file.0.display().to_string();
        assert!(shown.contains(&name), "{shown}");
        assert!(
            shown.contains("holds no readable root certificate: use PEM"),
            "{shown}"
        );
        assert!(
            !shown.contains("s3cret") && !shown.contains("czNjcmV0"),
            "{shown}"
        );
    }
    let missing = read(&format!(
        "root_certificates = [\"/nowhere/roots.pem\"]\n{MINIMAL}"
    ));
    let message = missing.build().unwrap_err().to_string();
    assert!(
        message.contains("`/nowhere/roots.pem` cannot be read: name a file"),
        "{message}"
    );
}

#[test]
fn a_plain_url_that_every_call_would_be_refused_for_is_refused_at_the_start() {
    let config = |url: &str, preset: &str, rest: &str| {
        format!("url = \"{url}\"\n[policy]\npreset = \"{preset}\"\n{rest}")
    };
    let exposed = refused(&config("http://gateway.example", "external", ""));
    assert!(
        exposed.contains("plain HTTP") && exposed.contains("use https"),
        "{exposed}"
    );

    let also = refused(&config(
        "http://gateway.example",
        "external",
        "max_attempts = 0",
    ));
    assert!(
        also.contains("plain HTTP") && also.contains("max_attempts is 0"),
        "{also}"
    );

    read(&config("http://127.0.0.1:8080", "external", ""));
    read(&config("http://service.internal", "internal", ""));
    let rationale =
        "[[policy.overrides]]\nrule = \"plain-http\"\nrationale = \"a sidecar does TLS\"";
    let allowed = format!("require_https = false\n{rationale}");
    read(&config("http://gateway.example", "external", &allowed));
}

//! Whatever a person or a program may read of a client, at any level, holds nothing secret.
//!
//! Secret are: the values of headers that go out or come back, credentials above all, wherever they
//! come from; user names, passwords, queries and fragments in URLs; bodies; whom a rate limit is
//! counted against; what was written into the wrong setting. Not secret, and needed to find a
//! payment again: the upstream's name, the path, the idempotency key, the path of a file, the name
//! of a variable or of a header.
//!
//! One test to a process: its log is that of all threads.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod calls;
mod gateway;
mod settings;

use std::fmt::{Debug, Display, Write as _};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use seawall::event::{Event, Observer};
use seawall::{Error, Report};
use tracing::Level;

/// Every secret begins so.
const SECRET: &str = "s3cret";
/// A variable that cargo sets for each test, taken for a key.
const VARIABLE: &str = "CARGO_PKG_DESCRIPTION";

/// All that was said.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Observer for Said {
    fn observe(&self, event: &Event<'_>) {
        self.debug(event);
    }
}

impl Said {
    /// With the log of everything in this process, the libraries below included.
    fn with_log() -> Self {
        let said = Self::default();
        let writer = said.clone();
        let everything = tracing_subscriber::fmt().with_max_level(Level::TRACE);
        let subscriber = everything.with_writer(move || writer.clone()).finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
        said
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    fn say(&self, text: &str) {
        writeln!(self.clone(), "{text}").unwrap();
    }

    fn debug(&self, value: &impl Debug) {
        self.say(&format!("{value:?} {value:#?}"));
    }

    fn both(&self, value: &(impl Debug + Display)) {
        self.debug(value);
        self.say(&value.to_string());
    }

    fn report(&self, report: &Report) {
        self.both(report);
    }

    /// The error and everything behind it.
    fn error(&self, error: &Error) {
        self.both(error);
        self.report(error.report());
        let mut source = std::error::Error::source(error);
        while let Some(error) = source {
            self.say(&format!("{error} {error:?}"));
            source = error.source();
        }
    }
}

/// The lines that hold a secret.
fn betrayed(said: &Said) -> String {
    let key = std::env::var(VARIABLE).unwrap();
    let mut lines = String::new();
    for line in said.text().lines() {
        if line.contains(SECRET) || line.contains(&key) {
            writeln!(lines, "{line}").unwrap();
        }
    }
    lines
}

#[tokio::test]
async fn nothing_that_can_be_read_holds_a_secret() {
    let said = Said::with_log();
    settings::make(&said).await;
    calls::make(&said).await;

    // It was worth listening: everything has happened, and each of them was heard.
    let text = said.text();
    for heard in [
        "authentication failing",
        "AuthenticationFailing",
        "credential renewed",
        "credential not renewed",
        "credential file lost",
        "gate closed",
        "retry scheduled",
        "call refused",
        "attempt timeout",
        "the environment is refused",
        "hyper_util",
        "h2::",
        "order-1042",
    ] {
        assert!(text.contains(heard), "{heard:?} was never said");
    }
    assert_eq!(betrayed(&said), "");
}

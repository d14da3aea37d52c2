//! What is logged, at any level.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, Once};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt;

/// What this thread logs while it is alive, down to TRACE, spans and all.
pub(crate) struct Log {
    text: Text,
    _heard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

/// Somebody always listens: where an event is first met by a test that nobody listens to, in the very
/// moment in which another test begins to, `tracing` may take it for one that nobody wants.
static LISTENER: Once = Once::new();

impl Log {
    pub(crate) fn new() -> Self {
        LISTENER.call_once(|| {
            let listener = tracing_subscriber::registry();
            tracing::subscriber::set_global_default(listener).expect("no test sets another");
        });
        let text = Text::default();
        let writer = text.clone();
        let subscriber = fmt::Subscriber::builder()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(fmt::format::FmtSpan::FULL)
            .without_time()
            .with_writer(move || writer.clone())
            .finish();
        Self {
            text,
            _heard: tracing::subscriber::set_default(subscriber),
        }
    }

    pub(crate) fn text(&self) -> String {
        let text = self.text.0.lock().unwrap();
        String::from_utf8(text.clone()).unwrap()
    }

    /// How many lines say this.
    pub(crate) fn count(&self, what: &str) -> usize {
        self.text().matches(what).count()
    }
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! What is traced.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// One span: its name, that of the span around it, and its fields.
#[derive(Clone, Debug)]
pub(crate) struct Traced {
    id: u64,
    pub(crate) name: &'static str,
    pub(crate) parent: Option<&'static str>,
    fields: BTreeMap<&'static str, String>,
}

impl Traced {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

/// The spans of this library that are made on this thread while it is alive.
pub(crate) struct Spans {
    traced: Arc<Mutex<Vec<Traced>>>,
    _seen: DefaultGuard,
}

impl Spans {
    pub(crate) fn new() -> Self {
        let traced = Arc::default();
        let subscriber = Registry::default().with(Tracer(Arc::clone(&traced)));
        Self {
            traced,
            _seen: tracing::subscriber::set_default(subscriber),
        }
    }

    /// The spans of this name, in order.
    pub(crate) fn named(&self, name: &str) -> Vec<Traced> {
        let traced = self.traced.lock().unwrap();
        let named = traced.iter().filter(|span| span.name == name);
        named.cloned().collect()
    }
}

struct Tracer(Arc<Mutex<Vec<Traced>>>);

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Tracer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        let mut fields = Fields(BTreeMap::new());
        attributes.record(&mut fields);
        self.0.lock().unwrap().push(Traced {
            id: id.into_u64(),
            name: span.name(),
            parent: span.parent().map(|parent| parent.name()),
            fields: fields.0,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut fields = Fields(BTreeMap::new());
        values.record(&mut fields);
        let mut traced = self.0.lock().unwrap();
        // An id is used again once its span is gone.
        let span = traced.iter_mut().rev().find(|s| s.id == id.into_u64());
        span.unwrap().fields.extend(fields.0);
    }
}

struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

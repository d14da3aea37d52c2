//! What a row of a contest does: so many calls of a service.

use std::hint::black_box;

use http::{Method, Request};
use tokio::runtime::Handle;
use tower::Service;

use crate::drive::call;
use crate::request::{Body, fresh, template};

/// What is measured.
pub trait Run {
    /// Done before each slice, and not measured.
    fn prepare(&mut self) {}

    /// Makes so many calls.
    fn run(&mut self, calls: u32);

    /// The most calls between two preparations.
    fn most(&self) -> u32 {
        u32::MAX
    }
}

impl<F: FnMut(u32)> Run for F {
    fn run(&mut self, calls: u32) {
        self(calls);
    }
}

/// Calls whose requests are cloned from a template.
#[derive(Debug)]
pub struct Template<S> {
    service: S,
    template: Request<Body>,
}

impl<S> Template<S> {
    #[must_use]
    pub fn new(service: S, method: &Method) -> Self {
        let template = template(method);
        Self { service, template }
    }
}

impl<S: Service<Request<Body>>> Run for Template<S> {
    fn run(&mut self, calls: u32) {
        for _ in 0..calls {
            drop(black_box(call(&mut self.service, self.template.clone())));
        }
    }
}

/// Calls whose requests are built for each.
#[derive(Debug)]
pub struct Fresh<S> {
    service: S,
    method: Method,
}

impl<S> Fresh<S> {
    #[must_use]
    pub const fn new(service: S, method: Method) -> Self {
        Self { service, method }
    }
}

impl<S: Service<Request<Body>>> Run for Fresh<S> {
    fn run(&mut self, calls: u32) {
        for _ in 0..calls {
            drop(black_box(call(&mut self.service, fresh(&self.method))));
        }
    }
}

/// The calls shared out among threads, each with a clone of the service.
#[derive(Debug)]
pub struct Workers<S> {
    services: Vec<S>,
    method: Method,
}

impl<S: Clone> Workers<S> {
    #[must_use]
    pub fn new(service: &S, workers: usize, method: Method) -> Self {
        let services = vec![service.clone(); workers];
        Self { services, method }
    }
}

impl<S> Run for Workers<S>
where
    S: Service<Request<Body>> + Send,
{
    fn run(&mut self, calls: u32) {
        let (runtime, method) = (Handle::current(), &self.method);
        let share = calls.div_ceil(self.services.len() as u32);
        std::thread::scope(|scope| {
            for service in &mut self.services {
                let runtime = runtime.clone();
                scope.spawn(move || {
                    let _entered = runtime.enter();
                    // Its own: requests of one template would meet in the counts of their bytes.
                    let template = template(method);
                    for _ in 0..share {
                        drop(black_box(call(service, template.clone())));
                    }
                });
            }
        });
    }
}

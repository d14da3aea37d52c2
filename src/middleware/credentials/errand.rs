//! An attempt on its way with a credential of ours.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderMap, Method, Request, Response, StatusCode};
use tower_service::Service;

use super::layer::Settings;
use super::renewal::{Renewal, renew};
use super::{Bound, Credential, Credentials};
use crate::body::Replay;
use crate::middleware::Deadline;
use crate::middleware::extensions::CredentialWait;
use crate::middleware::verdict;
use crate::{Error, Upstreams, clock};

/// An attempt on its way with a credential of ours, and what there is to send again.
#[derive(Debug)]
pub(super) struct Errand<S, B> {
    bound: Arc<Bound>,
    settings: Settings,
    deadline: Option<Instant>,
    /// It is made once, whatever comes of it.
    once: bool,
    /// `None`: the caller's own was sent.
    used: Option<Credential>,
    /// What to call and the request for it, with the caller's headers only. Boxed, as the future of
    /// every call has room for it, with credentials or without.
    kept: Option<Box<(S, Request<B>)>>,
    /// The answer after which it was sent again.
    rejection: Option<Box<(StatusCode, HeaderMap)>>,
    renewing_since: Option<Instant>,
    /// How long other credentials were waited for.
    waited: Duration,
}

/// What follows an answer.
pub(super) enum Follows<C> {
    Return(Result<Response<C>, Error>),
    /// Another credential is asked for; the answer stays in case there is none.
    Renew(Response<C>),
}

/// What follows a renewal.
pub(super) enum Renewed<C> {
    Return(Result<Response<C>, Error>),
    /// The first time it is sent.
    Send(Credential),
    Replay(Credential),
}

impl<S, B> Errand<S, B> {
    pub(super) fn new(bound: &Arc<Bound>, settings: Settings, request: &Request<B>) -> Self {
        Self {
            bound: Arc::clone(bound),
            settings,
            deadline: Deadline::of(request).map(Deadline::instant),
            once: bound.source.is_fixed() || *request.method() == Method::CONNECT,
            used: None,
            kept: None,
            rejection: None,
            renewing_since: None,
            waited: Duration::ZERO,
        }
    }

    /// Whether no second instance of the service is needed.
    pub(super) const fn is_made_once(&self) -> bool {
        self.once
    }

    /// The errand of a request that waits for a credential.
    pub(super) fn holding(mut self, service: S, request: Request<B>) -> Self {
        self.kept = Some(Box::new((service, request)));
        self
    }

    pub(super) fn sign(&mut self, request: &mut Request<B>, credential: Credential) {
        if credential.is_in(request.headers()) {
            return;
        }
        credential.write(request.headers_mut());
        self.used = Some(credential);
    }

    pub(super) fn renewal(&mut self) -> Renewal {
        self.renewing_since = Some(clock::now());
        let time = self.settings.refresh_timeout();
        let kept = self.kept.as_deref();
        let upstream = kept.and_then(|(_, request)| Upstreams::known_of(request));
        renew(
            &self.bound,
            self.used.clone(),
            time,
            self.deadline,
            upstream.cloned(),
        )
    }

    pub(super) fn service(&mut self) -> &mut S {
        let kept = self.kept.as_mut();
        &mut kept.expect("a replay is decided only for what was kept").0
    }

    /// The answer that is returned.
    fn answer<C>(&self, mut answer: Response<C>) -> Response<C> {
        if self.used.is_some() {
            let (_, status) = verdict::ended(&answer);
            self.bound.answered(status, self.settings.alarm_after);
        }
        if !self.waited.is_zero() {
            answer.extensions_mut().insert(CredentialWait(self.waited));
        }
        answer
    }

    /// The error of an attempt that ends without a credential.
    fn destitute(&self) -> Error {
        let after = self.bound.authentication().renewable_in(clock::now());
        Error::no_credential(self.bound.problem(), &self.bound.origin.to_string(), after)
    }

    fn is_too_late(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| deadline <= clock::now())
    }
}

impl<S, B> Errand<S, B>
where
    S: Service<Request<B>>,
    B: Replay,
{
    /// Sends it for the first time, and keeps what a replay needs.
    pub(super) fn send(
        &mut self,
        mut service: S,
        mut request: Request<B>,
        credential: Credential,
    ) -> S::Future {
        let again = (!self.once).then(|| copy(&request)).flatten();
        self.sign(&mut request, credential);
        let attempt = service.call(request);
        self.kept = again
            .filter(|_| self.used.is_some())
            .map(|again| Box::new((service, again)));
        attempt
    }

    /// Sends what is held, for the first time.
    pub(super) fn send_held(&mut self, credential: Credential) -> S::Future {
        let (service, request) = self.take();
        self.send(service, request, credential)
    }

    /// Sends it for the last time.
    pub(super) fn replay(&mut self, credential: Credential) -> S::Future {
        let (mut service, mut request) = self.take();
        self.sign(&mut request, credential);
        service.call(request)
    }

    fn take(&mut self) -> (S, Request<B>) {
        let kept = self.kept.take();
        *kept.expect("nothing is sent but what was kept for it")
    }

    /// The attempt has ended so.
    pub(super) fn concluded<C>(&mut self, result: Result<Response<C>, Error>) -> Follows<C> {
        let response = match (result, self.rejection.take()) {
            (Ok(response), _) => response,
            // Nothing was sent since; what was has been rejected.
            (Err(error), Some(rejection)) if error.report().attempts() == 0 => {
                return Follows::Return(Err(error.after_rejection(*rejection)));
            }
            (Err(error), _) => return Follows::Return(Err(error)),
        };
        let kept = self.kept.as_deref().map(|(_, request)| request.body());
        let (_, status) = verdict::ended(&response);
        if status == StatusCode::UNAUTHORIZED && kept.is_some_and(B::is_intact) {
            return Follows::Renew(response);
        }
        Follows::Return(Ok(self.answer(response)))
    }

    /// The renewal that `answer` led to has brought this.
    pub(super) fn renewed<C>(
        &mut self,
        other: Option<Credential>,
        answer: Option<Response<C>>,
    ) -> Renewed<C> {
        let began = self.renewing_since.take();
        self.waited += began.map_or(Duration::ZERO, |began| {
            clock::now().saturating_duration_since(began)
        });
        let other = other.filter(|_| !self.is_too_late());
        match (other, answer) {
            (Some(credential), None) => Renewed::Send(credential),
            (None, None) => Renewed::Return(Err(self.destitute())),
            (Some(credential), Some(answer)) if self.take_over() => {
                // Gone before the service is asked again: it may hold the last connection.
                let (head, _) = answer.into_parts();
                self.rejection = Some(Box::new((head.status, head.headers)));
                Renewed::Replay(credential)
            }
            (_, Some(answer)) => Renewed::Return(Ok(self.answer(answer))),
        }
    }

    fn take_over(&mut self) -> bool {
        let kept = self.kept.as_deref_mut();
        kept.is_some_and(|(_, request)| request.body_mut().take_over())
    }

    /// The service has failed before it was sent again.
    pub(super) fn unready(&mut self, error: Error) -> Error {
        match self.rejection.take() {
            Some(rejection) => error.after_rejection(*rejection),
            None => error,
        }
    }
}

/// The request as it will be sent again: the same head, the same key, the same bytes. `None`: its
/// body can be sent once. Whether a stream was kept shows only when it was sent.
fn copy<B: Replay>(request: &Request<B>) -> Option<Request<B>> {
    let mut copy = Request::new(request.body().replay()?);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    Some(copy)
}

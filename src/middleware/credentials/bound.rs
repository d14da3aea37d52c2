//! A source and the origin it is for.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Request, StatusCode, Uri};
use tokio::sync::Mutex as Turn;

use super::origin::Origin;
use super::{Credential, CredentialError, Credentials, SharedCredentials};
use crate::policy::authentication::{Authentication, Verdict};
use crate::random::Random;
use crate::{clock, event};

/// The sources of a layer, each with its origin.
#[derive(Clone, Debug)]
pub(crate) struct Sources(Option<Arc<[Arc<Bound>]>>);

impl Sources {
    pub(crate) const NONE: Self = Self(None);

    pub(super) fn with(
        self,
        origin: &str,
        source: SharedCredentials,
    ) -> Result<Self, CredentialError> {
        let parsed = Origin::parse(origin)?;
        let mut all = self.0.map_or_else(Vec::new, |sources| sources.to_vec());
        if all.iter().any(|bound| bound.origin == parsed) {
            return Err(CredentialError::Origin {
                origin: origin.to_owned(),
                problem: "it has one already: choose one source",
            });
        }
        all.push(Arc::new(Bound::new(parsed, source)));
        Ok(Self(Some(all.into())))
    }

    /// The source for this URI's origin.
    pub(crate) fn covering(&self, uri: &Uri) -> Option<&Arc<Bound>> {
        let mut bound = self.0.iter().flat_map(|sources| sources.iter());
        bound.find(|bound| bound.origin.covers(uri))
    }

    /// Somebody above counts what is refused, and raises the alarm.
    pub(crate) fn leave_alarm(&self) {
        for bound in self.0.iter().flat_map(|sources| sources.iter()) {
            bound.leaves_alarm.store(true, Ordering::Relaxed);
        }
    }

    /// The source of this request's credential, with what it says now; `None` if there is none for
    /// its origin, or the caller has set that header.
    pub(crate) fn of<B>(&self, request: &Request<B>) -> Option<(&Arc<Bound>, Option<Credential>)> {
        let bound = self.covering(request.uri())?;
        let current = bound.source.current();
        let is_taken = |credential: &Credential| credential.is_in(request.headers());
        (!current.as_ref().is_some_and(is_taken)).then_some((bound, current))
    }
}

/// A source and the origin it is for, with what is known of its credential.
pub(crate) struct Bound {
    pub(super) origin: Origin,
    pub(super) source: SharedCredentials,
    /// Whoever renews holds it.
    pub(super) turn: Arc<Turn<()>>,
    pub(super) random: Random,
    authentication: Mutex<Authentication>,
    /// Whether an accepted attempt is news: the healthy look no further.
    troubled: AtomicBool,
    /// A circuit above counts the answers, and raises the alarm.
    leaves_alarm: AtomicBool,
    /// Why the last renewal has failed.
    problem: Mutex<Option<CredentialError>>,
}

impl Bound {
    fn new(origin: Origin, source: SharedCredentials) -> Self {
        Self {
            origin,
            source,
            turn: Arc::default(),
            random: Random::from_system(),
            authentication: Mutex::default(),
            troubled: AtomicBool::new(false),
            leaves_alarm: AtomicBool::new(false),
            problem: Mutex::default(),
        }
    }

    pub(crate) fn current(&self) -> Option<Credential> {
        self.source.current()
    }

    /// Why there is no credential, as far as that is known.
    pub(super) fn problem(&self) -> CredentialError {
        let problem = lock(&self.problem).clone();
        problem.unwrap_or_else(|| CredentialError::unavailable("it has brought none yet"))
    }

    /// A renewal has ended so.
    pub(super) fn renewed(&self, result: Result<(), CredentialError>) {
        *lock(&self.problem) = result.err();
        self.change(|authentication| authentication.renewed(clock::now()));
    }

    /// An attempt with its credential was answered so.
    pub(super) fn answered(&self, status: StatusCode, alarm_after: u32) {
        let verdict = Verdict::of(status);
        let is_news = match verdict {
            Verdict::Accepted => self.troubled.load(Ordering::Acquire),
            Verdict::Refused => true,
            Verdict::Nothing => false,
        };
        if !is_news {
            return;
        }
        let alarm = self.change(|authentication| authentication.judged(verdict, alarm_after));
        if let Some(alarm) = alarm
            && !self.leaves_alarm.load(Ordering::Relaxed)
        {
            event::credentials::authentication(&self.origin, status, alarm);
        }
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Authentication) -> T) -> T {
        let mut authentication = self.authentication();
        let outcome = change(&mut authentication);
        self.troubled
            .store(!authentication.is_untroubled(), Ordering::Release);
        outcome
    }

    pub(super) fn authentication(&self) -> MutexGuard<'_, Authentication> {
        lock(&self.authentication)
    }
}

/// Neither has an invariant that a panic elsewhere could break half-way.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bound({})", self.origin)
    }
}

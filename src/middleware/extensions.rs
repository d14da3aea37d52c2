//! What travels with a request or a response: from the caller to the layers, and between them.

mod identity;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::Request;

pub(crate) use self::identity::{Identity, hash};
use crate::body::SendGate;
use crate::policy::Guarantee;
use crate::policy::budget::Grant;
use crate::upstream::Upstream;
use crate::{Policy, clock};

/// A deadline that arrives with a request, as an extension. The tighter of it and the policy's
/// holds.
///
/// ```
/// use std::time::{Duration, Instant};
/// use seawall::Deadline;
///
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(Deadline::at(Instant::now() + Duration::from_secs(2)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The call must have ended by then.
    #[must_use]
    pub const fn at(instant: Instant) -> Self {
        Self(instant)
    }

    /// The deadline that this request came with, or that the layers around have given to its call.
    ///
    /// ```
    /// use std::time::Instant;
    /// use seawall::Deadline;
    ///
    /// let mut request = http::Request::new(());
    /// assert_eq!(Deadline::of(&request), None);
    /// let deadline = Deadline::at(Instant::now());
    /// request.extensions_mut().insert(deadline);
    /// assert_eq!(Deadline::of(&request), Some(deadline));
    /// ```
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Option<Self> {
        let extensions = request.extensions();
        let said = extensions.get::<Self>().copied();
        said.or_else(|| extensions.get::<Attempt>()?.deadline)
    }

    /// When the call must have ended.
    #[must_use]
    pub const fn instant(self) -> Instant {
        self.0
    }
}

/// What a 429 is counted against beside the credential, as a request extension: the customer's
/// account, say, when the upstream limits each on its own.
///
/// ```
/// use seawall::RateLimitKey;
///
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(RateLimitKey::new("account-17"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RateLimitKey(Arc<str>);

impl RateLimitKey {
    /// Any name. It is hashed, never logged.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }
}

impl fmt::Debug for RateLimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RateLimitKey")
    }
}

/// When the idempotency key of a request was sent for the first time, as a request extension.
///
/// The clients of one [`Upstreams`](crate::Upstreams) remember that of the keys they have sent. After
/// a restart they do not: whoever stored the key stores this with it, by the wall clock, and says it
/// of a key that was sent, or may have been. Past the key life that the provider promises, the call
/// is refused: the same key would then be a new payment. And since the earlier call may have been
/// acted on, this one's delivery is [`Unknown`](crate::Delivery::Unknown) unless it is answered.
///
/// ```
/// use std::time::SystemTime;
/// use seawall::{FirstSentAt, IdempotencyKey};
///
/// # fn stored() -> (IdempotencyKey, SystemTime) {
/// #     (IdempotencyKey::for_operation("shop", "charge", "order-17/1"), SystemTime::UNIX_EPOCH)
/// # }
/// let (key, first_sent_at) = stored();
/// let mut request = http::Request::post("https://gateway.example/payments").body(()).unwrap();
/// request.extensions_mut().insert(key);
/// request.extensions_mut().insert(FirstSentAt::new(first_sent_at));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FirstSentAt(SystemTime);

impl FirstSentAt {
    /// The key was sent for the first time then, by the wall clock.
    #[must_use]
    pub const fn new(at: SystemTime) -> Self {
        Self(at)
    }

    /// When it was.
    #[must_use]
    pub const fn wall_time(self) -> SystemTime {
        self.0
    }
}

/// On a retry: this is not a new call, and it may hold the reservation for the probe.
#[derive(Debug)]
pub(crate) struct Resend {
    /// The number of the attempt; the first retry is 2.
    pub(crate) number: u32,
    pub(crate) reservation: Option<u64>,
    pub(crate) grant: Option<Grant>,
}

impl Clone for Resend {
    fn clone(&self) -> Self {
        Self {
            number: self.number,
            reservation: self.reservation,
            grant: self.grant.as_ref().map(Grant::duplicate),
        }
    }
}

/// On an attempt, below its circuit, if somebody sees spans: its number in the call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttemptNumber(pub(crate) u32);

/// On a request: whoever knows its protocol says that a repeat does no harm, though its method of HTTP
/// does not promise it. Nobody outside can put it there.
#[cfg_attr(
    not(feature = "tonic"),
    allow(dead_code, reason = "only methods of gRPC are declared so")
)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeclaredIdempotent;

/// What makes a repeat of this request harmless. `has_key`: one that the provider would know again.
pub(crate) fn guarantee_of<B>(request: &Request<B>, policy: &Policy, has_key: bool) -> Guarantee {
    let declared = request.extensions().get::<DeclaredIdempotent>().is_some();
    match policy.guarantee_with(request.method(), has_key) {
        Guarantee::None | Guarantee::Waived if declared => Guarantee::Idempotent,
        guarantee => guarantee,
    }
}

/// On a request with a key of the caller's own: what is known of that key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyPast {
    /// When the provider may have forgotten it.
    pub(crate) expires: Instant,
    /// An earlier call may have been acted on.
    pub(crate) in_doubt: bool,
}

impl KeyPast {
    /// What the caller says of it, if there is no layer above that remembers.
    pub(crate) fn of<B>(request: &Request<B>, policy: &Policy, now: Instant) -> Self {
        let told = request.extensions().get::<FirstSentAt>();
        let remembered = request.extensions().get::<Self>().copied();
        remembered.unwrap_or_else(|| Self {
            expires: clock::after(now, life_left(told, policy)),
            in_doubt: told.is_some(),
        })
    }
}

/// How long attempts with the key may begin, so that they arrive while the provider is sure to know
/// it. A first time in the future, which a clock that was set back leaves behind, is taken for now.
pub(crate) fn life_left(first_sent_at: Option<&FirstSentAt>, policy: &Policy) -> Duration {
    let life = policy.provider().key_life;
    let on_its_way = policy.attempt_timeout().min(life / 10);
    let age = first_sent_at.and_then(|at| clock::wall().duration_since(at.wall_time()).ok());
    life.saturating_sub(on_its_way)
        .saturating_sub(age.unwrap_or_default())
}

/// On an attempt: a throttle has let it through.
#[derive(Clone, Debug)]
pub(crate) struct Throttled {
    pub(crate) upstream: Arc<Upstream>,
    /// Where it has taken a token of the rate: the circuit's generation then.
    pub(crate) generation: Option<u64>,
    pub(crate) patience_ends: Instant,
}

/// On the response to such an attempt: the circuit of this upstream knows of it.
#[derive(Clone, Debug)]
pub(crate) struct Heard(pub(crate) Arc<Upstream>);

/// On a response: its Retry-After has closed the upstream's or the credential's gate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GateClosed;

/// On a response: so much of its time a credential was waited for, and not the upstream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CredentialWait(pub(crate) Duration);

/// On a retry: not on the connection it came back from (421).
#[derive(Clone, Copy, Debug)]
pub(crate) struct FreshConnection;

/// On an attempt: what whoever sends it goes by. All in one, as each extension is a box.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// Its time is over then. Whoever reads the response's body inside the attempt must have made up
    /// its mind about the head by that time.
    pub(crate) ends: Instant,
    /// When its call must have ended.
    pub(crate) deadline: Option<Deadline>,
    /// What proves that nothing of it was sent.
    #[cfg_attr(
        not(feature = "client"),
        allow(dead_code, reason = "only the client's transport takes it")
    )]
    pub(crate) gate: SendGate,
}

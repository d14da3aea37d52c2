//! The checkout: what the shop's pages call.

use std::time::{Duration, SystemTime};

use axum::extract::{Path, State as Shared};
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use seawall::Priority;
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::outbox::Outbox;
use crate::payment::{Charge, Payment, State};
use crate::store::{Accepted, Claim, StoreError};

/// A customer looks at a spinner no longer than this. The call goes on without them.
const PATIENCE: Duration = Duration::from_secs(10);
/// When to ask again about a payment that is under way.
const SOON: Duration = Duration::from_secs(2);
const LONGEST_ORDER: usize = 64;

/// A wish to pay.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    order: String,
    /// Counts up with each new card or amount; a second click on the same button is the same one.
    #[serde(default = "first")]
    attempt: u32,
    /// In the currency's smallest unit.
    amount: i64,
    #[serde(default = "euro")]
    currency: String,
}

/// A payment, as it is answered.
#[derive(Debug, Serialize)]
struct View {
    id: i64,
    payment: String,
    amount: i64,
    currency: String,
    status: State,
    /// When the service will call the gateway about it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<String>,
    /// How the last call to the gateway ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    idempotency_key: String,
}

pub(crate) fn router(outbox: Outbox) -> Router {
    Router::new()
        .route("/payments", post(pay))
        .route("/payments/{id}", get(show))
        .route("/summary", get(summary))
        .with_state(outbox)
}

/// Stores the payment, then tries at once. Answers 200 `paid` or `declined`, or 202 `pending` or
/// `unknown` with the time of the next try.
async fn pay(Shared(outbox): Shared<Outbox>, Json(wish): Json<Wish>) -> Result<Response, Problem> {
    let charge = wish.into_charge()?;
    match outbox.store.accept(charge, clock::now()).await? {
        Accepted::New(claim) => try_at_once(&outbox, claim).await.map(answer),
        Accepted::Known(payment) => Ok(answer(payment)),
        Accepted::Different => Err(Problem::Different),
    }
}

/// The call is a task of its own: axum drops this handler when the browser goes away.
async fn try_at_once(outbox: &Outbox, claim: Claim) -> Result<Payment, Problem> {
    let id = claim.payment.id;
    let task = {
        let outbox = outbox.clone();
        tokio::spawn(async move { outbox.settle(claim, Priority::Foreground).await })
    };
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(settled)) => Ok(settled?),
        // It takes long, or it broke: then its claim will lapse. The row says what is known.
        Ok(Err(_)) | Err(_) => find(outbox, id).await,
    }
}

async fn show(Shared(outbox): Shared<Outbox>, Path(id): Path<i64>) -> Result<Json<View>, Problem> {
    find(&outbox, id).await.map(|payment| Json(payment.into()))
}

async fn find(outbox: &Outbox, id: i64) -> Result<Payment, Problem> {
    let payment = outbox.store.payment(id).await?;
    payment.ok_or(Problem::NoSuchPayment(id))
}

/// How many payments are in each state.
async fn summary(Shared(outbox): Shared<Outbox>) -> Result<Response, Problem> {
    let counts = outbox.store.count().await?.into_iter();
    let named: serde_json::Map<_, _> = counts
        .map(|(state, count)| (state.as_str().to_owned(), count.into()))
        .collect();
    Ok(Json(named).into_response())
}

fn answer(payment: Payment) -> Response {
    let location = [(LOCATION, format!("/payments/{}", payment.id))];
    let settled = !matches!(payment.state, State::Pending | State::Unknown);
    let retry_after = retry_after(&payment, clock::now());
    let body = Json(View::from(payment));
    if settled {
        (StatusCode::OK, location, body).into_response()
    } else {
        (StatusCode::ACCEPTED, location, retry_after, body).into_response()
    }
}

/// In whole seconds, rounded up.
fn retry_after(payment: &Payment, now: SystemTime) -> [(HeaderName, String); 1] {
    let wait = match payment.retry_at {
        Some(retry_at) if !payment.claimed => retry_at.duration_since(now).unwrap_or_default(),
        _ => SOON,
    };
    let seconds = wait.as_millis().div_ceil(1_000).max(1);
    [(RETRY_AFTER, seconds.to_string())]
}

impl Wish {
    fn into_charge(self) -> Result<Charge, Problem> {
        if self.order.is_empty() || self.order.len() > LONGEST_ORDER {
            return Err(Problem::Wish("`order` must have 1 to 64 bytes"));
        }
        if self.amount <= 0 {
            return Err(Problem::Wish(
                "`amount` must be above 0, in the smallest unit",
            ));
        }
        let letters = self.currency.bytes().all(|byte| byte.is_ascii_uppercase());
        if self.currency.len() != 3 || !letters {
            return Err(Problem::Wish(
                "`currency` must be three letters, such as EUR",
            ));
        }
        let Self {
            order,
            attempt,
            amount,
            currency,
        } = self;
        Ok(Charge::new(&order, attempt, amount, &currency))
    }
}

impl From<Payment> for View {
    fn from(payment: Payment) -> Self {
        let retry_at = payment.retry_at.filter(|_| !payment.claimed);
        Self {
            id: payment.id,
            payment: payment.charge.business_id,
            amount: payment.charge.amount,
            currency: payment.charge.currency,
            status: payment.state,
            retry_at: retry_at.map(|at| humantime::format_rfc3339_millis(at).to_string()),
            code: payment.code,
            idempotency_key: payment.charge.key,
        }
    }
}

/// What is answered instead of a payment.
#[derive(Debug)]
enum Problem {
    Wish(&'static str),
    Different,
    NoSuchPayment(i64),
    Store(StoreError),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::Wish(rule) => (StatusCode::UNPROCESSABLE_ENTITY, rule.to_owned()),
            Self::Different => (
                StatusCode::CONFLICT,
                "this attempt is known with another amount or currency: \
                 count `attempt` up for a new one"
                    .to_owned(),
            ),
            Self::NoSuchPayment(id) => (StatusCode::NOT_FOUND, format!("no payment {id}")),
            Self::Store(error) => {
                tracing::error!(%error, "a request could not be served");
                (StatusCode::SERVICE_UNAVAILABLE, "try again".to_owned())
            }
        };
        (status, Json(serde_json::json!({ "error": error }))).into_response()
    }
}

fn first() -> u32 {
    1
}

fn euro() -> String {
    "EUR".to_owned()
}

#[cfg(test)]
#[path = "checkout_tests.rs"]
mod tests;

//! The name of an upstream, as it stands in a path.

use axum::extract::{FromRequestParts, Path};
use http::StatusCode;
use http::request::Parts;

use crate::problem::Problem;

/// Decoded.
pub(super) struct Name(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(name) = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| undecoded())?;
        Ok(Self(name))
    }
}

fn undecoded() -> Problem {
    Problem::here(
        StatusCode::BAD_REQUEST,
        "bad_name",
        "the name is not UTF-8 once it is decoded: encode it, with `%3A` for a colon and `%2F` for a \
         slash",
    )
}

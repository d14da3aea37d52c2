//! Bodies read inside the attempt: the layer alone, and in the whole stack.

mod alone;
mod stack;

use std::error::Error as _;

use super::{BodyError, CollectLayer, Collected};
use crate::Error;
use crate::middleware::testing::*;

/// At most 16 bytes, and at most 10 s between two frames.
const COLLECT: CollectLayer = CollectLayer::new(16, secs(10));

type Collection = Result<http::Response<Collected>, Error>;

/// What broke the body, behind the error of the transport.
fn broken_by(error: &Error) -> &BodyError {
    let transport = error.source().unwrap();
    transport.source().unwrap().downcast_ref().unwrap()
}

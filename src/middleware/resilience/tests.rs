//! A call that goes express is to be told from one that goes through each layer by nothing but its cost.

mod again;
mod bodies;
mod both;
mod calls;
mod chance;
mod freed;
mod nested;
mod outside;
mod refusals;
mod routes;
mod shown;
mod told;
mod uris;

use std::time::Duration;

use http::Method;

use self::both::{collected, headed};
use crate::middleware::testing::*;
use crate::policy::Failure;
use crate::{Policy, PolicyBuilder, Provider};

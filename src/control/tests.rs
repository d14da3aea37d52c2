//! What an operator sees and does.

mod snapshot;

use crate::middleware::testing::*;

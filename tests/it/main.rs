//! The one integration test crate: a module for each topic.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do: at once, with the place"
)]

mod architecture;
//! The one test crate: leasehold from the outside, one module for each topic.

mod file_store;
mod sources;

//! The one integration test crate: a module for each topic.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do: at once, with the place"
)]

mod architecture;
mod file_store;

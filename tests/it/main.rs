//! The one integration test crate: a module for each topic.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::use_debug,
    reason = "a test fails by panicking and tells why by printing; clippy knows `#[test]` functions, not their helpers"
)]

mod architecture;
mod audit;
mod aws_environment;
mod aws_faults;
mod aws_roles_faults;
mod aws_world;
mod aws_world_faults;
mod aws_writer;
mod bucket_server;
mod bucket_store;
mod canned_aws;
mod canned_iam;
mod canned_users;
mod ci_files;
mod cli;
mod crashes;
mod emulator;
mod enforcement;
mod fault_server;
mod file_store;
mod fuzz;
mod generated;
mod hostile_repo;
mod iam_answers;
mod json_schema;
mod kills;
mod laws;
mod lease_model;
mod lease_proofs;
mod leases;
mod least_privilege;
mod live_aws;
mod live_world;
mod multi_account;
mod readme;
mod report;
mod sandbox;
mod scene;
mod secrets;
mod signing;
mod simulation_limits;
mod sources;
mod stories;
mod use_cases;
mod why;

//! The pure part: what is declared, what was read, what was applied, and what follows from them.
//!
//! Nothing here reads a clock, the environment, a file or the network, and nothing here draws a random number.

pub mod span;
pub mod text;

pub mod base64;
pub mod digest;
pub mod document;
pub mod ident;
pub mod limits;
pub mod ttl;

pub mod duration;
pub mod iam;

pub mod credential;
pub mod desired;
pub mod finding;
pub mod role;

pub mod audit;
pub mod lease;
pub mod record;
pub mod world;

pub mod admission;
pub mod least_privilege;
pub mod plan;
pub mod rules;
pub mod secret;
pub mod signed_head;
pub mod signing;
pub mod simulation;
pub mod why;

/// An instant in UTC with RFC 3339 as its text form.
pub use jiff::Timestamp;

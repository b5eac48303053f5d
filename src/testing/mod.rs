//! Doubles of the outside world that behave like it.

mod executor;
mod fake_cloud;
mod faulty_store;
mod fixed_clock;
mod memory_store;
pub mod store_conformance;

pub use executor::block_on;
pub use fake_cloud::{CANARY_SECRET, CANARY_TOKEN, Chances, FakeCloud, FakeKey, FakeUser, Lag, Session, Trouble};
pub use faulty_store::{Call, Fault, FaultyStore, Operation};
pub use fixed_clock::{CountingIds, FixedClock};
pub use memory_store::MemoryStore;

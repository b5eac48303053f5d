//! What each of our identities must be allowed, and nothing else: generated from what is declared.
//!
//! [`CALLS`] lists every call with what it is made on. [`broker`], [`reader`], [`sweeper`] and [`revoker`] turn the declared set
//! into the statements of an identity policy, [`trust`] into those of a target role's trust policy, and [`documents`] packs
//! statements into policies that AWS takes. [`needed`] tells which actions a broker may need at all. All are pure: the same
//! declarations give the same bytes.

mod broker;
mod calls;
mod names;
mod needed;
mod reader;
mod revoker;
mod split;
mod statement;
mod store;
mod sweeper;
mod trust;

pub use broker::{broker, making_users};
pub use calls::{CALLS, Call, Scope, Task, actions, read_actions};
pub use names::{BOUNDARY, TAG_DEPLOYMENT, lease_user_path, lease_users};
pub use needed::needed;
pub use reader::reader;
pub use revoker::revoker;
pub use split::{Document, documents};
pub use statement::{Requirement, Statement};
pub use store::{StatePlace, StorePolicy, is_key_arn, store};
pub use sweeper::sweeper;
pub use trust::trust;

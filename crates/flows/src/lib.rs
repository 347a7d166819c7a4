//! One function for each thing a person, a staff member or a job can do.
//!
//! A flow gathers facts, lets `domain` decide, and applies the decision. A refusal is a
//! value with a reference and a verdict; a fault is an error.

pub mod account;
pub mod app;
pub mod attempt;
pub mod check;
pub mod code;
pub mod external;
pub mod jobs;
pub mod keys;
pub mod mail;
pub mod password;
mod rate_limit;
pub mod recover;
pub mod session;
pub mod settings;
pub mod sign_in;
pub mod sign_up;
pub mod staff;
pub mod status;
pub mod time;
pub mod visible;
pub mod visitor;

pub use app::{App, Clock, Dice};
pub use attempt::{FieldError, Refusal};
pub use visitor::Visitor;

/// A fault: ours, never the member's. It becomes a page in one place only.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database.
    #[error(transparent)]
    Store(#[from] kagiya_store::Error),
    /// The hashing pool has stopped.
    #[error("the hashing pool has stopped")]
    Hashing,
    /// Something that this program wrote cannot be read back.
    #[error("unreadable {0}")]
    Unreadable(&'static str),
}

/// The result of a flow: done, or refused with a verdict.
pub type Outcome<T> = std::result::Result<std::result::Result<T, Box<Refusal>>, Fault>;

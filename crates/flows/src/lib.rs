//! One function for each thing a person, a staff member or a job can do.
//!
//! A flow gathers facts, lets `domain` decide, and applies the decision. A refusal is a
//! value with a reference and a verdict; a fault is an error.

pub mod account;
mod admission;
pub mod agent;
mod amends;
pub mod app;
pub mod attempt;
pub mod case;
pub mod code;
pub mod compose;
pub mod confirm;
mod credentials;
pub mod crowd;
mod deferred;
pub mod disk;
pub mod endings;
pub mod external;
pub mod findings;
pub mod hashing;
pub mod jobs;
pub mod kept;
pub mod keys;
mod ledger;
pub mod lookup;
pub mod mailbox;
pub mod monitor;
pub mod new_password;
mod notice_json;
pub mod notices;
pub mod operator;
pub mod outbox;
pub mod platform;
mod postage;
pub mod providers;
pub mod recent_auth;
pub mod recover;
pub mod runner;
pub mod session;
pub mod session_cache;
pub mod settings;
pub mod setup;
pub mod sign_in;
pub mod sign_up;
pub mod staff;
pub mod starts;
pub mod stuffing;
pub mod subscribe;
pub mod subscription;
pub mod supervision;
pub mod throttle;
pub mod time;
pub mod unlock;
pub mod visible;
pub mod visitor;
pub mod waiting;
pub mod way_in;
pub mod why;

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

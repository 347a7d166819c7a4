//! Mail: what is written, to whom it goes, and how it leaves.

pub mod compose;
pub mod mailbox;
pub mod outbox;
pub(crate) mod postage;

//! What is known of the platform's side, in memory: it can be told when the database cannot be asked.

pub mod board;
mod crowd;
pub mod measure;
mod state;

pub(crate) use self::{crowd::Crowd, state::Monitor};
pub use board::{Board, Snapshot};

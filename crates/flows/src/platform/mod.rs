//! What is known of the platform's side, in memory: it can be told when the database cannot be asked.

pub mod board;
pub mod measure;
mod state;

pub use board::{Board, Snapshot};
pub(crate) use state::Monitor;

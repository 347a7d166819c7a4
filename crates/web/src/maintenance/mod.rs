//! The door during planned work.

pub(crate) mod closed;
pub(crate) mod gate;

//! What holds of the code itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod circles;
mod dependencies;
mod tidy;
mod words;

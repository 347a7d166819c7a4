//! Whole servers with a scripted browser: one binary, so that what they link is linked once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod codes;
mod destination;
mod fuzz;
mod jobs;
mod reopen;
mod roles;
mod sessions;
mod story;
mod time;
mod tokens;
mod two_worlds;
mod verdict;

//! Every function of the store on both databases: one binary, so that what they link is linked once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod both;
mod conformance;
mod endings;
mod external;
mod methods;
mod pending;
mod platform;
mod rest;

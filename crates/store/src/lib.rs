//! Keeps and finds domain facts in SQLite or PostgreSQL. Decides nothing.
//!
//! Every statement is written once, in SQL that both run, in the file of its noun.
//! What differs between the two is in `db.rs`, `lite.rs`, `store.rs`, `writer.rs` and the two folders of migrations.

pub mod account;
pub mod ageing;
pub mod attempt;
pub mod audit;
pub mod authorization_session;
pub mod code;
pub mod component;
pub mod db;
pub mod delivery;
pub mod device;
pub mod email;
pub mod ending;
mod error;
pub mod finding;
pub mod flow;
pub mod link;
mod lite;
mod meter;
mod migrations;
pub mod notice;
pub mod outbox;
pub mod password;
pub mod pending;
pub mod permission;
mod postgres;
pub mod pushed;
pub mod server;
pub mod session;
mod store;
pub mod stored_request;
pub mod subscriber;
pub mod throttle;
mod version;
pub mod waiting;
mod writer;

pub use db::{Conn, Error, Location};
pub use postgres::PoolSize;
pub use store::Store;

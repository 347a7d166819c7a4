//! What is true about accounts and signing in, as types and pure functions.
//! No I/O, no clock, no randomness: time arrives as `now`, chance as bytes.

pub mod account;
pub mod act;
pub mod advice;
pub mod audience;
pub mod audit;
pub mod browser;
pub mod cause;
pub mod clocks;
pub mod code;
pub mod component;
pub mod credential;
pub mod destination;
pub mod diagnosis;
pub mod email;
pub mod evidence;
pub mod handover;
pub mod health;
pub mod inquiry;
pub mod link;
pub mod login;
pub mod login_id;
pub mod mail;
mod named;
pub mod network;
pub mod notice;
pub mod password;
mod pasted;
pub mod reference;
pub mod remedy;
pub mod return_to;
pub mod role;
pub mod screen;
pub mod session;
pub mod setup;
pub mod sign_in;
pub mod slip;
pub mod symptom;
pub mod throttle;
pub mod time;
mod weights;

pub use audience::Audience;
pub use cause::Cause;
pub use evidence::Evidence;
pub use named::UnknownWord;
pub use time::{Span, Timestamp};

//! Finding out what keeps somebody out: of a browser, of two devices, of the operator's set-up, of one attempt.

pub mod case;
pub mod findings;
pub mod heard;
pub mod lookup;
pub mod setup;
pub mod why;

//! Ending a lock by a mailed code. The flow is that of a recovery with another end.

pub use crate::recover::{Kind, resend, start, type_code};

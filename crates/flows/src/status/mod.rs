//! How the service is: what is measured, what is told about it, and to whom.

pub mod anomaly;
pub mod disk;
pub(crate) mod lock_release;
pub mod monitor;
pub(crate) mod notice_json;
pub mod notices;
pub mod platform;
pub mod subscribe;
pub mod subscription;
pub mod waiting;

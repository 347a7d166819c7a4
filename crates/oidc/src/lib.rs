//! Speaks OAuth 2.0 and OpenID Connect with external providers. Knows nothing of our accounts.
//!
//! A [`Provider`] is one external service: where it is, how it differs, what it answered last.
//! [`Provider::authorize_url`] sends a browser there, [`Provider::exchange`] turns what comes
//! back into an [`Identity`], [`Provider::read_events`] reads what it pushes.

mod alg;
pub mod answer;
mod authorize;
mod class;
mod client;
mod dialect;
mod discovery;
pub mod egress_policy;
mod endpoints;
mod exchange;
mod fault;
mod identity;
mod jwks;
mod jwt;
mod keys;
mod kinds;
pub mod outbound;
mod permission;
mod provider;
pub mod security_events;
pub mod status;
mod transfer;

pub use answer::{Endpoint, Failure};
pub use authorize::Asked;
pub use class::Class;
pub use dialect::{Place, Tongue, heard};
pub use exchange::CodeGrant;
pub use fault::TokenFault;
pub use identity::{Identity, RefreshToken};
pub use kinds::{ClientProof, Kind};
pub use permission::Permission;
pub use provider::{Overrides, Paths, Plan, Provider, Secret};
pub use transfer::Transfer;

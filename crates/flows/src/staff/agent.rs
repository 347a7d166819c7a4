//! Who acts for the service, and what they may do.

use kagiya_domain::{
    audit::Actor,
    role::{Permission, Roles},
};

/// Somebody who acts for the service. Who it is can only be had for a permission, so that no flow that writes it down
/// forgets to demand one.
#[derive(Clone, Debug)]
pub struct Agent {
    actor: Actor,
    /// `None`: everything.
    roles: Option<Roles>,
}

impl Agent {
    /// Whoever has the command line has the database and the keys.
    pub const fn command_line() -> Self {
        Self { actor: Actor::CommandLine, roles: None }
    }

    /// The server by itself.
    pub const fn system() -> Self {
        Self { actor: Actor::System, roles: None }
    }

    /// A member of staff.
    pub(crate) const fn staff(login_id: String, roles: Roles) -> Self {
        Self { actor: Actor::Staff(login_id), roles: Some(roles) }
    }

    /// Whether they may do it: for what a page offers.
    pub fn may(&self, permission: Permission) -> bool {
        self.roles.as_ref().is_none_or(|roles| roles.permit(permission))
    }

    /// Who it is, if they may do it.
    pub fn demand(&self, permission: Permission) -> Option<&Actor> {
        self.may(permission).then_some(&self.actor)
    }
}

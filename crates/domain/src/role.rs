//! What members of staff may do.

use crate::named::named;

named! {
    /// A role of staff. Each is a set of permissions; an account may have several.
    pub enum Role {
        /// Looks at members' cases, and ends pauses after wrong passwords.
        Support = "support",
        /// Tells of incidents and maintenance, and looks after what the service stands on.
        Operator = "operator",
        /// Everything, accounts and roles among it.
        Admin = "admin",
    }
}

/// What a flow demands of whoever acts for the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// See how things are: figures, causes, components. Nothing of one member is in it.
    Overview,
    /// Look at a member, or at an attempt.
    LookUp,
    /// End pauses after wrong passwords.
    EndLocks,
    /// Tell of incidents and maintenance.
    Announce,
    /// Hear when a provider fails or refuses.
    Providers,
    /// Make accounts, and lock, suspend, close or wake them.
    Accounts,
    /// Give and take roles.
    Roles,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Overview, Self::LookUp, Self::EndLocks, Self::Announce, Self::Providers, Self::Accounts, Self::Roles];
}

impl Role {
    /// Whether it has a permission.
    pub const fn permits(self, permission: Permission) -> bool {
        match permission {
            Permission::Overview => true,
            Permission::LookUp | Permission::EndLocks => matches!(self, Self::Support | Self::Admin),
            Permission::Announce | Permission::Providers => matches!(self, Self::Operator | Self::Admin),
            Permission::Accounts | Permission::Roles => matches!(self, Self::Admin),
        }
    }
}

/// The roles of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// From what is kept: words with spaces between them. A word that is none is left out.
    pub fn parse(words: &str) -> Self {
        let mut roles: Vec<Role> = words.split(' ').filter_map(Role::parse).collect();
        roles.sort_unstable();
        roles.dedup();
        Self(roles)
    }

    /// As they are kept.
    pub fn to_words(&self) -> String {
        self.0.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Whether there is none: the account is not of staff.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each.
    pub fn iter(&self) -> impl Iterator<Item = Role> {
        self.0.iter().copied()
    }

    /// Whether one of them has a permission.
    pub fn permit(&self, permission: Permission) -> bool {
        self.0.iter().any(|role| role.permits(permission))
    }

    /// With one more.
    pub fn with(&self, role: Role) -> Self {
        let mut roles: Vec<Role> = self.0.iter().copied().filter(|has| *has != role).chain([role]).collect();
        roles.sort_unstable();
        Self(roles)
    }

    /// With one less; `None`: with none.
    pub fn without(&self, role: Option<Role>) -> Self {
        Self(self.0.iter().copied().filter(|has| role.is_some_and(|role| role != *has)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admin_may_everything_and_nobody_else() {
        let may_all = |role: Role| Permission::ALL.iter().all(|permission| role.permits(*permission));
        let all: Vec<Role> = Role::ALL.iter().copied().filter(|role| may_all(*role)).collect();
        assert_eq!(all, [Role::Admin]);
        assert!(!Role::Support.permits(Permission::Announce) && !Role::Operator.permits(Permission::LookUp));
        assert!(Permission::ALL.iter().all(|permission| !Roles::default().permit(*permission)));
    }

    #[test]
    fn roles_are_kept_as_words() {
        let both = Roles::default().with(Role::Operator).with(Role::Support).with(Role::Operator);
        assert_eq!(both.to_words(), "support operator");
        assert_eq!(Roles::parse("operator nonsense support operator"), both);
        assert_eq!(both.without(Some(Role::Support)).to_words(), "operator");
        assert!(both.without(None).is_empty() && Roles::parse("").is_empty());
    }
}

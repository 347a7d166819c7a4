//! Who is listening, and what each may hear.

use serde::{Deserialize, Serialize};

/// Who is listening to a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Whoever sent the request.
    Anyone,
    /// The browser that made the attempt: it holds the attempt's flow cookie.
    Browser,
    /// The same, and the account knows this browser: coarse account facts, no dates.
    KnownDevice,
    /// Just proven at an external provider.
    Provider,
    /// Proven by a code from a registered mailbox, or by the right password.
    Owner,
    /// Staff with the reference that the member handed over.
    Staff,
}

impl Audience {
    /// All audiences.
    pub const ALL: [Self; 6] =
        [Self::Anyone, Self::Browser, Self::KnownDevice, Self::Provider, Self::Owner, Self::Staff];

    /// The name on the wire. A known device is a browser there: the extra it hears is coarse.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Browser | Self::KnownDevice => "browser",
            Self::Provider => "provider",
            Self::Owner => "owner",
            Self::Staff => "staff",
        }
    }

    /// Whether this audience may hear a fact that is meant for `tier`.
    pub const fn may_hear(self, tier: Self) -> bool {
        match self {
            Self::Anyone => matches!(tier, Self::Anyone),
            Self::Browser => matches!(tier, Self::Anyone | Self::Browser),
            Self::KnownDevice => matches!(tier, Self::Anyone | Self::Browser | Self::KnownDevice),
            Self::Provider => matches!(tier, Self::Anyone | Self::Browser | Self::Provider),
            Self::Owner => !matches!(tier, Self::Staff),
            Self::Staff => true,
        }
    }
}

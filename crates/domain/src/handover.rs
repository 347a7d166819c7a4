//! What can fail between a provider's ticket and an identity, each by itself (OpenID Connect Core 3.1.3.7, RFC 6749 5.2).

use serde::{Deserialize, Serialize};

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoverFault {
    /// The code is used up already.
    CodeUsed,
    /// The code came too late.
    CodeLate,
    /// The answer names another issuer (RFC 9207 2.4).
    OtherIssuer,
    /// There is no identity token.
    Missing,
    /// It cannot be read.
    Unreadable,
    /// It is signed in a way that is not expected.
    Algorithm,
    /// It is signed with a key that the provider does not publish.
    UnknownKey,
    /// The provider does not serve its keys.
    KeysNotServed,
    /// Its signature does not fit.
    Signature,
    /// It is of another issuer.
    Issuer,
    /// It is for another audience or party.
    Audience,
    /// It is of another try.
    Nonce,
    /// Its time is over.
    Time,
    /// Its time has not come: one of the two clocks is wrong.
    NotYet,
    /// It does not say who somebody is.
    Subject,
}

impl HandoverFault {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::CodeUsed,
        Self::CodeLate,
        Self::OtherIssuer,
        Self::Missing,
        Self::Unreadable,
        Self::Algorithm,
        Self::UnknownKey,
        Self::KeysNotServed,
        Self::Signature,
        Self::Issuer,
        Self::Audience,
        Self::Nonce,
        Self::Time,
        Self::NotYet,
        Self::Subject,
    ];

    /// The name of the fact that it is.
    pub const fn key(self) -> &'static str {
        match self {
            Self::CodeUsed => "ticket_code_used",
            Self::CodeLate => "ticket_code_late",
            Self::OtherIssuer => "ticket_other_issuer",
            Self::Missing => "id_token_missing",
            Self::Unreadable => "id_token_unreadable",
            Self::Algorithm => "id_token_algorithm",
            Self::UnknownKey => "id_token_unknown_key",
            Self::KeysNotServed => "id_token_keys_not_served",
            Self::Signature => "id_token_signature",
            Self::Issuer => "id_token_issuer",
            Self::Audience => "id_token_audience",
            Self::Nonce => "id_token_nonce",
            Self::Time => "id_token_time",
            Self::NotYet => "id_token_not_yet",
            Self::Subject => "id_token_subject",
        }
    }

    /// Whether it may be gone the next time. What is signed, addressed or named wrongly is so again.
    pub const fn restart_may_cure(self) -> bool {
        match self {
            Self::CodeUsed | Self::CodeLate | Self::OtherIssuer | Self::Nonce | Self::Time => true,
            Self::Missing
            | Self::Unreadable
            | Self::Algorithm
            | Self::UnknownKey
            | Self::KeysNotServed
            | Self::Signature
            | Self::Issuer
            | Self::Audience
            | Self::NotYet
            | Self::Subject => false,
        }
    }
}

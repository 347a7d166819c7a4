//! What can be wrong with a signed token.

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[allow(missing_docs, reason = "the message says it")]
pub enum TokenFault {
    #[error("there is none")]
    Missing,
    #[error("it is longer than 96 KiB")]
    TooLong,
    #[error("it cannot be read, or says something twice")]
    Malformed,
    #[error("it is signed in a way that is not expected")]
    Algorithm,
    #[error("it is signed with a key that the provider does not publish")]
    UnknownKey,
    #[error("the provider's keys cannot be read")]
    KeysUnreachable,
    #[error("its signature does not fit")]
    Signature,
    #[error("it is of another type")]
    Type,
    #[error("it is of another issuer")]
    Issuer,
    #[error("it is for another audience")]
    Audience,
    #[error("it was given to another party")]
    AuthorizedParty,
    #[error("it is of another try")]
    Nonce,
    #[error("it ran out {by} s ago")]
    Expired { by: i64 },
    #[error("it is not valid for {by} s yet")]
    NotYetValid { by: i64 },
    #[error("it was issued {by} s in the future")]
    FromTheFuture { by: i64 },
    #[error("it is too old")]
    TooOld,
    #[error("it does not say who somebody is")]
    Subject,
}

impl TokenFault {
    /// A word for keeping.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::KeysUnreachable => "keys_unreachable",
            Self::Signature => "signature",
            Self::Type => "type",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::AuthorizedParty => "authorized_party",
            Self::Nonce => "nonce",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::FromTheFuture { .. } => "from_the_future",
            Self::TooOld => "too_old",
            Self::Subject => "subject",
        }
    }

    /// By how many seconds the clock that wrote it is ahead of ours, at least, when clocks that differ explain it.
    pub const fn clock_ahead(self) -> Option<i64> {
        match self {
            Self::Expired { by } => Some(-by),
            Self::NotYetValid { by } | Self::FromTheFuture { by } => Some(by),
            Self::Missing
            | Self::TooLong
            | Self::Malformed
            | Self::Algorithm
            | Self::UnknownKey
            | Self::KeysUnreachable
            | Self::Signature
            | Self::Type
            | Self::Issuer
            | Self::Audience
            | Self::AuthorizedParty
            | Self::Nonce
            | Self::TooOld
            | Self::Subject => None,
        }
    }
}

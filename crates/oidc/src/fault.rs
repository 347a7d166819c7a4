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
    #[error("it has run out")]
    Expired,
    #[error("it is not valid yet")]
    NotYetValid,
    #[error("it was issued in the future")]
    FromTheFuture,
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
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::FromTheFuture => "from_the_future",
            Self::TooOld => "too_old",
            Self::Subject => "subject",
        }
    }

    /// Whether clocks that differ explain it.
    pub const fn is_of_clocks(self) -> bool {
        matches!(self, Self::Expired | Self::NotYetValid | Self::FromTheFuture)
    }
}

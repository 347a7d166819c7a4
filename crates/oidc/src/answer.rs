//! What a provider's answers mean. Raw codes are kept; their class is what a person is told by.

use crate::{
    class::Class,
    dialect::{Place, Tongue},
    fault::TokenFault,
};

/// Whether an error that no standard knows says that the *code* is wrong, used up or too old: `invalid_code`, "code been
/// used", "This authorization code has expired".
fn is_of_the_code(code: &str, words: &str) -> bool {
    let said = format!("{code} {words}").to_ascii_lowercase();
    let parts: Vec<&str> = said.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    parts.contains(&"code")
        && ["invalid", "expired", "used", "incorrect", "bad", "wrong"].iter().any(|w| parts.contains(w))
}

/// What an error answer means: by its code where that says something, else by its status and by who answered.
fn answered(tongue: Tongue, endpoint: Endpoint, status: u16, code: &str, words: &str) -> Class {
    let place = match endpoint {
        Endpoint::Profile => Place::Profile,
        Endpoint::Token | Endpoint::Discovery | Endpoint::Keys | Endpoint::Status => Place::Token,
    };
    match (endpoint, tongue.classify(place, code, words)) {
        _ if status >= 500 || status == 429 => Class::Trouble,
        // An endpoint that leads elsewhere is not the one: redirects are not followed.
        _ if (300..400).contains(&status) => Class::Ours,
        // Nobody is asked there: it cannot be the person who refuses.
        (Endpoint::Token, Class::Denied) => Class::Ours,
        (Endpoint::Token, Class::Unknown) if status < 401 && is_of_the_code(code, words) => Class::Ticket,
        (Endpoint::Token, Class::Unknown) if matches!(status, 401 | 403) => Class::Ours,
        // An address of ours that is no longer served, or a path that is wrong.
        (Endpoint::Token, Class::Unknown) if matches!(status, 404 | 405 | 410) => Class::Ours,
        (Endpoint::Profile, Class::Unknown | Class::Dead) if status == 401 => Class::Dead,
        (Endpoint::Profile, Class::Unknown | Class::Dead) if status == 403 => Class::Ours,
        // Keys and descriptions are nobody's but the provider's.
        (Endpoint::Discovery | Endpoint::Keys | Endpoint::Status, Class::Unknown) => Class::Trouble,
        (_, class) => class,
    }
}

/// Which of a provider's endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Its description of itself (OpenID Connect Discovery 4).
    Discovery,
    /// Its keys (RFC 7517 5).
    Keys,
    /// Where codes are exchanged.
    Token,
    /// Where it tells who somebody is.
    Profile,
    /// Its status page.
    Status,
}

impl Endpoint {
    /// A word for logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Keys => "keys",
            Self::Token => "token",
            Self::Profile => "profile",
            Self::Status => "status",
        }
    }
}

/// Why an exchange brought no identity.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Failure {
    /// Not reached, or not answered in time.
    #[error("the {} endpoint does not answer: {why}", endpoint.as_str())]
    Unreachable {
        /// Which.
        endpoint: Endpoint,
        /// In the HTTP library's words.
        why: String,
    },
    /// Answered with an error.
    #[error("the {} endpoint answered {status} {code}", endpoint.as_str())]
    Answered {
        /// Which.
        endpoint: Endpoint,
        /// The HTTP status.
        status: u16,
        /// Its code, as it came, cut to what a code can be.
        code: String,
        /// Its description.
        words: String,
    },
    /// Answered with what cannot be read, or too much of it.
    #[error("the {} endpoint answered {why}", endpoint.as_str())]
    Unreadable {
        /// Which.
        endpoint: Endpoint,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The ID token is not acceptable.
    #[error("ID token: {0}")]
    IdToken(#[from] TokenFault),
    /// The provider is not what our settings say: theirs to read, ours to mend.
    #[error("{key}: {words}")]
    Setup {
        /// The setting.
        key: &'static str,
        /// Both values, for the operator.
        words: String,
    },
    /// An address that leads inward, where nothing outside may lead.
    #[error("{0} may not be reached from here")]
    Blocked(String),
    /// Our own client secret cannot be made.
    #[error("the client secret cannot be made: {0}")]
    Secret(String),
    /// It is not known where the endpoint is.
    #[error("no {} endpoint is known", .0.as_str())]
    Unknown(Endpoint),
}

impl Failure {
    /// What it means in the words of whoever answered.
    pub fn class(&self, tongue: Tongue) -> Class {
        match self {
            Self::Unreachable { .. } | Self::Unreadable { .. } => Class::Trouble,
            Self::Answered { endpoint, status, code, words } => answered(tongue, *endpoint, *status, code, words),
            Self::IdToken(fault) => match fault {
                TokenFault::KeysUnreachable => Class::Trouble,
                TokenFault::Missing
                | TokenFault::TooLong
                | TokenFault::Malformed
                | TokenFault::Algorithm
                | TokenFault::UnknownKey
                | TokenFault::Signature
                | TokenFault::Type
                | TokenFault::Issuer
                | TokenFault::Audience
                | TokenFault::AuthorizedParty
                | TokenFault::Nonce
                | TokenFault::Expired { .. }
                | TokenFault::NotYetValid { .. }
                | TokenFault::FromTheFuture { .. }
                | TokenFault::TooOld
                | TokenFault::Subject => Class::Ticket,
            },
            Self::Blocked(_) | Self::Secret(_) | Self::Setup { .. } => Class::Ours,
            Self::Unknown(_) => Class::Trouble,
        }
    }

    /// What is wrong with the identity token, when it is that.
    pub const fn token_fault(&self) -> Option<TokenFault> {
        match self {
            Self::IdToken(fault) => Some(*fault),
            Self::Unreachable { .. }
            | Self::Answered { .. }
            | Self::Unreadable { .. }
            | Self::Setup { .. }
            | Self::Blocked(_)
            | Self::Secret(_)
            | Self::Unknown(_) => None,
        }
    }

    /// The raw code, for keeping.
    pub fn code(&self) -> String {
        match self {
            Self::Unreachable { endpoint, .. } => format!("{}:unreachable", endpoint.as_str()),
            Self::Answered { endpoint, status, code, .. } => {
                let joint = if code.is_empty() { "" } else { " " };
                format!("{}:{status}{joint}{code}", endpoint.as_str())
            }
            Self::Unreadable { endpoint, .. } => format!("{}:unreadable", endpoint.as_str()),
            Self::IdToken(fault) => format!("id_token:{}", fault.as_str()),
            Self::Setup { key, .. } => format!("setting:{key}"),
            Self::Blocked(_) => "blocked".to_owned(),
            Self::Secret(_) => "client_secret".to_owned(),
            Self::Unknown(endpoint) => format!("{}:unknown", endpoint.as_str()),
        }
    }
}

/// A code as it may be kept: printable, short.
pub fn clean(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_graphic()).take(64).collect()
}

/// The number that says it, where it stands before the words, as Microsoft and others write it: "AADSTS90094: …".
pub fn number_in(words: &str) -> &str {
    let first = words.split([':', ' ', '\r', '\n']).next().unwrap_or_default();
    let is_number = first.len() <= 20
        && first.starts_with(|c: char| c.is_ascii_uppercase())
        && first.chars().filter(char::is_ascii_digit).count() >= 3;
    if is_number { first } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_before_the_words_is_told_with_the_code() {
        assert_eq!(number_in("AADSTS90094: The grant requires"), "AADSTS90094");
        assert_eq!(number_in("MSIS9612: The code"), "MSIS9612");
        for plain in ["The code 12345 is old", "", "E12", "12345: x", "Access denied"] {
            assert_eq!(number_in(plain), "", "{plain}");
        }
    }
}

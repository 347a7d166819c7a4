//! What a provider's answers mean. Raw codes are kept; their class is what a person is told by.

use crate::{class::Class, fault::TokenFault, kinds::Kind};

/// What a code means, at the authorization endpoint (RFC 6749 4.1.2.1, OpenID Connect Core
/// 3.1.2.6) or at the token endpoint (RFC 6749 5.2). `words` is the description beside it.
pub fn classify(kind: Kind, code: &str, words: &str) -> Class {
    // LINE writes capitals.
    let code = code.to_ascii_lowercase();
    if let Some(class) = kind.own_class(&code, words) {
        return class;
    }
    match code.as_str() {
        "access_denied" | "user_denied" => Class::Denied,
        "server_error" | "temporarily_unavailable" => Class::Trouble,
        "invalid_request"
        | "unauthorized_client"
        | "unsupported_response_type"
        | "invalid_scope"
        | "invalid_client"
        | "unsupported_grant_type"
        | "invalid_target"
        | "redirect_uri_mismatch"
        | "request_not_supported"
        | "request_uri_not_supported"
        | "registration_not_supported"
        | "invalid_request_uri"
        | "invalid_request_object"
        | "incorrect_client_credentials"
        | "application_suspended"
        | "unmet_authentication_requirements" => Class::Ours,
        "login_required" | "interaction_required" | "account_selection_required" => Class::WantsAct,
        "consent_required" => Class::WantsConsent,
        // GitHub says so with 200.
        "invalid_grant" | "bad_verification_code" => Class::Ticket,
        "invalid_token" => Class::Dead,
        "account_disabled" | "account_suspended" => Class::Frozen,
        _ => Class::Unknown,
    }
}

/// Whether an error that no standard knows says that the *code* is wrong, used up or too old: `invalid_code`, "code been
/// used", "This authorization code has expired".
fn is_of_the_code(code: &str, words: &str) -> bool {
    let said = format!("{code} {words}").to_ascii_lowercase();
    let parts: Vec<&str> = said.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    parts.contains(&"code")
        && ["invalid", "expired", "used", "incorrect", "bad", "wrong"].iter().any(|w| parts.contains(w))
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
    /// What it means.
    pub fn class(&self, kind: Kind) -> Class {
        match self {
            Self::Unreachable { .. } | Self::Unreadable { .. } => Class::Trouble,
            Self::Answered { status, .. } if *status >= 500 || *status == 429 => Class::Trouble,
            // An endpoint that leads elsewhere is not the one: redirects are not followed.
            Self::Answered { status, .. } if (300..400).contains(status) => Class::Ours,
            Self::Answered { endpoint, status, code, words } => match (endpoint, classify(kind, code, words)) {
                (Endpoint::Profile, Class::Unknown | Class::Dead) if *status == 401 => Class::Dead,
                (Endpoint::Profile, Class::Unknown | Class::Dead) if *status == 403 => Class::Ours,
                (Endpoint::Token, Class::Unknown) if *status == 401 => Class::Ours,
                (Endpoint::Token, Class::Unknown) if *status < 401 && is_of_the_code(code, words) => Class::Ticket,
                // Nobody is asked there: it cannot be the person who refuses.
                (Endpoint::Token, Class::Denied) => Class::Ours,
                (_, class) => class,
            },
            Self::IdToken(TokenFault::KeysUnreachable) => Class::Trouble,
            Self::IdToken(_) => Class::Ticket,
            Self::Blocked(_) | Self::Secret(_) | Self::Setup { .. } => Class::Ours,
            Self::Unknown(_) => Class::Trouble,
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

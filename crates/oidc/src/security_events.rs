//! What providers push: security event tokens (RFC 8417, RISC, CAEP), Apple's notifications,
//! and back-channel logout (OpenID Connect Back-Channel Logout 1.0).

use serde_json::Value;

use crate::{
    fault::TokenFault,
    identity::subject_of,
    jwt::{self, Claims},
    provider::Provider,
};

/// Events older than this are history; replays are remembered for longer. Seconds.
const OLDEST: i64 = 3 * 24 * 3_600;
/// A logout is for now (OpenID Connect Back-Channel Logout 1.0, 2.4: two minutes at most). Seconds.
const OLDEST_LOGOUT: i64 = 120;
const LEEWAY: i64 = 300;
const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What happened there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The person's sessions there were ended.
    SessionsRevoked,
    /// The person took our permission back.
    ConsentRevoked,
    /// The account is suspended.
    Disabled {
        /// Because somebody else has taken it over.
        hijacked: bool,
    },
    /// It is open again.
    Enabled,
    /// It is gone.
    Purged,
    /// Its owner should prove themselves anew.
    CredentialChangeRequired,
    /// Its address changed.
    IdentifierChanged,
    /// Mail to its relay address is no longer passed on.
    EmailDisabled,
    /// It is again.
    EmailEnabled,
    /// Signed out there.
    SignedOut,
    /// The provider tries the way.
    Verification,
    /// Something else.
    Other,
}

impl What {
    /// A word for keeping.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionsRevoked => "sessions_revoked",
            Self::ConsentRevoked => "consent_revoked",
            Self::Disabled { hijacked: true } => "disabled_hijacked",
            Self::Disabled { hijacked: false } => "disabled",
            Self::Enabled => "enabled",
            Self::Purged => "purged",
            Self::CredentialChangeRequired => "credential_change_required",
            Self::IdentifierChanged => "identifier_changed",
            Self::EmailDisabled => "email_disabled",
            Self::EmailEnabled => "email_enabled",
            Self::SignedOut => "signed_out",
            Self::Verification => "verification",
            Self::Other => "other",
        }
    }
}

/// One event, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub what: What,
    /// Who says so: of several tenants, the one.
    pub issuer: String,
    /// To whom.
    pub subject: Option<String>,
    /// In which of the provider's sessions.
    pub sid: Option<String>,
    /// What keeps it from being taken twice.
    pub jti: String,
    /// When it was written, in seconds since 1970.
    pub issued_at: i64,
}

impl Provider {
    /// Reads a pushed token. Its signature, issuer, audience and age are checked; whether it
    /// came before is for the caller to know, by `jti`.
    ///
    /// # Errors
    /// Why it is not believed.
    pub async fn read_events(&self, token: &str, now: i64) -> Result<Vec<Event>, TokenFault> {
        let claims: Claims = self.verify(token.trim(), false, now).await?;
        let issuer = self.token_issuer().await.map_err(|_| TokenFault::KeysUnreachable)?;
        jwt::check_parties(&self.plan, &issuer, &claims)?;
        // Each tenant is an issuer of its own.
        let issuer = claims.iss.clone().filter(|_| issuer.contains(jwt::TENANT)).unwrap_or_else(|| self.issuer());
        let issued_at = claims.iat.map(jwt::seconds).ok_or(TokenFault::Malformed)?;
        if issued_at > now + LEEWAY {
            return Err(TokenFault::FromTheFuture { by: issued_at.saturating_sub(now) });
        }
        if let Some(at) = claims.exp.map(jwt::seconds).filter(|at| *at < now - LEEWAY) {
            return Err(TokenFault::Expired { by: now.saturating_sub(at) });
        }
        let events = match &claims.events {
            Some(Value::Object(events)) => Value::Object(events.clone()),
            // Apple writes its one event as text.
            Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| TokenFault::Malformed)?,
            // An ID token is no event.
            _ => return Err(TokenFault::Malformed),
        };
        let jti = claims.jti.clone().filter(|jti| !jti.is_empty() && jti.len() <= 255).ok_or(TokenFault::Malformed)?;
        let logout = events.get(LOGOUT).is_some();
        // A token of one type is none of another (RFC 8725, 3.11). Who names none is older than the rule.
        let own = if logout { "logout+jwt" } else { "secevent+jwt" };
        if Self::type_of(token.trim()).is_some_and(|typ| typ != own && typ != "jwt") {
            return Err(TokenFault::Type);
        }
        if now - issued_at > if logout { OLDEST_LOGOUT } else { OLDEST } {
            return Err(TokenFault::TooOld);
        }
        // A logout token with a nonce may be an ID token in disguise (Back-Channel Logout 2.4).
        // By `sid` alone nobody is found here: no session of theirs is kept.
        if logout && (claims.nonce.is_some() || claims.sub.is_none()) {
            return Err(TokenFault::Malformed);
        }
        if let Some(kind) = events["type"].as_str() {
            let what = apple(kind);
            let subject = subject_of(&events["sub"]);
            return Ok(vec![Event { what, issuer, subject, sid: None, jti, issued_at }]);
        }
        let list = events.as_object().ok_or(TokenFault::Malformed)?;
        Ok(list
            .iter()
            .take(10)
            .map(|(uri, event)| Event {
                what: generic(uri, event),
                issuer: issuer.clone(),
                subject: self.subject_of(&claims, event, &issuer),
                sid: claims.sid.clone(),
                jti: jti.clone(),
                issued_at,
            })
            .collect())
    }

    /// Whom an event is about: RFC 9493, or RISC's older form, or the token's own subject.
    fn subject_of(&self, claims: &Claims, event: &Value, issuer: &str) -> Option<String> {
        let told = claims.sub_id.as_ref().unwrap_or(&event["subject"]);
        let told = if told["user"].is_object() { &told["user"] } else { told };
        match subject_of(&told["sub"]) {
            // Another issuer's subject is somebody else.
            Some(_) if told["iss"].as_str().is_some_and(|iss| iss != issuer && !self.is_issuer(iss)) => None,
            Some(sub) => Some(sub),
            None => claims.sub.clone(),
        }
    }

    fn is_issuer(&self, iss: &str) -> bool {
        iss == self.issuer() || (self.plan.issuer.is_none() && self.plan.kind.ways().issuer_aliases.contains(&iss))
    }
}

fn apple(kind: &str) -> What {
    match kind {
        "consent-revoked" => What::ConsentRevoked,
        "account-delete" | "account-deleted" => What::Purged,
        "email-disabled" => What::EmailDisabled,
        "email-enabled" => What::EmailEnabled,
        _ => What::Other,
    }
}

fn generic(uri: &str, event: &Value) -> What {
    if uri == LOGOUT {
        return What::SignedOut;
    }
    match uri.rsplit('/').next().unwrap_or_default() {
        "sessions-revoked" | "session-revoked" => What::SessionsRevoked,
        "tokens-revoked" | "token-revoked" | "consent-revoked" => What::ConsentRevoked,
        "account-disabled" => What::Disabled { hijacked: event["reason"].as_str() == Some("hijacking") },
        "account-enabled" => What::Enabled,
        "account-purged" => What::Purged,
        "account-credential-change-required" | "credential-change-required" => What::CredentialChangeRequired,
        "identifier-changed" => What::IdentifierChanged,
        "verification" => What::Verification,
        _ => What::Other,
    }
}

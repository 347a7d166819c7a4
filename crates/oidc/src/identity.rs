//! Who somebody is at a provider.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who somebody is at a provider. The key is issuer and subject, never the address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Who says so.
    pub issuer: String,
    /// Whom it calls so, for ever.
    pub subject: String,
    /// The address, as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the provider vouches for the address, and its word counts.
    #[serde(default)]
    pub email_verified: bool,
    /// A relay address that only the provider can deliver to (Apple).
    #[serde(default)]
    pub relay: bool,
    /// What the person is called there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the provider gave our former team to know the person by here, after the app has moved to
    /// another (Apple; for 60 days).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_subject: Option<String>,
    /// The provider's session, for sign-outs that it tells us of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// By which it can be asked whether the permission still holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<RefreshToken>,
}

/// A refresh token. It is kept sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RefreshToken(String);

impl RefreshToken {
    /// The token; `None` when no token can be so.
    pub fn parse(text: &str) -> Option<Self> {
        let fine = (1..=4_096).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        fine.then(|| Self(text.to_owned()))
    }

    /// The text, for sealing.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hidden]")
    }
}

/// Booleans may arrive as text (Apple, and others).
pub(crate) fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(value)) => *value,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}

/// Text for people: without controls and directions, short.
pub(crate) fn shown(text: &str) -> Option<String> {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let text: String = text.chars().filter(|c| !odd(*c)).take(60).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// An address as it may be an address.
pub(crate) fn address(text: &str) -> Option<String> {
    let fine = text.len() <= 254 && text.contains('@') && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    fine.then(|| text.to_owned())
}

/// A value that names somebody: a text, or a whole number.
#[allow(clippy::wildcard_enum_match_arm, reason = "another crate's enum")]
pub(crate) fn subject_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if !number.is_f64() => number.to_string(),
        _ => return None,
    };
    (!text.is_empty() && text.len() <= 255 && !text.chars().any(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_shown_and_odd_ones_are_none() {
        let token = RefreshToken::parse("secret-token").unwrap();
        assert_eq!(format!("{token:?}"), "[hidden]");
        for odd in ["", "a b", "a\nb", &"x".repeat(5_000)] {
            assert!(RefreshToken::parse(odd).is_none(), "{odd:?}");
        }
    }
}

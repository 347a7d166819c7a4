//! The public, unchangeable login ID and the skeleton by which look-alikes are one.

use crate::pasted::fold;

/// A valid login ID: 3 to 24 of `a-z 0-9 - _`, starting with a letter, lower-case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LoginId(String);

/// The form in which IDs that look alike are equal: `0=o`, `1=l=i`, `-=_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Skeleton(String);

/// Why a text is no login ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginIdError {
    /// Nothing was typed.
    Empty,
    /// Fewer than 3 characters.
    TooShort,
    /// More than 24 characters.
    TooLong,
    /// The first character is not a letter.
    FirstNotLetter,
    /// A character outside `a-z 0-9 - _`.
    Character,
    /// A word the service keeps for itself.
    Reserved,
}

impl LoginIdError {
    /// The message key of this error.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Empty => "error-login-id-empty",
            Self::TooShort => "error-login-id-short",
            Self::TooLong => "error-login-id-long",
            Self::FirstNotLetter => "error-login-id-first",
            Self::Character => "error-login-id-character",
            Self::Reserved => "error-login-id-reserved",
        }
    }
}

/// Words that would read as the service itself, or as a path of it.
const RESERVED: &[&str] = &[
    "about",
    "abuse",
    "account",
    "accounts",
    "admin",
    "administrator",
    "api",
    "app",
    "apps",
    "assets",
    "auth",
    "billing",
    "kagiya-self-check",
    "blog",
    "blogs",
    "check",
    "contact",
    "dashboard",
    "demo",
    "dev",
    "docs",
    "download",
    "everyone",
    "faq",
    "feed",
    "guest",
    "healthz",
    "help",
    "home",
    "host",
    "info",
    "json",
    "kagiya",
    "legal",
    "login",
    "logout",
    "mail",
    "metrics",
    "moderator",
    "mypage",
    "news",
    "nobody",
    "noreply",
    "no-reply",
    "null",
    "official",
    "operator",
    "owner",
    "password",
    "postmaster",
    "privacy",
    "readyz",
    "recover",
    "register",
    "repair",
    "root",
    "rss",
    "search",
    "secure",
    "security",
    "settings",
    "sign-in",
    "sign-out",
    "sign-up",
    "signin",
    "signout",
    "signup",
    "staff",
    "static",
    "status",
    "support",
    "system",
    "terms",
    "test",
    "undefined",
    "unlock",
    "user",
    "users",
    "webmaster",
    "well-known",
    "why",
    "www",
];

impl LoginId {
    /// Parses what a person typed: trimmed, NFKC, lower-cased, then checked.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn parse(typed: &str) -> Result<Self, LoginIdError> {
        let folded = fold(typed);
        let mut characters = folded.chars();
        let Some(first) = characters.next() else {
            return Err(LoginIdError::Empty);
        };
        if !folded.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_') {
            return Err(LoginIdError::Character);
        }
        if !first.is_ascii_lowercase() {
            return Err(LoginIdError::FirstNotLetter);
        }
        if folded.len() < 3 {
            return Err(LoginIdError::TooShort);
        }
        if folded.len() > 24 {
            return Err(LoginIdError::TooLong);
        }
        let skeleton = Skeleton::of(&folded);
        if RESERVED.iter().any(|word| Skeleton::of(word) == skeleton) {
            return Err(LoginIdError::Reserved);
        }
        Ok(Self(folded))
    }

    /// The ID as it is stored and shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which this ID is unique.
    pub fn skeleton(&self) -> Skeleton {
        Skeleton::of(&self.0)
    }
}

impl Skeleton {
    /// The skeleton of any text, valid ID or not.
    pub fn of(typed: &str) -> Self {
        Self(
            fold(typed)
                .chars()
                .map(|c| match c {
                    '0' => 'o',
                    '1' | 'i' => 'l',
                    '_' => '-',
                    other => other,
                })
                .collect(),
        )
    }

    /// The skeleton's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_and_refuses_by_the_rules() {
        for (typed, expected) in [
            ("hana-no_123", Ok("hana-no_123")),
            ("  Hana ", Ok("hana")),
            ("ｈａｎａ", Ok("hana")),
            ("", Err(LoginIdError::Empty)),
            ("ab", Err(LoginIdError::TooShort)),
            ("1abc", Err(LoginIdError::FirstNotLetter)),
            ("花子さん", Err(LoginIdError::Character)),
            ("a b c", Err(LoginIdError::Character)),
            ("admin", Err(LoginIdError::Reserved)),
            ("adm1n", Err(LoginIdError::Reserved)),
            ("aaaaaaaaaaaaaaaaaaaaaaaaa", Err(LoginIdError::TooLong)),
        ] {
            let parsed = LoginId::parse(typed);
            assert_eq!(parsed.as_ref().map(LoginId::as_str), expected.as_ref().copied(), "{typed:?}");
        }
    }

    #[test]
    fn look_alikes_share_a_skeleton() {
        assert_eq!(Skeleton::of("hello_w0rld"), Skeleton::of("heIl0-world"));
        assert_ne!(Skeleton::of("hana"), Skeleton::of("hama"));
    }
}

//! Passwords: normalised, judged, never printed.

use std::{collections::HashSet, fmt, io::Read, sync::LazyLock};

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

pub use crate::slip::Slip;
use crate::slip::{self, plain_punctuation};

/// Longest password in characters after NFKC.
pub const MAX_CHARACTERS: usize = 256;
/// Characters that the estimate of strength looks at.
const ESTIMATED: usize = 64;
/// Longest input in bytes that is looked at at all, before any hashing.
pub const MAX_BYTES: usize = 4_096;

/// A typed password after NFKC (NIST SP 800-63B-4 3.1.1.2), wiped from memory when dropped.
///
/// NFKC is applied when a password is set and when it is checked, so that
/// full-width typing equals half-width; nothing else is tolerated (ASVS 6.2.8).
#[derive(Clone)]
pub struct Password {
    text: Zeroizing<String>,
    slips: TypingSigns,
}

/// What the typed form itself shows, known before any check and free of the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TypingSigns {
    /// It has full-width letters, digits or blanks.
    pub full_width: bool,
    /// It begins or ends with white space.
    pub edge_space: bool,
    /// It has dashes or quotation marks that phones put in the place of those on the keys.
    pub punctuation: bool,
    /// It has kana or kanji, which a Japanese input method left behind.
    pub japanese: bool,
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// Why a text cannot be used as a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordError {
    /// Nothing was typed.
    Empty,
    /// Fewer characters than the setting asks for.
    TooShort,
    /// More than [`MAX_CHARACTERS`].
    TooLong,
    /// A control character such as NUL or a line break.
    Character,
    /// In the list of common and breached passwords.
    Common,
    /// Made of the login ID, the address or the name of the service.
    Personal,
    /// Guessable in too few tries by zxcvbn's estimate.
    Weak,
}

impl PasswordError {
    /// The message key of this error.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Empty => "error-password-empty",
            Self::TooShort => "error-password-short",
            Self::TooLong => "error-password-long",
            Self::Character => "error-password-character",
            Self::Common => "error-password-common",
            Self::Personal => "error-password-personal",
            Self::Weak => "error-password-weak",
        }
    }
}

impl Password {
    /// Takes a typed password for checking. `None` when it is empty or too long to be one.
    pub fn typed(raw: &str) -> Option<Self> {
        if raw.is_empty() || raw.len() > MAX_BYTES {
            return None;
        }
        let text: Zeroizing<String> = Zeroizing::new(raw.nfkc().collect());
        if text.chars().count() > MAX_CHARACTERS {
            return None;
        }
        let slips = TypingSigns {
            full_width: raw.chars().any(|c| !is_half_width_kana(c) && !c.nfkc().eq([c])),
            edge_space: raw.trim() != raw,
            punctuation: raw.chars().any(|c| plain_punctuation(c) != Some(c) || c == '\u{2026}'),
            japanese: text.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')),
        };
        Some(Self { text, slips })
    }

    /// The normalised bytes that are hashed.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// What the typed form shows.
    pub fn signs(&self) -> TypingSigns {
        self.slips
    }

    /// Judges a password that is about to be set: [`Password::fit`], then [`Password::withstand`].
    ///
    /// # Errors
    /// The first rule it breaks (NIST SP 800-63B-4 3.1.1.2, ASVS 6.2.1–6.2.12).
    pub fn judge(raw: &str, context: &[&str], policy: Policy) -> Result<Self, PasswordError> {
        let password = Self::fit(raw, policy)?;
        password.withstand(context, policy)?;
        Ok(password)
    }

    /// What can be judged in no time: length and characters.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn fit(raw: &str, policy: Policy) -> Result<Self, PasswordError> {
        if raw.is_empty() {
            return Err(PasswordError::Empty);
        }
        let Some(password) = Self::typed(raw) else {
            return Err(PasswordError::TooLong);
        };
        if password.text.chars().any(char::is_control) {
            return Err(PasswordError::Character);
        }
        if password.text.chars().count() < policy.min_characters {
            return Err(PasswordError::TooShort);
        }
        Ok(password)
    }

    /// Whether it withstands guessing. This takes up to some milliseconds: never on a thread that answers others.
    ///
    /// `context` holds words an attacker would try first: login ID, address, service name.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn withstand(&self, context: &[&str], policy: Policy) -> Result<(), PasswordError> {
        let password = self;
        let lower = Zeroizing::new(password.text.to_lowercase());
        if COMMON.contains(lower.as_str()) {
            return Err(PasswordError::Common);
        }
        let words: Vec<String> = context
            .iter()
            .flat_map(|word| word.split(['@', '.']).map(str::to_lowercase).chain([word.to_lowercase()]))
            .filter(|word| word.len() >= 3)
            .collect();
        if words.iter().any(|word| lower.as_str() == word || lower.replace(word.as_str(), "").chars().count() < 4) {
            return Err(PasswordError::Personal);
        }
        let inputs: Vec<&str> = words.iter().map(String::as_str).collect();
        // zxcvbn's time grows with the square of the length; the first characters decide.
        let head: Zeroizing<String> = Zeroizing::new(password.text.chars().take(ESTIMATED).collect());
        if zxcvbn::zxcvbn(&head, &inputs).guesses_log10() < policy.min_guesses_log10 {
            return Err(PasswordError::Weak);
        }
        Ok(())
    }

    /// The texts that would have been right had a hand slipped in one of the known ways, the likeliest first: at most
    /// [`slip::MOST`], none the same as what was typed. Used after the answer, to name the slip; never accepted.
    ///
    /// How many there are follows from what was typed alone, so every refusal of it costs the same hashes.
    pub fn slip_candidates(&self) -> Vec<(Vec<Slip>, Password)> {
        let found = slip::candidates(&self.text).into_iter();
        found.filter_map(|(slips, text)| Some((slips, Self::typed(&text)?))).collect()
    }
}

/// What a new password must satisfy.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Fewest characters; 8 by default, 15 where NIST's single-factor length is wanted.
    pub min_characters: usize,
    /// Fewest guesses by zxcvbn, as a power of ten.
    pub min_guesses_log10: f64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { min_characters: 8, min_guesses_log10: 6.0 }
    }
}

static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let mut text = String::new();
    let packed: &[u8] = include_bytes!("../data/common-passwords.txt.gz");
    // The list is part of the program; a test proves that it unpacks.
    let _ = flate2::read::GzDecoder::new(packed).read_to_string(&mut text);
    let text: &'static str = Box::leak(text.into_boxed_str());
    text.lines().collect()
});

/// Half-width katakana, which old forms asked for.
fn is_half_width_kana(c: char) -> bool {
    matches!(c, '\u{ff61}'..='\u{ff9f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(raw: &str) -> Result<Password, PasswordError> {
        Password::judge(raw, &["hana-no-blog", "hana@example.jp", "Kagiya"], Policy::default())
    }

    #[test]
    fn judges_new_passwords() {
        assert!(COMMON.len() > 15_000);
        for (raw, expected) in [
            ("", PasswordError::Empty),
            ("short1!", PasswordError::TooShort),
            ("password123", PasswordError::Common),
            ("ｐａｓｓｗｏｒｄ１２３", PasswordError::Common),
            ("hana-no-blog", PasswordError::Personal),
            ("hana-no-blog12", PasswordError::Personal),
            ("kwkwkwkwkwkw", PasswordError::Weak),
            ("nul\0inside-here", PasswordError::Character),
        ] {
            assert_eq!(judge(raw).err(), Some(expected), "{raw:?}");
        }
        assert_eq!(judge(&"x".repeat(5_000)).err(), Some(PasswordError::TooLong));
        for raw in ["correct horse battery", "桜の下でおにぎりを食べる", "vT9#mmqk2", &"long enough 9 ".repeat(18)]
        {
            assert!(judge(raw).is_ok(), "{raw:?} {:?}", judge(raw));
        }
    }

    #[test]
    fn half_width_katakana_is_no_full_width() {
        let signs = Password::typed("ﾊﾅﾉﾌﾞﾛｸﾞ").unwrap().signs();
        assert!(signs.japanese && !signs.full_width);
        let signs = Password::typed("hana　no").unwrap().signs();
        assert!(signs.full_width && !signs.japanese);
    }

    #[test]
    fn full_width_equals_half_width_and_nothing_is_printed() {
        let wide = Password::typed("Ｓｅｃｒｅｔ１２３").unwrap();
        assert_eq!(wide.as_bytes(), b"Secret123");
        assert!(wide.signs().full_width);
        assert_eq!(format!("{wide:?}"), "[hidden]");
    }
}

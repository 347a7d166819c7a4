//! Six-digit codes that travel by mail.

use unicode_normalization::UnicodeNormalization;

use crate::{
    pasted::{dash, is_invisible},
    time::Span,
};

/// Longest line with a code in it that is read.
const MAX_BYTES: usize = 512;
/// How long a mailed code is good for (ASVS 6.5.5).
pub const LIFE: Span = Span::minutes(10);
/// Tries a mailed code allows before it is dead.
pub const TRIES: i64 = 5;
/// Wait before another mail may be asked for, shown to the person.
pub const RESEND_WAIT: Span = Span::seconds(60);
/// Wrong codes of strangers that an account takes over all flows together in [`CAP_WINDOW`].
pub const ACCOUNT_CAP: i64 = 20;
/// And in a day, so that guessing for a year gains little: see the decision on what strangers can stop.
pub const ACCOUNT_DAY_CAP: i64 = 60;
/// A network with fewer wrong codes for an account than this is not the stranger's.
pub const QUIET_NETWORK: i64 = 2;
/// The window of [`ACCOUNT_CAP`].
pub const CAP_WINDOW: Span = Span::hours(1);
/// Mails one person gets in [`CAP_WINDOW`] over all kinds, whoever asks for them.
pub const MAIL_CAP: i64 = 20;
/// Of these, what one network may ask for.
pub const NETWORK_MAILS: i64 = 5;
/// Kept back beyond the cap for a network that has asked for none.
pub const QUIET_MAILS: i64 = 1;
/// What a browser that the account knows may ask for, beside all caps.
pub const DEVICE_MAILS: i64 = 20;

/// A code of six digits. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code([u8; 6]);

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hidden]")
    }
}

impl Code {
    /// Reads a typed code: full-width digits, blanks and hyphens are accepted.
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > MAX_BYTES {
            return None;
        }
        let text: String = typed.nfkc().map(plain_digit).filter(|c| !is_invisible(*c)).collect();
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| !separates(*c))
            .map(meant)
            .map(|c| u8::try_from(c).ok().filter(u8::is_ascii_digit))
            .collect::<Option<_>>()
            .unwrap_or_else(|| alone(&text));
        Some(Self(digits.try_into().ok()?))
    }

    /// A code from eight random bytes; the bias of the remainder is below 2⁻⁴³.
    pub fn from_random(bytes: [u8; 8]) -> Self {
        let mut rest = u64::from_le_bytes(bytes) % 1_000_000;
        let mut digits = [b'0'; 6];
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        Self(digits)
    }

    /// The digits, as they are mailed and hashed.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The zeros of all scripts, each followed by its nine (UnicodeData, general category Nd), but for those that NFKC reads.
const ZEROS: &[u32] = &[
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
    0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450,
    0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50,
    0x1e140, 0x1e2f0, 0x1e4f0, 0x1e950,
];

/// A digit of any script as the one that is meant.
fn plain_digit(c: char) -> char {
    let value = ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(*zero).filter(|value| *value < 10));
    value.and_then(|value| char::from_digit(value, 10)).unwrap_or(c)
}

/// The digit that a letter was read as, where nothing but digits can stand.
fn meant(c: char) -> char {
    match c {
        'O' | 'o' => '0',
        'I' | 'l' | '|' => '1',
        other => other,
    }
}

/// The one code in a line that was copied whole: "認証コード: 012345", "Your code is 012 345."
fn alone(text: &str) -> Vec<u8> {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let groups: Vec<&str> = parts.filter(|part| part.bytes().all(|b| b.is_ascii_digit())).collect();
    let six: Vec<&&str> = groups.iter().filter(|group| group.len() == 6).collect();
    match (six.as_slice(), groups.as_slice()) {
        ([one], _) => one.bytes().collect(),
        ([], [first, second]) if first.len() == 3 && second.len() == 3 => {
            let between =
                text.split_once(first).and_then(|(_, rest)| rest.split_once(second)).map(|(between, _)| between);
            let near = between.is_some_and(|between| between.chars().all(separates));
            if near { first.bytes().chain(second.bytes()).collect() } else { Vec::new() }
        }
        _ => Vec::new(),
    }
}

/// What people and mails put between the halves of a code.
fn separates(c: char) -> bool {
    c.is_whitespace() || dash(c) == '-' || matches!(c, '.' | '\u{b7}' | '\u{30fb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_codes_as_people_type_them() {
        for typed in [
            "012345",
            "０１２３４５",
            " 012 345 ",
            "012-345",
            "０１２　３４５",
            "認証コード：012345",
            "Your code is 012345.",
            "012345。",
            "٠١٢٣٤٥",
            "०१२३४५",
            "012–345",
            "コード「０１２３４５」",
            "Code: 012 345",
            "認証コード 012-345 です",
            "012・345",
            "【鍵屋】認証コード：012345(10分間有効です。だれにも教えないでください)",
            "០១២៣៤៥",
            "༠༡༢༣༤༥",
            "෦෧෨෩෪෫",
        ] {
            assert_eq!(Code::parse(typed).unwrap().as_str(), "012345", "{typed}");
        }
        for typed in [
            "",
            "12345",
            "1234567",
            "abcdef",
            "12345a",
            "①②③④⑤⑥a",
            "012345 or 543210",
            "code: 1234567",
            "012 or 345",
            "012 345 678",
        ] {
            assert!(Code::parse(typed).is_none(), "{typed}");
        }
        assert_eq!(Code::from_random([0; 8]).as_str(), "000000");
        assert_eq!(Code::from_random(1_234_567_u64.to_le_bytes()).as_str(), "234567");
    }
}

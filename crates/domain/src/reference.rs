//! The reference of an attempt: what a member can read out to support.

use std::fmt;

/// 31 characters without look-alikes: no `0 O 1 I L`.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// Eight characters in two groups, such as `K7Q4-9XMD`; about 40 bits. Alone it opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference(String);

impl Reference {
    /// A reference from sixteen random bytes.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let mut rest = u128::from_le_bytes(bytes);
        let mut text = String::with_capacity(9);
        for place in 0..8 {
            if place == 4 {
                text.push('-');
            }
            let index = usize::try_from(rest % 31).unwrap_or(0);
            text.push(char::from(ALPHABET[index]));
            rest /= 31;
        }
        Self(text)
    }

    /// Reads a reference as people write it: any case, with or without the hyphen.
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > 64 {
            return None;
        }
        let folded = crate::pasted::fold(typed).to_uppercase();
        let characters: String = folded.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        if characters.len() != 8 || !characters.bytes().all(|b| ALPHABET.contains(&b)) {
            return None;
        }
        let (head, tail) = characters.split_at(4);
        Some(Self(format!("{head}-{tail}")))
    }

    /// The reference's text with its hyphen.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_writes_however_it_is_typed() {
        let reference = Reference::from_random([0xa7; 16]);
        let text = reference.as_str().to_owned();
        for typed in [text.clone(), text.to_lowercase(), text.replace('-', ""), format!(" {} ", text.replace('-', " "))]
        {
            assert_eq!(Reference::parse(&typed).as_ref(), Some(&reference), "{typed}");
        }
        for typed in ["", "K7Q4-9XM", "K7Q4-9XM0", "../../etc", "K7Q4-9XMDX"] {
            assert_eq!(Reference::parse(typed), None, "{typed}");
        }
    }
}

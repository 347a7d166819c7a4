//! E-mail addresses as people in Japan really have them.

use crate::pasted::{self, dash, fold, is_invisible};

/// A syntactically deliverable e-mail address.
///
/// Dots in odd places (`a..b@`, `a.@`), which RFC 5321 forbids in an unquoted
/// local part but Japanese carriers issued until 2009, are accepted and marked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    local: String,
    domain: String,
}

/// Why a text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailError {
    /// Nothing was typed.
    Empty,
    /// Longer than 254 octets (RFC 5321 4.5.3.1.3 less the brackets).
    TooLong,
    /// No `@`, no local part, or no domain with a dot.
    Shape,
    /// A character no mail server would take.
    Character,
}

impl EmailError {
    /// The message key of this error.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Empty => "error-email-empty",
            Self::TooLong => "error-email-long",
            Self::Shape => "error-email-shape",
            Self::Character => "error-email-character",
        }
    }
}

impl EmailAddress {
    /// Parses what a person typed; full-width input and blanks around are cured.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn parse(typed: &str) -> Result<Self, EmailError> {
        use unicode_normalization::UnicodeNormalization;
        if typed.len() > 4_096 {
            return Err(EmailError::TooLong);
        }
        let text: String = typed.trim().nfkc().filter(|c| !is_invisible(*c)).collect();
        // Nor what stands for a control character where it is shown: no label before an address has any.
        if text.chars().any(|c| c.is_control() || matches!(c, '\u{2400}'..='\u{2426}')) {
            return Err(EmailError::Character);
        }
        let text = pasted::address(&text);
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        if text.len() > 254 {
            return Err(EmailError::TooLong);
        }
        let Some((local, domain)) = text.rsplit_once('@') else {
            return Err(EmailError::Shape);
        };
        // Kept as mail is sent to it; names in other scripts have such a form (RFC 5891).
        let domain = ascii_domain(domain).ok_or(EmailError::Character)?;
        let local: String = local.chars().map(|c| if c == '\u{301c}' { '~' } else { dash(c) }).collect();
        if local.is_empty() || local.len() > 64 || !domain.contains('.') {
            return Err(EmailError::Shape);
        }
        let atext = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
        if !local.chars().all(atext) {
            return Err(EmailError::Character);
        }
        for label in domain.split('.') {
            if label.is_empty() || label.len() > 63 || label.starts_with('-') || label.ends_with('-') {
                return Err(EmailError::Shape);
            }
            if !label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                return Err(EmailError::Character);
            }
        }
        Ok(Self { local, domain })
    }

    /// The address as mail is sent to it.
    pub fn as_string(&self) -> String {
        format!("{}@{}", self.local, self.domain)
    }

    /// The address as its owner reads and writes it: a name in another script in its own letters.
    pub fn shown(&self) -> String {
        match idna::domain_to_unicode(&self.domain) {
            (domain, Ok(())) => format!("{}@{domain}", self.local),
            (_, Err(_)) => self.as_string(),
        }
    }

    /// The form under which an address is unique here: lower-case throughout.
    pub fn key(&self) -> String {
        self.as_string().to_lowercase()
    }

    /// The domain, lower-case.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Whether the local part breaks RFC 5321's dot rules, so that some senders refuse it.
    pub fn is_unusual(&self) -> bool {
        self.local.starts_with('.') || self.local.ends_with('.') || self.local.contains("..")
    }

    /// `h•••@e•••.jp`: enough to recognise one's own, too little to learn another's.
    pub fn masked(&self) -> String {
        let first = |s: &str| s.chars().next().map(String::from).unwrap_or_default();
        let shown = self.shown();
        let domain = shown.rsplit('@').next().unwrap_or_default();
        let top = domain.rsplit('.').next().unwrap_or_default();
        format!("{}•••@{}•••.{}", first(&self.local), first(domain), top)
    }

    /// The domain that was probably meant, when this one is one slip away from a common one.
    pub fn likely_typo(&self) -> Option<String> {
        if COMMON_DOMAINS.contains(&self.domain.as_str()) {
            return None;
        }
        COMMON_DOMAINS
            .iter()
            .find(|common| one_slip(&self.domain, common))
            .map(|common| format!("{}@{common}", self.local))
    }
}

/// A domain in ASCII, whatever script it was typed in, and whatever dot stands between its parts (RFC 3490, 3.1).
fn ascii_domain(typed: &str) -> Option<String> {
    let typed: String = typed
        .chars()
        .map(|c| if matches!(c, '\u{3002}' | '\u{ff61}') { '.' } else { dash_between(c, typed) })
        .collect();
    if typed.is_ascii() {
        return Some(typed.to_ascii_lowercase());
    }
    idna::domain_to_ascii(&typed).ok()
}

/// In a name of another script the long vowel mark is a letter.
fn dash_between(c: char, domain: &str) -> char {
    let letters = domain.chars().filter(|c| c.is_alphabetic() && *c != '\u{30fc}');
    if letters.clone().all(|c| c.is_ascii()) { dash(c) } else { c }
}

/// A kept address as its owner reads it.
pub fn shown(kept: &str) -> String {
    EmailAddress::parse(kept).map_or_else(|_| kept.to_owned(), |address| address.shown())
}

/// The key under which a typed address would be found; `None` when it is no address.
pub fn lookup_key(typed: &str) -> Option<String> {
    EmailAddress::parse(&fold(typed)).ok().map(|address| address.key())
}

const COMMON_DOMAINS: &[&str] = &[
    "gmail.com",
    "yahoo.co.jp",
    "yahoo.com",
    "ymail.ne.jp",
    "docomo.ne.jp",
    "ezweb.ne.jp",
    "au.com",
    "softbank.ne.jp",
    "i.softbank.jp",
    "icloud.com",
    "me.com",
    "mac.com",
    "outlook.com",
    "outlook.jp",
    "hotmail.com",
    "hotmail.co.jp",
    "live.jp",
    "nifty.com",
    "biglobe.ne.jp",
    "ocn.ne.jp",
    "rakuten.jp",
    "ymobile.ne.jp",
    "uqmobile.jp",
    "live.com",
    "excite.co.jp",
    "infoseek.jp",
    "msn.com",
    "aol.com",
];

/// One insertion, deletion, substitution or swap of neighbours apart.
/// Very short domains are left alone: `me.com` is one slip from too much.
fn one_slip(typed: &str, meant: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (typed.chars().collect(), meant.chars().collect());
    if b.len() < 8 || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let prefix = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let suffix = a[prefix..].iter().rev().zip(b[prefix..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (rest_a, rest_b) = (&a[prefix..a.len() - suffix], &b[prefix..b.len() - suffix]);
    match (rest_a.len(), rest_b.len()) {
        (0, 1) | (1, 0) | (1, 1) => true,
        (2, 2) => rest_a[0] == rest_b[1] && rest_a[1] == rest_b[0],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_addresses_people_have() {
        for (typed, key, unusual) in [
            ("Hana@Example.JP", "hana@example.jp", false),
            (" ｈａｎａ＠ｅｘａｍｐｌｅ．ｊｐ ", "hana@example.jp", false),
            ("da..me@docomo.ne.jp", "da..me@docomo.ne.jp", true),
            ("dame.@docomo.ne.jp", "dame.@docomo.ne.jp", true),
            ("a+tag@example.co.jp", "a+tag@example.co.jp", false),
            ("hana@example。com", "hana@example.com", false),
            ("‹hana@example.jp›", "hana@example.jp", false),
            ("<mailto:hana@example.jp>", "hana@example.jp", false),
            ("mailto:hana@example.jp", "hana@example.jp", false),
            ("「hana@example.jp」", "hana@example.jp", false),
            ("hana@example.jp.", "hana@example.jp", false),
            ("hana@example.jp。", "hana@example.jp", false),
            ("ha−na@exam‐ple.jp", "ha-na@exam-ple.jp", false),
            ("Hana <hana@example.jp>", "hana@example.jp", false),
            ("mailto:hana@example.jp?subject=a@b", "hana@example.jp", false),
            ("E-mail: hana@example.jp", "hana@example.jp", false),
            ("メール：hana@example.jp", "hana@example.jp", false),
            ("«hana@example.jp»", "hana@example.jp", false),
            ("ha⸺na@example.jp", "ha-na@example.jp", false),
            ("user@例え.jp", "user@xn--r8jz45g.jp", false),
            ("user@サーバー.jp", "user@xn--vckucxgb.jp", false),
        ] {
            let address = EmailAddress::parse(typed).unwrap();
            assert_eq!((address.key().as_str(), address.is_unusual()), (key, unusual), "{typed}");
        }
    }

    #[test]
    fn refuses_what_no_server_would_take() {
        for typed in [
            "",
            "hana",
            "@example.jp",
            "hana@",
            "hana@localhost",
            "ha na@example.jp",
            "h@ex..jp",
            "h\r\nBcc:x@example.jp",
            "\u{240d}\u{240a}Bcc: x@example.jp",
            "Bcc: x@example.jp",
            "花@example.jp",
        ] {
            assert!(EmailAddress::parse(typed).is_err(), "{typed:?}");
        }
    }

    #[test]
    fn asks_about_likely_slips_of_the_domain() {
        for (typed, meant) in [
            ("a@gmial.com", Some("a@gmail.com")),
            ("a@docomo.ne.jpp", Some("a@docomo.ne.jp")),
            ("a@gmail.co", Some("a@gmail.com")),
            ("a@gmail.com", None),
            ("a@example.jp", None),
            ("a@hotmail.com", None),
        ] {
            assert_eq!(EmailAddress::parse(typed).unwrap().likely_typo().as_deref(), meant, "{typed}");
        }
    }
}

//! What a person typed into the "ID or e-mail" field, understood.

use crate::{
    email,
    login_id::Skeleton,
    pasted::{self, fold, is_invisible},
};

/// Longest text looked at; longer input is refused before this.
pub const MAX_BYTES: usize = 1_024;

/// A login as typed: an ID, an e-mail address, or the pasted blog URL that ends in the ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// Looked up by skeleton, so that look-alikes simply work.
    Id(Skeleton),
    /// Looked up by the address in lower case.
    Email(String),
}

/// What the typed form of the login shows, free of any account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoginSigns {
    /// It was a pasted URL.
    pub url: bool,
    /// It cannot be an ID nor an address of any account: a display name, perhaps.
    pub impossible: bool,
}

/// What was typed, as it is read: trimmed, half-width, in lower case.
pub fn folded(typed: &str) -> String {
    fold(typed)
}

/// What was typed without blanks around it and without what cannot be seen, which pasting brings along: neither is part
/// of any login.
pub fn bare(typed: &str) -> String {
    typed.trim().chars().filter(|c| !is_invisible(*c)).collect::<String>().trim().to_owned()
}

/// Whether there is something in it that no login has and no database keeps: a NUL, or what stands for bytes that are
/// no text.
pub fn is_unreadable(typed: &str) -> bool {
    typed.contains(['\0', '\u{fffd}'])
}

/// Whether nothing is left of what was typed once it is folded: blanks, or what cannot be seen.
pub fn is_blank(typed: &str) -> bool {
    fold(typed).is_empty()
}

impl Login {
    /// Understands a typed login. Never fails: what cannot be an account finds none.
    pub fn parse(typed: &str) -> (Self, LoginSigns) {
        let folded = fold(typed);
        if let Some(id) = id_of_url(&folded) {
            let login = Self::Id(Skeleton::of(&id));
            return (login, LoginSigns { url: true, impossible: !may_be_id(&id) });
        }
        if folded.contains('@') {
            // People put an @ before an ID, as elsewhere.
            if let Some(handle) = folded.strip_prefix('@') {
                return (Self::Id(Skeleton::of(handle)), LoginSigns { url: false, impossible: !may_be_id(handle) });
            }
            return match email::lookup_key(&folded) {
                Some(key) => (Self::Email(key), LoginSigns::default()),
                None => (Self::Email(folded), LoginSigns { url: false, impossible: true }),
            };
        }
        let bare = pasted::labelled_id(&folded);
        (Self::Id(Skeleton::of(bare)), LoginSigns { url: false, impossible: !may_be_id(bare) })
    }

    /// One text per login, the same for every way to write it; the key of counters.
    pub fn canonical(&self) -> String {
        match self {
            Self::Id(skeleton) => format!("id:{}", skeleton.as_str()),
            Self::Email(key) => format!("email:{key}"),
        }
    }
}

/// Whether an ID may look like this, also one that is taken for another: `1ana`.
fn may_be_id(folded: &str) -> bool {
    (3..=24).contains(&folded.len())
        && folded.starts_with(|c: char| c.is_ascii_alphanumeric())
        && folded.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// `https://example.jp/hana/…` or `example.jp/hana` gives `hana`.
fn id_of_url(folded: &str) -> Option<String> {
    let (scheme, rest) = match folded.split_once("://") {
        Some(("http" | "https", rest)) => (true, rest),
        Some(_) => return None,
        None => (false, folded),
    };
    let (host, path) = rest.split_once('/')?;
    if !scheme && (!host.contains('.') || host.contains('@')) {
        return None;
    }
    let first = path.split(['/', '?', '#']).find(|part| !part.is_empty())?;
    Some(first.strip_prefix('@').unwrap_or(first).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn understands_what_people_type() {
        let id = |s: &str| Login::Id(Skeleton::of(s));
        for (typed, expected) in [
            ("hana", id("hana")),
            (" HANA ", id("hana")),
            ("ｈａｎａ", id("hana")),
            ("@hana", id("hana")),
            ("ログインID: hana", id("hana")),
            ("ログインＩＤ：ｈａｎａ", id("hana")),
            ("ユーザーID:hana", id("hana")),
            ("ID: hana", id("hana")),
            ("Login ID: “hana”", id("hana")),
            ("note: hana", id("note: hana")),
            ("https://ameblo.jp/hana/", id("hana")),
            ("https://ameblo.jp/hana/entry-123.html", id("hana")),
            ("ameblo.jp/hana", id("hana")),
            ("HTTPS://EXAMPLE.JP/HANA?x=1", id("hana")),
            ("“hana”", id("hana")),
            ("「hana」。", id("hana")),
            ("ha—na", id("ha-na")),
            ("ha⁃na", id("ha-na")),
            ("Hana@Example.jp", Login::Email("hana@example.jp".into())),
            ("Hana <hana@example.jp>", Login::Email("hana@example.jp".into())),
            ("mailto:hana@example.jp?subject=a/b", Login::Email("hana@example.jp".into())),
        ] {
            assert_eq!(Login::parse(typed).0, expected, "{typed}");
        }
        assert!(Login::parse("花のブログ").1.impossible);
        assert!(Login::parse("a@@b").1.impossible);
        assert!(!Login::parse("1ana").1.impossible);
    }
}

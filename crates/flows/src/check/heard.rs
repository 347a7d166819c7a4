//! Words that somebody read on a screen, here or at a provider, and the causes that they speak of.

use std::{collections::BTreeSet, sync::LazyLock};

use kagiya_domain::{Audience, Cause, Evidence, diagnosis::diagnose, screen::Screen};
use kagiya_text::{Arg, Lang, Letters, Words, help_text};

use crate::external::facts;

/// As many letters of a paste as are looked at.
const LONGEST: usize = 500;
/// As many causes as are named.
const MOST: usize = 5;
/// How much of what was read has to stand in a text of ours, or the other way about.
const NEAR: f32 = 0.6;
/// The same where a provider's code says already what it is.
const NEARER: f32 = 0.8;

/// A cause that what was read speaks of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heard {
    /// The cause.
    pub cause: Cause,
    /// The provider whose words they are; nobody's where they are ours.
    pub provider: Option<&'static str>,
}

struct Text {
    letters: Letters,
    /// It is said in these very words; otherwise it is written about.
    said: bool,
    cause: Cause,
}

/// All texts that speak of a cause, in both languages.
static TEXTS: LazyLock<Vec<Text>> = LazyLock::new(|| {
    let words = Words::shared();
    let mut all = Vec::new();
    for lang in Lang::ALL {
        let word = if lang == Lang::Ja { "ログインID" } else { "login ID" };
        let args = [("word", Arg::from(word)), ("service", Arg::from("")), ("provider", Arg::from(""))];
        let mut add = |text: &str, said: bool, cause: Cause| all.push(Text { letters: Letters::of(text), said, cause });
        for cause in Cause::ALL {
            for part in ["title", "lead"] {
                add(&words.format(lang, &format!("cause-{}-{part}", cause.key()), &args), true, cause);
            }
            add(&help_text(lang, cause.slug()).unwrap_or_default(), false, cause);
        }
        add(&words.format(lang, "verdict-credentials-title", &args), true, Cause::Password);
        for key in Words::keys(lang).iter().filter(|key| key.starts_with("screen-")) {
            let said = words.format(lang, key, &args);
            let id = key.trim_start_matches("screen-").replace('-', "_");
            if let Some(screen) = Screen::ALL.iter().find(|screen| id.ends_with(screen.id())) {
                add(&said, true, cause_of(Evidence::SawThere { screen: *screen }));
            }
        }
    }
    all
});

/// Reads them before anybody asks.
pub fn prepare() {
    LazyLock::force(&TEXTS);
}

/// The cause that one fact speaks for, to whoever stands before the browser.
fn cause_of(fact: Evidence) -> Cause {
    diagnose(&[fact], Audience::Provider).cause
}

/// What a text that somebody read speaks of: error codes of providers exactly, sentences as far as they are alike.
/// Looks at no account and at no attempt.
pub fn look_up(text: &str) -> Vec<Heard> {
    let text: String = text.chars().take(LONGEST).collect();
    let said = |(name, class)| Heard { cause: cause_of(facts::of_class(class, String::new())), provider: Some(name) };
    let mut all: Vec<Heard> = kagiya_oidc::heard(&text).into_iter().map(said).collect();
    let enough = if all.is_empty() { NEAR } else { NEARER };
    let read = Letters::of(&text);
    let near = |known: &Text| {
        // A paste holds the sentence and more; a few words stand in a long text.
        let score = if known.said {
            known.letters.share_in(&read).max(read.share_in(&known.letters))
        } else {
            read.share_in(&known.letters) * 0.9
        };
        (score >= enough).then_some((score, known.cause))
    };
    let mut alike: Vec<(f32, Cause)> = TEXTS.iter().filter_map(near).collect();
    alike.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    all.extend(alike.into_iter().map(|(_, cause)| Heard { cause, provider: None }));
    let mut named = BTreeSet::new();
    all.retain(|heard| heard.cause != Cause::Undetermined && named.insert(heard.cause));
    all.truncate(MOST);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Option<Cause> {
        look_up(text).first().map(|heard| heard.cause)
    }

    #[test]
    fn what_is_read_here_is_found_in_both_languages_and_with_a_slip() {
        assert_eq!(first("ログインIDまたはパスワードが違います"), Some(Cause::Password));
        assert_eq!(first("エラー: ログインIDまたはパスワードが違いま"), Some(Cause::Password));
        assert_eq!(first("Cookieが保存されていません"), Some(Cause::BrowserCookieBlocked));
        assert_eq!(first("your browser does not keep this site's cookies"), Some(Cause::BrowserCookieBlocked));
        assert_eq!(first("確認コードのメールが届かない"), Some(Cause::CodeUndelivered));
    }

    #[test]
    fn what_is_read_at_a_provider_is_found_by_its_code_and_by_its_words() {
        assert_eq!(first("エラー 403: disallowed_useragent"), Some(Cause::BrowserInApp));
        assert_eq!(first("Error 400: redirect_uri_mismatch"), Some(Cause::ExternalConfig));
        assert_eq!(first("アカウントは凍結されています"), Some(Cause::ExternalFrozen));
        let admin = look_up("AADSTS90094 The grant requires admin permission");
        assert_eq!(
            admin.first().map(|h| (h.cause, h.provider)),
            Some((Cause::ExternalPolicy, Some("Microsoft Entra")))
        );
    }

    #[test]
    fn a_number_is_no_code_by_itself() {
        assert_eq!(first("3回試したけれどパスワードが違いますと出る"), Some(Cause::Password));
        assert_eq!(look_up("I tried 4 times: wrong password").first().and_then(|heard| heard.provider), None);
    }

    #[test]
    fn what_speaks_of_nothing_here_finds_nothing() {
        for text in
            ["", "あ", "1", "10 回", "32 100 190", "今日の天気", "送料はいくらですか", "x", "%%%", &"や".repeat(9_000)]
        {
            assert!(look_up(text).is_empty(), "{text:.40}: {:?}", look_up(text));
        }
    }
}

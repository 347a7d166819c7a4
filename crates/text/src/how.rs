//! How to do what is done in a browser, a system, an app or a mailbox: data, in `help/how/`. The words are those of the
//! menus, of the version that is named.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::{help::Help, words::Lang};

/// Words in both languages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Both {
    ja: String,
    en: String,
}

impl Both {
    /// Those of a language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ja => &self.ja,
            Lang::En => &self.en,
        }
    }
}

/// The steps in one browser, system, app or mailbox.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guide {
    /// Its name in addresses.
    pub id: String,
    /// The browser's family; any where it does not matter.
    browser: Option<String>,
    /// The system; `desktop` is each that is no phone's; any where it does not matter.
    system: Option<String>,
    /// The app whose view it is.
    app: Option<String>,
    /// The mailboxes, by domain.
    #[serde(default)]
    mail: Vec<String>,
    /// What it is called.
    pub name: Both,
    /// The version whose menu words these are.
    pub version: String,
    /// Where they are written down.
    pub source: String,
    ja: Vec<String>,
    en: Vec<String>,
}

impl Guide {
    /// The steps; words of menus stand in brackets.
    pub fn steps(&self, lang: Lang) -> &[String] {
        match lang {
            Lang::Ja => &self.ja,
            Lang::En => &self.en,
        }
    }

    fn fits(&self, place: &Place<'_>) -> bool {
        let desktop = !matches!(place.system, "iOS" | "Android" | "");
        self.mail.iter().any(|domain| domain == place.mail)
            || self.mail.is_empty()
                && self.browser.as_deref().is_none_or(|browser| browser == place.browser)
                && self.system.as_deref().is_none_or(|system| system == place.system || system == "desktop" && desktop)
                && self.app.as_deref().is_none_or(|app| app == place.app)
    }
}

/// Where somebody is, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    /// The browser's family.
    pub browser: &'a str,
    /// The system.
    pub system: &'a str,
    /// The app whose view this is.
    pub app: &'a str,
    /// The domain of the mailbox.
    pub mail: &'a str,
}

/// One thing to do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct How {
    /// What it is.
    pub title: Both,
    /// Why.
    pub lead: Both,
    guide: Vec<Guide>,
}

impl How {
    /// The guides, the one for this place first, and whether there is one for it. `chosen` goes before what is known.
    pub fn guides(&self, chosen: &str, place: &Place<'_>) -> (Vec<&Guide>, bool) {
        let by_name = self.guide.iter().position(|guide| guide.id == chosen);
        let first = by_name.or_else(|| self.guide.iter().position(|guide| guide.fits(place)));
        let rest = self.guide.iter().enumerate().filter(|(at, _)| Some(*at) != first).map(|(_, guide)| guide);
        (first.and_then(|at| self.guide.get(at)).into_iter().chain(rest).collect(), first.is_some())
    }
}

/// The things to do, by their names in addresses.
pub const TOPICS: [&str; 7] = ["cookies", "clear", "addon", "clock", "update", "open", "mail"];

fn read(topic: &str) -> Option<String> {
    Some(String::from_utf8_lossy(&Help::get(&format!("how/{topic}.toml"))?.data).into_owned())
}

/// How to do something. `None` when nothing is called so; a test reads every file.
pub fn how(topic: &str) -> Option<&'static How> {
    static ALL: LazyLock<Vec<Option<How>>> =
        LazyLock::new(|| TOPICS.iter().map(|topic| toml::from_str(&read(topic)?).ok()).collect());
    ALL.get(TOPICS.iter().position(|known| *known == topic)?)?.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_can_be_read_and_says_the_same_in_both_languages() {
        for topic in TOPICS {
            let read: How = toml::from_str(&read(topic).unwrap()).unwrap_or_else(|error| panic!("{topic}: {error}"));
            for guide in &read.guide {
                assert_eq!(guide.ja.len(), guide.en.len(), "{topic}/{}", guide.id);
                assert!(!guide.version.is_empty() && guide.source.contains('.'), "{topic}/{}", guide.id);
                for step in guide.ja.iter().chain(&guide.en) {
                    assert_eq!(step.matches('[').count(), step.matches(']').count(), "{topic}/{}: {step}", guide.id);
                }
                assert_eq!(read.guide.iter().filter(|other| other.id == guide.id).count(), 1, "{topic}/{}", guide.id);
            }
        }
        assert!(how("nothing").is_none() && TOPICS.iter().all(|topic| how(topic).is_some()));
    }

    #[test]
    fn the_guide_for_this_very_place_comes_first() {
        let first = |topic: &str, place: Place<'_>| {
            let (guides, fits) = how(topic).unwrap().guides("", &place);
            fits.then(|| guides[0].id.clone())
        };
        let at = |browser, system| Place { browser, system, ..Place::default() };
        assert_eq!(first("cookies", at("Safari", "iOS")).as_deref(), Some("safari_ios"));
        assert_eq!(first("cookies", at("Chrome", "ChromeOS")).as_deref(), Some("chrome_desktop"));
        assert_eq!(first("cookies", at("Samsung Internet", "Android")).as_deref(), Some("samsung_android"));
        assert_eq!(first("cookies", at("", "")), None);
        assert_eq!(first("clock", at("Firefox", "Windows")).as_deref(), Some("windows"));
        assert_eq!(first("update", at("Chrome", "iOS")).as_deref(), Some("ios"));
        assert_eq!(first("open", Place { app: "line", ..at("Safari", "iOS") }).as_deref(), Some("line"));
        assert_eq!(first("mail", Place { mail: "ezweb.ne.jp", ..Place::default() }).as_deref(), Some("au"));
        assert_eq!(first("mail", at("Safari", "iOS")), None);
        assert_eq!(how("mail").unwrap().guides("icloud", &Place::default()).0[0].id, "icloud");
    }
}

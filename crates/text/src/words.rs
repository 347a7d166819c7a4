//! Messages of `locales/`, by Fluent.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../locales"]
struct Locales;

/// A language that every page and mail is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// Japanese, the default.
    #[default]
    Ja,
    /// English.
    En,
}

impl Lang {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Ja, Self::En];

    /// `ja` or `en`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }

    /// The language of that tag, region or not.
    pub fn parse(tag: &str) -> Option<Self> {
        match tag.trim().split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "ja" => Some(Self::Ja),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The first language of an `Accept-Language` header that we speak, by weight
    /// (RFC 9110 12.5.4).
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for part in header.split(',').take(20) {
            let mut pieces = part.split(';');
            let lang = pieces.next().and_then(Self::parse);
            let weight =
                pieces.find_map(|p| p.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok())).unwrap_or(1.0);
            if let Some(lang) = lang
                && weight > 0.0
                && best.is_none_or(|(w, _)| weight > w)
            {
                best = Some((weight, lang));
            }
        }
        best.map(|(_, lang)| lang)
    }
}

/// A value in a sentence.
pub type Arg<'a> = FluentValue<'a>;

struct Language {
    bundle: FluentBundle<FluentResource>,
    // Messages without values, put together once.
    plain: HashMap<String, String>,
    // The keys of the others.
    wanting: Vec<String>,
}

/// All messages of all languages.
pub struct Words {
    ja: Language,
    en: Language,
}

impl Words {
    /// The messages that are part of this program.
    pub fn shared() -> Arc<Self> {
        static SHARED: OnceLock<Arc<Words>> = OnceLock::new();
        Arc::clone(SHARED.get_or_init(|| Arc::new(Self { ja: load(Lang::Ja), en: load(Lang::En) })))
    }

    fn language(&self, lang: Lang) -> &Language {
        match lang {
            Lang::Ja => &self.ja,
            Lang::En => &self.en,
        }
    }

    /// A message without values. A key that does not exist shows itself; tidy forbids it.
    pub fn get(&self, lang: Lang, key: &str) -> String {
        self.plain(lang, key).map_or_else(|| self.format(lang, key, &[]), str::to_owned)
    }

    /// As [`Words::get`], without a copy; `None` when the message wants values or is missing.
    pub fn plain(&self, lang: Lang, key: &str) -> Option<&str> {
        self.language(lang).plain.get(key).map(String::as_str)
    }

    /// The messages that need these values and no others, put together once.
    pub fn fixed(&self, lang: Lang, args: &[(&str, Arg<'_>)]) -> HashMap<String, String> {
        let Language { bundle, wanting, .. } = self.language(lang);
        let mut values = FluentArgs::with_capacity(args.len());
        args.iter().for_each(|(name, value)| values.set(*name, value.clone()));
        let whole = wanting.iter().filter_map(|key| {
            let mut errors = Vec::new();
            let pattern = bundle.get_message(key)?.value()?;
            let text = bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned();
            errors.is_empty().then(|| (key.clone(), text))
        });
        whole.collect()
    }

    /// Whether there is such a message.
    pub fn has(&self, lang: Lang, key: &str) -> bool {
        self.language(lang).bundle.has_message(key)
    }

    /// A message with its values. `there` is the provider that a sentence is about; whoever does not
    /// say which hears of "the other service".
    pub fn format(&self, lang: Lang, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        let language = self.language(lang);
        let Some(pattern) = language.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut values = FluentArgs::with_capacity(args.len() + 2);
        for (name, key) in [("there", "there-any"), ("There", "there-any-first")] {
            if let Some(any) = language.plain.get(key) {
                values.set(name, any.as_str());
            }
        }
        for (name, value) in args {
            values.set(*name, value.clone());
        }
        let mut errors = Vec::new();
        language.bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned()
    }

    /// Every key of a language.
    pub fn keys(lang: Lang) -> Vec<String> {
        files(lang).iter().flat_map(|text| keys_of(text)).collect()
    }
}

fn files(lang: Lang) -> Vec<String> {
    let mut names: Vec<_> = Locales::iter().filter(|name| name.starts_with(lang.as_str())).collect();
    names.sort();
    names
        .iter()
        .filter_map(|name| Locales::get(name))
        .map(|file| String::from_utf8_lossy(&file.data).into_owned())
        .collect()
}

fn keys_of(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| line.split_once('=').map(|(key, _)| key.trim().to_owned()))
        .collect()
}

fn load(lang: Lang) -> Language {
    let tag = lang.as_str().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Isolation marks would stand in codes and IDs that people copy.
    bundle.set_use_isolating(false);
    let (mut plain, mut wanting) = (HashMap::new(), Vec::new());
    for text in files(lang) {
        let keys = keys_of(&text);
        let resource = match FluentResource::try_new(text) {
            Ok(resource) => resource,
            // A test parses every file strictly; at run time the good messages serve.
            Err((resource, _)) => resource,
        };
        let _ = bundle.add_resource(resource);
        for key in keys {
            let Some(pattern) = bundle.get_message(&key).and_then(|m| m.value()) else {
                continue;
            };
            let mut errors = Vec::new();
            let value = bundle.format_pattern(pattern, None, &mut errors).into_owned();
            if errors.is_empty() {
                plain.insert(key, value);
            } else {
                wanting.push(key);
            }
        }
    }
    Language { bundle, plain, wanting }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn both_languages_have_every_key_once_and_parse() {
        let (ja, en) = (Words::keys(Lang::Ja), Words::keys(Lang::En));
        for (lang, keys) in [(Lang::Ja, &ja), (Lang::En, &en)] {
            let unique: BTreeSet<_> = keys.iter().collect();
            assert_eq!(unique.len(), keys.len(), "{lang:?} has a key twice");
            for text in files(lang) {
                let parsed = FluentResource::try_new(text);
                assert!(parsed.is_ok(), "{lang:?}: {:?}", parsed.err().map(|(_, errors)| errors));
            }
        }
        let missing: Vec<_> =
            ja.iter().filter(|k| !en.contains(k)).chain(en.iter().filter(|k| !ja.contains(k))).collect();
        assert!(missing.is_empty(), "only in one language: {missing:?}");
    }

    #[test]
    fn picks_the_language_that_the_person_reads() {
        for (header, expected) in [
            ("ja,en;q=0.5", Some(Lang::Ja)),
            ("en-US,en;q=0.9,ja;q=0.8", Some(Lang::En)),
            ("fr,en;q=0.3", Some(Lang::En)),
            ("fr", None),
            ("", None),
            ("en;q=0", None),
        ] {
            assert_eq!(Lang::accepted(header), expected, "{header}");
        }
    }
}

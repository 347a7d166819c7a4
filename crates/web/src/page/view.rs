//! What every template has at hand: the words, the language, the page's token.

use std::borrow::Cow;

use kagiya_domain::Evidence;
use kagiya_text::{Arg, Lang, Words};

use crate::request::{context::Context, form};

/// What every template has at hand.
pub(crate) struct View<'c> {
    pub(crate) context: &'c Context,
    words: &'c Words,
    pub(crate) lang: Lang,
    pub(crate) token: String,
}

impl<'c> View<'c> {
    pub(crate) fn new(context: &'c Context) -> Self {
        Self { words: &context.web.app.words, lang: context.lang(), token: form::token(context), context }
    }

    /// A message without values of its own.
    pub(crate) fn t(&self, key: impl AsRef<str>) -> Cow<'c, str> {
        let key = key.as_ref();
        let web = &self.context.web;
        match self.words.plain(self.lang, key).or_else(|| Some(web.fixed[self.lang as usize].get(key)?.as_str())) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(self.f(key, &[])),
        }
    }

    /// Whether there is a message of that key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.words.has(self.lang, key)
    }

    /// The words for one of the program's own names, `PREFIX-NAME`; the name itself where there are none.
    pub(crate) fn word(&self, prefix: &str, name: &str) -> String {
        let key = format!("{prefix}-{}", name.replace('_', "-"));
        if self.has(&key) { self.t(key).into_owned() } else { name.to_owned() }
    }

    /// What some have in common, in words: `browser:Chrome` is "Browser: Chrome".
    pub(crate) fn slice(&self, slice: &str) -> String {
        match slice.split_once(':') {
            Some((axis, value)) => format!("{}: {value}", self.word("axis", axis)),
            None => slice.to_owned(),
        }
    }

    /// The message `PREFIX-SUFFIX`.
    pub(crate) fn tk(&self, prefix: &str, suffix: &str) -> Cow<'c, str> {
        self.t(format!("{prefix}-{suffix}"))
    }

    /// Whether this page is a tool of staff's: it takes the width that tables want.
    pub(crate) fn is_tool(&self) -> bool {
        self.context.path.starts_with("/staff")
    }

    /// Whether this page is for people who have no account yet.
    pub(crate) fn signs_up(&self) -> bool {
        self.context.path.starts_with("/sign-up")
    }

    /// The provider that this page is about.
    #[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about a few")]
    pub(crate) fn there(&self) -> Option<&'c str> {
        self.context.visitor.signs.iter().find_map(|fact| match fact {
            Evidence::AtProvider { provider } => Some(self.context.web.app.providers.name(provider)),
            _ => None,
        })
    }

    /// A message with values; the service's name and the word for the login ID always stand in.
    pub(crate) fn f(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        let settings = &self.context.web.app.settings;
        let mut all: Vec<(&str, Arg<'_>)> = Vec::with_capacity(args.len() + 4);
        all.extend(settings.in_every_message(self.lang));
        if let Some(there) = self.there() {
            all.extend([("there", Arg::from(there)), ("There", Arg::from(there))]);
        }
        all.extend(args.iter().cloned());
        self.words.format(self.lang, key, &all)
    }

    pub(crate) fn f1(&self, key: &str, name: &str, value: impl Into<Arg<'static>>) -> String {
        self.f(key, &[(name, value.into())])
    }

    /// As [`View::f1`] in HTML, with a value that no browser translates: an ID, an address, a reference.
    pub(crate) fn kept(&self, key: &str, name: &str, value: &str) -> String {
        const PLACE: &str = "\u{e000}";
        let escape = |text: &str| askama::filters::escape(text, askama::filters::Html).map(|safe| safe.to_string());
        let (sentence, value) = (escape(&self.f1(key, name, PLACE)), escape(value));
        let (Ok(sentence), Ok(value)) = (sentence, value);
        sentence.replace(PLACE, &format!("<span translate=\"no\">{value}</span>"))
    }

    pub(crate) fn service(&self) -> &str {
        self.context.web.app.settings.service_name.get(self.lang)
    }

    pub(crate) fn support(&self) -> Option<String> {
        let support = self.context.web.app.settings.support.as_ref()?;
        Some(if support.contains('@') && !support.contains(':') {
            format!("mailto:{support}")
        } else {
            support.clone()
        })
    }

    pub(crate) fn mail_from(&self) -> &str {
        &self.context.web.app.settings.mail_from
    }

    pub(crate) fn min_password(&self) -> i64 {
        i64::try_from(self.context.web.app.settings.policy.min_characters).unwrap_or(8)
    }

    /// Whether the last mails may be read here (`crate::mail`).
    pub(crate) fn mail_page(&self) -> bool {
        self.context.shows_mail()
    }

    pub(crate) fn logo(&self) -> Option<&str> {
        self.context.web.app.settings.logo_url.as_deref()
    }

    /// The address to open elsewhere, when this is a browser inside another app.
    pub(crate) fn in_app_address(&self) -> Option<String> {
        self.context.visitor.browser.in_app.map(|_| self.context.address())
    }

    pub(crate) fn asset(&self, name: &str) -> &str {
        self.context.web.assets.path(name)
    }

    /// A time in the service's zone.
    pub(crate) fn time(&self, ms: &i64) -> String {
        kagiya_flows::mail::compose::local_time(&self.context.web.app, kagiya_domain::Timestamp(*ms), self.lang)
    }

    /// The error message of a field among these.
    pub(crate) fn error(&self, errors: &[kagiya_flows::FieldError], field: &str) -> Option<String> {
        errors.iter().find(|e| e.field == field).map(|e| self.f1(e.key, "min", self.min_password()))
    }
}

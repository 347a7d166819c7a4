//! Notices: incidents and planned maintenance, as the status page and the sign-in page tell them.
//! Words and stages are those of Statuspage's public API, so that existing readers work.

use serde::{Deserialize, Serialize};

use crate::{Span, Timestamp};

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something does not work.
    Incident,
    /// Work that was planned.
    Maintenance,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Found by the server itself; seen by staff only.
    Proposed,
    /// Its cause is looked for.
    Investigating,
    /// Its cause is known.
    Identified,
    /// It is mended, and watched.
    Monitoring,
    /// It is over.
    Resolved,
    /// Planned.
    Scheduled,
    /// Going on.
    InProgress,
    /// Done.
    Completed,
    /// Not what it looked like; seen by staff only.
    Dismissed,
    /// Told under another notice.
    Merged,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    /// Nobody notices.
    None,
    /// Some things are slow, or fail at times.
    Minor,
    /// Something does not work.
    Major,
    /// Nothing works.
    Critical,
    /// Planned work.
    Maintenance,
}

/// What people can do meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// Everything.
    #[default]
    Open,
    /// Sign in, but change nothing.
    ReadOnly,
    /// Go on where they are signed in; nobody signs in anew.
    Closed,
}

macro_rules! words {
    ($type:ident: $($variant:ident $word:literal),+) => {
        impl $type {
            /// Its word, as it is kept and told.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// From its word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
words!(Kind: Incident "incident", Maintenance "maintenance");
words!(Stage: Proposed "proposed", Investigating "investigating", Identified "identified", Monitoring "monitoring",
    Resolved "resolved", Scheduled "scheduled", InProgress "in_progress", Completed "completed",
    Dismissed "dismissed", Merged "merged");
words!(Impact: None "none", Minor "minor", Major "major", Critical "critical", Maintenance "maintenance");
words!(Door: Open "open", ReadOnly "read_only", Closed "closed");

impl Stage {
    /// Whether everybody may see it.
    pub const fn is_public(self) -> bool {
        !matches!(self, Self::Proposed | Self::Dismissed | Self::Merged)
    }

    /// Whether nothing comes after it.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Resolved | Self::Completed | Self::Dismissed | Self::Merged)
    }
}

/// A line of a notice's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// Its key.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// The stage from then on.
    pub stage: Stage,
    /// Plain text; addresses in it become links.
    pub body: String,
    /// The same in English; empty: there is none.
    pub body_en: String,
}

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its key.
    pub id: String,
    /// What it is about.
    pub kind: Kind,
    /// How far it has come.
    pub stage: Stage,
    /// One line.
    pub title: String,
    /// The same in English; empty: there is none.
    pub title_en: String,
    /// How bad it is.
    pub impact: Impact,
    /// What people can do meanwhile.
    pub door: Door,
    /// The components concerned; none: all.
    pub components: Vec<String>,
    /// What it stands out in, when the server found it.
    pub slice: String,
    /// When it begins, or began.
    pub begins_at: Timestamp,
    /// When it is expected to end.
    pub ends_at: Option<Timestamp>,
    /// When more is told.
    pub next_update_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The notice that tells it now.
    pub merged_into: Option<String>,
    /// Its history, the oldest first.
    pub updates: Vec<Update>,
}

impl Notice {
    /// Whether it is going on.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.stage.is_public() && !self.stage.is_over() && self.begins_at <= now
    }

    /// Whether it is announced and has not begun.
    pub fn is_upcoming(&self, now: Timestamp) -> bool {
        self.stage.is_public() && !self.stage.is_over() && self.begins_at > now
    }

    /// The stage as of now: what is planned begins by itself.
    #[allow(clippy::wildcard_enum_match_arm, reason = "all others are handed on as they are")]
    pub fn stage_at(&self, now: Timestamp) -> Stage {
        match self.stage {
            Stage::Scheduled if self.begins_at <= now => Stage::InProgress,
            stage => stage,
        }
    }

    /// Whether this stage may come next. What was never published leaves no history for everybody.
    pub const fn may_become(&self, next: Stage) -> bool {
        match (self.kind, self.stage) {
            (_, stage) if stage.is_over() => false,
            (Kind::Maintenance, _) => matches!(next, Stage::InProgress | Stage::Completed),
            (Kind::Incident, Stage::Proposed) => {
                matches!(next, Stage::Investigating | Stage::Identified | Stage::Monitoring | Stage::Dismissed)
            }
            (Kind::Incident, _) => {
                matches!(next, Stage::Investigating | Stage::Identified | Stage::Monitoring | Stage::Resolved)
            }
        }
    }

    /// Whether it concerns a component.
    pub fn concerns(&self, component: &str) -> bool {
        self.components.is_empty() || self.components.iter().any(|name| name == component)
    }

    /// The title for readers of English, or of Japanese.
    pub fn title_in(&self, english: bool) -> &str {
        if english && !self.title_en.is_empty() { &self.title_en } else { &self.title }
    }
}

impl Update {
    /// The words for readers of English, or of Japanese.
    pub fn body_in(&self, english: bool) -> &str {
        if english && !self.body_en.is_empty() { &self.body_en } else { &self.body }
    }
}

/// The longest window that is planned at once.
pub const LONGEST: Span = Span::days(14);
/// The longest text.
pub const LONGEST_TEXT: usize = 2_000;
/// The longest title.
pub const LONGEST_TITLE: usize = 120;

/// Why a notice cannot be taken, and which field is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The field: `begins`, `ends`, `message`, `components`, …
    pub field: &'static str,
    /// The key of the message.
    pub key: &'static str,
    /// What stands in the message.
    pub value: String,
}

impl Wrong {
    /// A field and what is wrong with it.
    pub fn new(field: &'static str, key: &'static str, value: impl Into<String>) -> Self {
        Self { field, key, value: value.into() }
    }
}

/// Whether a planned window can be taken beside those that stand.
///
/// # Errors
/// Which field is wrong.
pub fn check_window(begins: Timestamp, ends: Timestamp, now: Timestamp, others: &[Notice]) -> Result<(), Wrong> {
    if ends <= begins {
        return Err(Wrong::new("ends", "notice-wrong-end-before-start", ""));
    }
    if ends <= now {
        return Err(Wrong::new("ends", "notice-wrong-end-past", ""));
    }
    if ends.since(begins).0 > LONGEST.0 {
        return Err(Wrong::new("ends", "notice-wrong-too-long", ""));
    }
    if begins < now.minus(Span::days(1)) {
        return Err(Wrong::new("begins", "notice-wrong-begin-past", ""));
    }
    let overlaps = |other: &&Notice| {
        other.kind == Kind::Maintenance
            && !other.stage.is_over()
            && other.begins_at < ends
            && other.ends_at.is_none_or(|end| begins < end)
    };
    match others.iter().find(overlaps) {
        Some(other) => Err(Wrong::new("begins", "notice-wrong-overlap", other.id.clone())),
        None => Ok(()),
    }
}

/// A text that can be shown: plain, not empty, not too long.
///
/// # Errors
/// Which field is wrong.
pub fn check_text(field: &'static str, text: &str, longest: usize) -> Result<String, Wrong> {
    let text = text.trim().replace("\r\n", "\n");
    if text.is_empty() {
        return Err(Wrong::new(field, "notice-wrong-empty", ""));
    }
    if text.chars().count() > longest {
        return Err(Wrong::new(field, "notice-wrong-long", longest.to_string()));
    }
    // What turns the direction of text would make a notice say something else than staff wrote.
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    if text.chars().any(|c| (c.is_control() && c != '\n') || turns(c)) {
        return Err(Wrong::new(field, "notice-wrong-control", ""));
    }
    if has_markup(&text) {
        return Err(Wrong::new(field, "notice-wrong-html", ""));
    }
    Ok(text)
}

/// Whether a text holds what looks like a tag of HTML.
fn has_markup(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| {
        let mut rest = text[at + 1..].chars();
        let first = rest.next();
        let first = if first == Some('/') { rest.next() } else { first };
        matches!(first, Some('!' | '?')) || first.is_some_and(|c| c.is_ascii_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(begins: i64, ends: i64) -> Notice {
        Notice {
            id: "a".into(),
            kind: Kind::Maintenance,
            stage: Stage::Scheduled,
            title: "t".into(),
            title_en: String::new(),
            impact: Impact::Maintenance,
            door: Door::Closed,
            components: Vec::new(),
            slice: String::new(),
            begins_at: Timestamp(begins),
            ends_at: Some(Timestamp(ends)),
            next_update_at: None,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            ended_at: None,
            merged_into: None,
            updates: Vec::new(),
        }
    }

    #[test]
    fn windows_that_cannot_be() {
        let hour = Span::hours(1).0;
        let others = [window(10 * hour, 12 * hour)];
        let now = Timestamp(hour);
        for (begins, ends, field) in [
            (2, 3, None),
            (2, 10, None),
            (12, 13, None),
            (3, 2, Some("ends")),
            (2, 2, Some("ends")),
            (0, 1, Some("ends")),
            (2, 2 + 15 * 24, Some("ends")),
            (-30, 3, Some("begins")),
            (9, 11, Some("begins")),
            (11, 13, Some("begins")),
        ] {
            let wrong = check_window(Timestamp(begins * hour), Timestamp(ends * hour), now, &others);
            assert_eq!(wrong.err().map(|wrong| wrong.field), field, "{begins} to {ends}");
        }
    }

    #[test]
    fn what_was_never_published_is_dropped_and_not_resolved() {
        let mut incident = window(0, 1);
        incident.kind = Kind::Incident;
        for (stage, next, fine) in [
            (Stage::Proposed, Stage::Investigating, true),
            (Stage::Proposed, Stage::Dismissed, true),
            (Stage::Proposed, Stage::Resolved, false),
            (Stage::Investigating, Stage::Resolved, true),
            (Stage::Investigating, Stage::Dismissed, false),
            (Stage::Investigating, Stage::Completed, false),
            (Stage::Resolved, Stage::Investigating, false),
        ] {
            incident.stage = stage;
            assert_eq!(incident.may_become(next), fine, "{stage:?} to {next:?}");
        }
        assert!(window(0, 1).may_become(Stage::Completed) && !window(0, 1).may_become(Stage::Resolved));
    }

    #[test]
    fn notices_are_plain_text() {
        for (text, good) in [
            ("作業のため 1 < 2 です https://example.jp/", true),
            ("<b>now</b>", false),
            ("</p>", false),
            ("<!-- x -->", false),
            (" \n ", false),
            ("a\u{7}", false),
        ] {
            assert_eq!(check_text("message", text, 100).is_ok(), good, "{text}");
        }
    }
}

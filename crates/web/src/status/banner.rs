//! The notice on the pages that sign people in: what is wrong with us, until when, what works.

use kagiya_domain::{
    Span,
    component::{DATABASE, Level, PASSWORD},
    notice::{Door, Impact, Kind, Notice},
};
use kagiya_flows::status::platform::Snapshot;
use kagiya_text::Arg;

use kagiya_flows::time::rfc3339;

use crate::page::view::View;

/// Planned work is announced so long before.
const AHEAD: Span = Span::days(7);

/// What stands at the foot of the sign-in page.
pub(crate) struct Banner {
    /// `data-notice`: `incident`, `maintenance`, `scheduled` or `measured`.
    pub(crate) kind: &'static str,
    pub(crate) lead: String,
    pub(crate) title: String,
    pub(crate) body: Vec<Piece>,
    /// On an English page, words that are there in Japanese only.
    pub(crate) japanese: bool,
    pub(crate) next: Option<String>,
    pub(crate) works: Option<String>,
    /// On a page that does not help now.
    pub(crate) useless: bool,
    /// When to come back, as RFC 3339.
    pub(crate) ends: String,
}

impl Banner {
    /// What there is to tell now; the gravest only.
    pub(crate) fn now(view: &View<'_>) -> Option<Self> {
        let app = &view.context.web.app;
        let now = view.context.now;
        let board = app.board.get();
        if let Some(notice) = board.active(now).first() {
            return Some(Self::told(view, &board, notice));
        }
        // A provider's trouble stands at its button.
        let ours = |id: &str| app.providers.find(id).is_none();
        let bad: Vec<_> = board.components.iter().filter(|c| ours(&c.id) && c.level.is_out()).collect();
        if let Some(first) = bad.iter().map(|component| component.since).min() {
            let names: Vec<String> = bad.iter().map(|component| component_name(view, &component.id)).collect();
            let args = [("time", Arg::from(view.time(&first.0))), ("names", Arg::from(names.join(" / ")))];
            return Some(Self {
                kind: "measured",
                lead: view.f("banner-measured", &args),
                title: String::new(),
                body: Vec::new(),
                japanese: false,
                next: None,
                works: Some(works(view, &board)),
                useless: is_useless(view),
                ends: String::new(),
            });
        }
        let next = board.upcoming(now).into_iter().find(|notice| notice.begins_at.since(now).0 < AHEAD.0)?;
        let to = next.ends_at.map(|at| view.time(&at.0)).unwrap_or_default();
        let args = [("from", Arg::from(view.time(&next.begins_at.0))), ("to", Arg::from(to))];
        Some(Self {
            kind: "scheduled",
            lead: view.f("banner-planned", &args),
            title: String::new(),
            body: Piece::all(latest_text(view, next)),
            japanese: is_japanese_only(view, latest_text(view, next)),
            next: None,
            works: None,
            useless: false,
            ends: next.ends_at.map(rfc3339).unwrap_or_default(),
        })
    }

    fn told(view: &View<'_>, board: &Snapshot, notice: &Notice) -> Self {
        let until = notice.ends_at.map(|at| view.time(&at.0)).unwrap_or_default();
        let (kind, lead) = match (notice.kind, notice.door) {
            (Kind::Incident, _) => ("incident", view.f1("banner-incident", "time", view.time(&notice.begins_at.0))),
            (Kind::Maintenance, Door::Closed) => ("maintenance", view.f1("banner-maintenance", "time", until)),
            (Kind::Maintenance, Door::ReadOnly) => {
                ("maintenance", view.f1("banner-maintenance-read-only", "time", until))
            }
            (Kind::Maintenance, Door::Open) => ("maintenance", view.f1("banner-maintenance-open", "time", until)),
        };
        let (title, body) = (notice.title_in(english(view)), latest_text(view, notice));
        let repeated = body.starts_with(title);
        let minor = notice.impact == Impact::None || notice.door == Door::Open && notice.kind == Kind::Maintenance;
        Self {
            kind,
            lead,
            title: if repeated { String::new() } else { title.to_owned() },
            body: Piece::all(body),
            japanese: is_japanese_only(view, title) || is_japanese_only(view, body),
            next: notice.next_update_at.map(|at| view.f1("banner-next", "time", view.time(&at.0))),
            works: (!minor).then(|| works(view, board)),
            useless: notice.kind == Kind::Incident && !minor && notice.impact != Impact::Minor && is_useless(view),
            ends: notice.ends_at.or(notice.next_update_at).map(rfc3339).unwrap_or_default(),
        }
    }
}

/// A reset does not mend what is ours to mend.
fn is_useless(view: &View<'_>) -> bool {
    ["/recover", "/unlock"].iter().any(|start| view.context.path.starts_with(start))
}

/// The latest words of a notice.
fn latest_text<'n>(view: &View<'_>, notice: &'n Notice) -> &'n str {
    let bodies = notice.updates.iter().rev().map(|update| update.body_in(english(view)));
    bodies.into_iter().find(|body| !body.is_empty()).unwrap_or_default()
}

/// By which ways people can sign in now.
fn works(view: &View<'_>, board: &Snapshot) -> String {
    let app = &view.context.web.app;
    let now = view.context.now;
    let shut =
        board.shut(kagiya_flows::status::platform::board::Operation::SignIn, now).is_some() || app.store.is_down();
    let database = board.level(DATABASE, now);
    let mut ways: Vec<(String, Level)> = vec![(view.t("method-password").into_owned(), board.level(PASSWORD, now))];
    ways.extend(
        app.providers.iter().map(|entry| (entry.provider.name().to_owned(), board.level(entry.provider.id(), now))),
    );
    let of = |wanted: fn(Level) -> bool| -> Vec<String> {
        let fits = ways.iter().filter(|(_, level)| !shut && wanted((*level).max(database)));
        fits.map(|(name, _)| name.clone()).collect()
    };
    let (well, partly) = (of(|level| level < Level::PartialOutage), of(|level| level == Level::PartialOutage));
    match (well.is_empty(), partly.is_empty()) {
        (false, _) => view.f1("banner-works", "methods", well.join(" / ")),
        (true, false) => view.f1("banner-partly", "methods", partly.join(" / ")),
        (true, true) => view.t("banner-nothing-works").into_owned(),
    }
}

/// A component's name for people.
pub(crate) fn component_name(view: &View<'_>, id: &str) -> String {
    kagiya_flows::mail::compose::component_name(&view.context.web.app, id, view.lang)
}

/// Whether a text of staff's own is there in Japanese only, for a reader of English.
pub(crate) fn is_japanese_only(view: &View<'_>, text: &str) -> bool {
    english(view) && text.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}'))
}

/// Whether the reader's language is English.
pub(crate) fn english(view: &View<'_>) -> bool {
    view.lang == kagiya_text::Lang::En
}

/// A piece of plain text: words, or an address that becomes a link.
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) link: bool,
}

impl Piece {
    /// The pieces of a text.
    pub(crate) fn all(text: &str) -> Vec<Self> {
        let mut finder = linkify::LinkFinder::new();
        finder.kinds(&[linkify::LinkKind::Url]);
        let mut pieces = Vec::new();
        for span in finder.spans(text) {
            let text = span.as_str();
            // Other schemes stay words, and an address has no letters but ASCII: Japanese goes on
            // behind it without a blank.
            let link = span.kind().is_some() && (text.starts_with("https://") || text.starts_with("http://"));
            let end = if link { text.find(|c: char| !c.is_ascii()).unwrap_or(text.len()) } else { text.len() };
            pieces.push(Self { text: text[..end].to_owned(), link });
            if end < text.len() {
                pieces.extend(Self::all(&text[end..]));
            }
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_end_where_japanese_goes_on() {
        let links = |text: &str| -> Vec<String> {
            Piece::all(text).into_iter().filter(|piece| piece.link).map(|piece| piece.text).collect()
        };
        assert_eq!(links("詳しくは https://blog.example.jp/news?a=1&b=2。"), ["https://blog.example.jp/news?a=1&b=2"]);
        assert_eq!(
            links("「https://blog.example.jp/news」、https://blog.example.jp/a、をご覧ください。"),
            ["https://blog.example.jp/news", "https://blog.example.jp/a"]
        );
        assert!(links("javascript:alert(1) ftp://example.jp/").is_empty());
        let whole: String = Piece::all("a https://x.jp/、b").into_iter().map(|piece| piece.text).collect();
        assert_eq!(whole, "a https://x.jp/、b");
    }
}

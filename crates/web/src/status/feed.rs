//! `/status/feed.atom` (RFC 4287).

use std::sync::Arc;

use atom_syndication::{Content, Entry, Feed, FixedDateTime, Link, Text};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use kagiya_domain::{Timestamp, notice::Notice};

use kagiya_flows::time::rfc3339;

use crate::{Web, page::View, request::context::Context, status::banner::english};

/// Entries at most.
const MOST: usize = 50;

fn date(at: Timestamp) -> FixedDateTime {
    rfc3339(at).parse().unwrap_or_default()
}

fn entry(view: &View<'_>, notice: &Notice) -> Entry {
    let english = english(view);
    let address = format!("{}/status#{}", view.context.web.app.settings.public_url.origin, notice.id);
    let lines: Vec<String> = notice
        .updates
        .iter()
        .rev()
        .map(|update| {
            let stage = view.tk("stage", &update.stage.as_str().replace('_', "-"));
            let at = view.time(&update.at.0);
            let body = update.body_in(english);
            if body.is_empty() { format!("{at}  {stage}") } else { format!("{at}  {stage}\n{body}") }
        })
        .collect();
    let stage = view.tk("stage", &notice.stage_at(view.context.now).as_str().replace('_', "-"));
    Entry {
        title: Text::plain(format!("{} ({stage})", notice.title_in(english))),
        id: address.clone(),
        updated: date(notice.updated_at),
        published: Some(date(notice.created_at)),
        links: vec![Link { href: address, rel: "alternate".into(), ..Link::default() }],
        content: Some(Content {
            value: Some(lines.join("\n\n")),
            content_type: Some("text".into()),
            ..Content::default()
        }),
        ..Entry::default()
    }
}

pub(crate) async fn feed(State(web): State<Arc<Web>>, context: Context) -> Response {
    let view = View::new(&context);
    let board = web.app.board.get();
    let public: Vec<&Notice> = board.notices.iter().filter(|n| n.stage.is_public()).take(MOST).collect();
    let origin = &web.app.settings.public_url.origin;
    let updated = public.iter().map(|notice| notice.updated_at).max().unwrap_or(Timestamp(0));
    let feed = Feed {
        title: Text::plain(format!("{} {}", view.service(), view.t("status-title"))),
        id: format!("{origin}/status"),
        updated: date(updated),
        links: vec![
            Link { href: format!("{origin}/status"), rel: "alternate".into(), ..Link::default() },
            Link { href: format!("{origin}/status/feed.atom"), rel: "self".into(), ..Link::default() },
        ],
        authors: vec![atom_syndication::Person { name: view.service().to_owned(), ..Default::default() }],
        lang: Some(view.lang.as_str().to_owned()),
        entries: public.into_iter().map(|notice| entry(&view, notice)).collect(),
        ..Feed::default()
    };
    let mut response = feed.to_string().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/atom+xml; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

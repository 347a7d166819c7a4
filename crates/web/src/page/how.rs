//! `/help/how/TOPIC`: numbered steps for this very browser, system, app or mailbox; the others one press away.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use kagiya_domain::cause::Cause;
use kagiya_text::how::{Guide, Place, how};

use crate::{
    Web,
    page::{View, fault::not_found_page, page as render, with_return},
    request::context::Context,
};

struct GuideView {
    id: &'static str,
    name: &'static str,
    version: String,
    /// HTML.
    steps: Vec<String>,
}

#[derive(Template)]
#[template(path = "help_how.html")]
struct HowPage<'a> {
    v: &'a View<'a>,
    title: &'a str,
    lead: &'a str,
    /// The domain of our mails, where it is about mail.
    domain: Option<&'a str>,
    /// The one for this place.
    own: Option<GuideView>,
    others: Vec<GuideView>,
    /// Where it is seen whether it has helped.
    action: Option<String>,
    sign_in: String,
}

/// What is done about a cause that lies in the browser or the mailbox.
#[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about a few")]
pub(crate) const fn topic(cause: Cause) -> Option<&'static str> {
    match cause {
        Cause::BrowserCookieBlocked => Some("cookies"),
        Cause::BrowserSessionStale | Cause::BrowserCookieOverflow | Cause::BrowserCache => Some("clear"),
        Cause::BrowserInterference => Some("addon"),
        Cause::BrowserInApp => Some("open"),
        Cause::BrowserUnsupported => Some("update"),
        Cause::BrowserClock => Some("clock"),
        Cause::CodeUndelivered | Cause::PlatformMailDelay => Some("mail"),
        _ => None,
    }
}

/// A step with the words of menus marked.
fn marked(step: &str) -> String {
    let escaped = askama::filters::escape(step, askama::filters::Html).map(|safe| safe.to_string());
    escaped.unwrap_or_default().replace('[', "<b class=\"key\">").replace(']', "</b>")
}

pub(crate) async fn page(State(_): State<Arc<Web>>, Path(name): Path<String>, context: Context) -> Response {
    let Some(found) = how(&name) else {
        return not_found_page(&context);
    };
    let view = View::new(&context);
    let browser = &context.visitor.browser;
    let place = Place {
        browser: &browser.family,
        system: &browser.system,
        app: browser.in_app.map_or("", |app| app.as_str()),
        mail: context.query("at").unwrap_or_default(),
    };
    let (mut guides, fits) = found.guides(context.query("for").unwrap_or_default(), &place);
    let shown = |guide: &'static Guide| GuideView {
        id: &guide.id,
        name: guide.name.get(view.lang),
        version: guide.version.clone(),
        steps: guide.steps(view.lang).iter().map(|step| marked(step)).collect(),
    };
    let to = context.return_to();
    let title = found.title.get(view.lang);
    let is_mail = name == "mail";
    let page = HowPage {
        v: &view,
        title,
        lead: found.lead.get(view.lang),
        domain: is_mail.then(|| view.mail_from().rsplit('@').next().unwrap_or_default()),
        own: fits.then(|| shown(guides.remove(0))),
        others: guides.into_iter().map(shown).collect(),
        action: (!is_mail).then(|| with_return("/check", &to)),
        sign_in: with_return("/sign-in", &to),
    };
    render(&view, StatusCode::OK, title, &page)
}

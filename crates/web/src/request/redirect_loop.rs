//! Redirects that go to and fro: counted in a short-lived cookie, stopped before the fifth.

use http::{HeaderMap, header};
use kagiya_domain::{Evidence, Span, setup::SetupFault};
use kagiya_flows::check::setup::note;

use crate::request::{
    context::Context,
    cookies::{self, Cookie},
};

/// Redirects of a signed-in browser within [`WITHIN`] before they stop.
const MOST: i64 = 3;
const WITHIN: Span = Span::seconds(20);
/// A session cookie that is gone so soon after a sign-in was never kept.
const BOUNCE: Span = Span::seconds(30);

/// What to do with one more redirect.
pub(crate) enum Turn {
    /// Go on, and remember that it was done.
    Go(http::HeaderValue),
    /// Stop, for these reasons.
    Stop(Vec<Evidence>),
}

/// What the cookie says, how long ago it was begun in milliseconds, and of which destination.
fn read(context: &Context) -> Option<(String, i64, String)> {
    let url = &context.web.app.settings.public_url;
    let mut parts = Cookie::Turns.values(&context.headers, url).next()?.splitn(3, '.');
    let (what, at) = (parts.next()?.to_owned(), parts.next()?.parse::<i64>().ok()?);
    // Whatever the cookie says: no time before the first or after the last that there is.
    let age = context.now.0.checked_sub(at)?;
    Some((what, age, parts.next().unwrap_or_default().to_owned()))
}

/// A signed-in browser is about to be sent on to where it came from. Each destination counts
/// by itself: a browser may open many tabs at once.
pub(crate) fn count(context: &Context, to: &str) -> Turn {
    let url = &context.web.app.settings.public_url;
    // Our own pages see the session that was just found: there is no loop by way of them.
    if ["/account", "/check", "/why", "/repair", "/help"].iter().any(|own| to.starts_with(own)) {
        return Turn::Go(Cookie::Turns.expire(url));
    }
    let mark = cookies::encode(&context.web.app.keys.digest16("turns", &[to.as_bytes()])[..6]);
    let (count, age) = match read(context) {
        Some((count, age, of)) if (0..WITHIN.0).contains(&age) && of == mark => {
            (i64::from(count.parse::<u8>().unwrap_or(0)), age)
        }
        Some(_) | None => (0, 0),
    };
    if count >= MOST {
        let mut evidence = vec![Evidence::RedirectLoop { count }];
        // The session is in order here; it is the app that does not see it.
        evidence.extend(note(&context.web.app, SetupFault::CookieScope, "signed-in people are sent back to sign in"));
        return Turn::Stop(evidence);
    }
    let (seconds, first) = (WITHIN.as_seconds_up(), context.now.0 - age);
    Turn::Go(Cookie::Turns.set(&format!("{}.{first}.{mark}", count + 1), Some(seconds), url))
}

/// Remembers a sign-in for as long as it takes to see whether its cookie is kept.
pub(crate) fn signed_in(context: &Context, to: &mut HeaderMap) {
    let url = &context.web.app.settings.public_url;
    let value = Cookie::Turns.set(&format!("in.{}", context.now.0), Some(BOUNCE.as_seconds_up()), url);
    to.append(header::SET_COOKIE, value);
}

/// Whether this browser signed in a moment ago and brings no session cookie at all.
pub(crate) fn bounced(context: &Context) -> bool {
    let url = &context.web.app.settings.public_url;
    let fresh = read(context).is_some_and(|(what, age, _)| what == "in" && (0..BOUNCE.0).contains(&age));
    fresh && Cookie::Session.values(&context.headers, url).next().is_none()
}

/// Forgets it.
pub(crate) fn forget(context: &Context, to: &mut HeaderMap) {
    let url = &context.web.app.settings.public_url;
    if Cookie::Turns.values(&context.headers, url).next().is_some() {
        to.append(header::SET_COOKIE, Cookie::Turns.expire(url));
    }
}

//! The operator's own mistakes, as a request shows them: found here, never blamed on browsers.

use http::header;
use kagiya_domain::{Evidence, setup::SetupFault};
use kagiya_flows::check::setup::note;

use crate::request::context::{Context, header_text};

/// The scheme is not the public URL's, though https was set: then no `Secure` cookie is kept.
/// Empty when nothing is wrong.
pub(crate) fn wrong_scheme(context: &Context) -> Vec<Evidence> {
    let web = &context.web;
    if !web.app.settings.public_url.secure {
        return Vec::new();
    }
    let forwarded = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded"];
    let through_proxy = forwarded.iter().any(|name| context.headers.contains_key(*name));
    let proto = header_text(&context.headers, "x-forwarded-proto").map(|text| text.trim().to_ascii_lowercase());
    match (context.through_trusted_proxy(), through_proxy, proto.as_deref()) {
        // Without a peer there is no network: a test, or a program in the same process.
        _ if context.peer.is_none() => Vec::new(),
        (true, _, Some("https")) | (true, _, None) => Vec::new(),
        // Only pages of https get these headers from a browser.
        (true, _, Some(_)) if context.headers.contains_key("sec-fetch-mode") || says_https(context) => {
            note(&web.app, SetupFault::WrongScheme, "the browser is on https, the proxy says otherwise")
        }
        (true, _, Some(scheme)) => note(&web.app, SetupFault::PlainHttp, &format!("the proxy was reached by {scheme}")),
        (false, true, _) => {
            let peer = context.peer.map(|peer| peer.to_string()).unwrap_or_default();
            note(&web.app, SetupFault::ProxyUntrusted, &format!("forwarded headers came from {peer}"))
        }
        (false, false, _) if context.headers.contains_key("sec-fetch-mode") || says_https(context) => {
            note(&web.app, SetupFault::ProxyUntrusted, "a proxy serves https, but says nothing of it")
        }
        (false, false, _) => note(&web.app, SetupFault::PlainHttp, "a browser reached this server without a proxy"),
    }
}

fn says_https(context: &Context) -> bool {
    header_text(&context.headers, header::ORIGIN).is_some_and(|origin| origin.starts_with("https://"))
}

/// The browser's own page names another origin than the public URL's: when that origin is the
/// one the request was sent to, the public URL is wrong. Empty when nothing is wrong.
pub(crate) fn wrong_address(context: &Context) -> Vec<Evidence> {
    let origin = header_text(&context.headers, header::ORIGIN).unwrap_or_default();
    let Some((_, authority)) = origin.split_once("://") else {
        return Vec::new();
    };
    let public = context.web.app.settings.public_url.origin.split("://").nth(1).unwrap_or_default();
    let named = |name| usual_host(context, header_text(&context.headers, name).unwrap_or_default());
    let (host, forwarded) = (named("host"), named("x-forwarded-host"));
    let by_http = context.web.app.settings.public_url.secure && origin.starts_with("http://");
    if authority.eq_ignore_ascii_case(public) || (by_http && authority.eq_ignore_ascii_case(host)) {
        return wrong_scheme(context);
    }
    if authority.eq_ignore_ascii_case(host) || (!forwarded.is_empty() && authority.eq_ignore_ascii_case(forwarded)) {
        return note(&context.web.app, SetupFault::WrongHost, &format!("people arrive at {origin}"));
    }
    Vec::new()
}

/// A host as it is written usually: without the port that the scheme has anyway, which some proxies name, without the
/// dot of a whole name, and the first of those that proxies in a row have added.
fn usual_host<'h>(context: &Context, host: &'h str) -> &'h str {
    let host = host.split(',').next().unwrap_or_default().trim();
    let usual = if context.web.app.settings.public_url.secure { ":443" } else { ":80" };
    let host = host.strip_suffix(usual).unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host)
}

/// Looks at a page request for what the operator should know, refused or not.
pub(crate) fn look(context: &Context) {
    let url = &context.web.app.settings.public_url;
    let loopback = ["127.", "localhost", "[::1]"].iter().any(|host| url.origin.contains(&format!("://{host}")));
    // Programs ask without a proxy for good reasons.
    if context.peer.is_none() || loopback || context.visitor.browser.family.is_empty() {
        return;
    }
    let _ = wrong_scheme(context);
    let public = url.origin.split("://").nth(1).unwrap_or_default();
    let trusted = context.through_trusted_proxy();
    let forwarded = header_text(&context.headers, "x-forwarded-host").filter(|_| trusted);
    let host = forwarded.or_else(|| header_text(&context.headers, header::HOST)).unwrap_or_default();
    // Only documents: health checks and robots ask under any name.
    let document = header_text(&context.headers, "sec-fetch-dest") == Some("document");
    let host = usual_host(context, host);
    if document && trusted && !host.eq_ignore_ascii_case(public) {
        let _ = note(&context.web.app, SetupFault::WrongHost, &format!("pages are asked for at {host}"));
    }
}

//! Browsers inside other apps: LINE is left by itself once, the others are told how.

use http::Method;
use kagiya_domain::browser::InApp;

use crate::request::context::{Context, LINE_MARK};

/// Where LINE's browser is sent to leave LINE. Only once: whoever comes back with the mark
/// still is in LINE, and is told instead.
pub(crate) fn outside(context: &Context) -> Option<String> {
    let line = context.visitor.browser.in_app == Some(InApp::Line);
    if !line || context.method != Method::GET || context.query(LINE_MARK).is_some() {
        return None;
    }
    let here = context.here();
    let joint = if here.contains('?') { '&' } else { '?' };
    Some(format!("{here}{joint}{LINE_MARK}=1"))
}

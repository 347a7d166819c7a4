//! What a request shows of its browser: cookies, headers, what the page's script saw.

use http::{HeaderMap, Method, Version, header};
use kagiya_domain::{
    Evidence,
    browser::{Browser, Trace},
};
use kagiya_flows::{session::token_hash, settings::Settings};

use crate::{
    request::cookies::{Census, Cookie},
    server::headers::header_text,
};

/// Cookies that weigh more are a burden, in bytes: proxies give headers 8 KiB by default.
pub(crate) const LARGE: usize = 8 * 1_024;
/// Cookies that weigh more are not taken.
pub(crate) const TOO_LARGE: usize = 64 * 1_024;

/// The facts of a request by itself, and what is kept of it for staff.
#[expect(clippy::too_many_arguments, reason = "what one request shows")]
pub(crate) fn of_request(
    headers: &HeaderMap,
    method: &Method,
    version: Version,
    browser: &Browser,
    census: &Census,
    settings: &Settings,
) -> (Vec<Evidence>, Trace) {
    let url = &settings.public_url;
    let mut signs = Vec::new();
    if let Some(app) = browser.in_app {
        signs.push(Evidence::InAppBrowser { app });
    }
    if browser.is_unsupported() {
        signs.push(Evidence::OldBrowser);
    }
    for (name, count) in census.duplicates(url) {
        signs.push(Evidence::DuplicateCookie { name: name.to_owned(), count: i64::from(count) });
    }
    if Cookie::Session.values(headers, url).any(|value| token_hash(value).is_none()) {
        signs.push(Evidence::MalformedSession);
    }
    for name in census.legacy(url, &settings.legacy_cookies) {
        signs.push(Evidence::LegacyCookie { name: name.to_owned() });
    }
    let kib = i64::try_from(census.bytes.div_ceil(1_024)).unwrap_or(i64::MAX);
    let names = census.heaviest.join(", ");
    if census.bytes > TOO_LARGE {
        signs.push(Evidence::CookieHeaderTooLarge { kib, names });
    } else if census.bytes > LARGE {
        signs.push(Evidence::CookieHeaderLarge { kib, names });
    }
    let silent = !headers.contains_key(header::ORIGIN) && !headers.contains_key("sec-fetch-site");
    if method == Method::POST && silent && browser.tells_origin() {
        signs.push(Evidence::HeadersStripped);
    }
    let trace = Trace {
        languages: header_text(headers, header::ACCEPT_LANGUAGE).unwrap_or_default().chars().take(80).collect(),
        http: format!("{version:?}"),
        cookies: census.names.iter().take(30).cloned().collect(),
        cookie_bytes: census.bytes,
        page_age_minutes: None,
        clock_skew_seconds: None,
    };
    (signs, trace)
}

/// What the page's script wrote into its form: seconds by which the device's clock is ahead,
/// and facts.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// Milliseconds since 1970 by the device's clock, when the form was sent.
    pub(crate) clock: Option<i64>,
    pub(crate) facts: Vec<Evidence>,
}

/// Reads the fields `facts` and `noscript`. A form without them is of a program, and says nothing.
pub(crate) fn of_script(facts: Option<&str>, script_off: bool, current: &str) -> Script {
    let Some(text) = facts else {
        return Script::default();
    };
    if script_off {
        return Script { facts: vec![Evidence::ScriptOff], ..Script::default() };
    }
    if text.is_empty() {
        return Script { facts: vec![Evidence::HeartbeatMissing], ..Script::default() };
    }
    let mut script = Script::default();
    for (name, value) in form_urlencoded::parse(text.as_bytes()).take(12) {
        match (&*name, &*value) {
            ("t", value) => script.clock = value.parse().ok(),
            ("sw", "1") => script.facts.push(Evidence::ServiceWorker),
            ("st", "0") => script.facts.push(Evidence::StorageBlocked),
            ("echo", "0") => script.facts.push(Evidence::BodyChanged),
            ("js", name) if !name.is_empty() && !current.ends_with(name) => script.facts.push(Evidence::OldAsset),
            ("caps", "1") => script.facts.push(Evidence::CapsLockOn),
            _ => {}
        }
    }
    script
}

//! Forms: read within limits, and known to be pages of ours.

use axum::body::Body;
use http::{Method, header};
use http_body_util::{BodyExt, Limited};
use kagiya_domain::{Evidence, Span, Timestamp, destination::Destination, login, setup::SetupFault};
use kagiya_flows::{FieldError, attempt::OLD_BUILD, visible::visible};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Duration, Instant},
};

use crate::{
    check::setup,
    request::{
        context::{Context, Site, header_text},
        cookies, request_signals,
    },
};

/// Largest body that is read as a matter of course; and longest text of a field.
pub(crate) const MAX_BODY: usize = 64 * 1_024;
/// Largest form. Whoever pasted too much into one field is told which, and keeps the others.
const MAX_FORM: usize = 2 * 1_024 * 1_024;
/// So many forms beyond [`MAX_BODY`] are read at once: less than what all connections together may hold.
static LARGE: Semaphore = Semaphore::const_new(2);
const MAX_FIELDS: usize = 64;
/// A body that takes longer than this is given up.
const BODY_TIME: Duration = Duration::from_secs(20);
/// So long a body may be silent at first; and this many bytes must come in every second beyond it.
const PATIENCE: Duration = Duration::from_secs(5);
const PACE: u64 = 512;
/// Without the browser's word for its origin, a form is good for this long.
const FORM_LIFE: Span = Span::hours(12);

/// Few leave the first page open for so long and come back to it; whoever keeps pages for others does.
const HANDED_ON: Span = Span::hours(2);

/// Fields that a page shows again as they were typed.
const SHOWN_AGAIN: [&str; 5] = ["login", "login_id", "email", "url", "reference"];

/// The fields of a submitted form.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

/// Why a body is no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    TooLarge,
    WrongType,
    Broken,
}

impl Fields {
    pub(crate) async fn read(context: &Context, body: Body) -> Result<Self, BodyError> {
        let kind = header_text(&context.headers, header::CONTENT_TYPE).unwrap_or_default();
        let form =
            kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let (bytes, _large) = read_form(body).await?;
        let nothing = bytes.is_empty() && kind.is_empty();
        if !form && !nothing {
            return Err(BodyError::WrongType);
        }
        let cut = |text: std::borrow::Cow<'_, str>| text[..text.floor_char_boundary(MAX_BODY)].to_owned();
        let read = |(name, text): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
            let (name, text) = (cut(name), cut(text));
            let shown = SHOWN_AGAIN.contains(&name.as_str());
            let text = if shown { visible(&login::bare(&text)) } else { storable(&name, text) };
            (name, text)
        };
        let fields: Vec<_> = form_urlencoded::parse(&bytes).take(MAX_FIELDS + 1).map(read).collect();
        // No page of ours has so many.
        if fields.len() > MAX_FIELDS { Err(BodyError::TooLarge) } else { Ok(Self(fields)) }
    }

    /// A field's text, empty when it is missing.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.as_str())
    }

    /// Every text of a field that may stand several times.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Whether a field stands in the form at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| found == name)
    }

    /// A field that is a flow's key.
    pub(crate) fn flow(&self) -> Option<uuid::Uuid> {
        uuid::Uuid::parse_str(self.get("flow")).ok()
    }

    /// The destination, if it is one of ours.
    pub(crate) fn return_to(&self) -> Destination {
        Destination::parse(self.get("return_to"))
    }

    /// The first of these fields whose bytes were not UTF-8.
    pub(crate) fn broken(&self, names: &[&'static str]) -> Vec<FieldError> {
        names
            .iter()
            .filter(|name| self.get(name).contains('\u{fffd}'))
            .map(|name| FieldError { field: name, key: "error-field-character" })
            .collect()
    }
}

/// PostgreSQL keeps no text with a NUL in it: it is told like any other character that cannot be read. What is hashed is
/// judged by itself.
fn storable(name: &str, text: String) -> String {
    if name.contains("password") || !text.contains('\0') { text } else { text.replace('\0', "\u{fffd}") }
}

/// Reads a form within [`MAX_FORM`], with leave to hold it when it is beyond [`MAX_BODY`].
async fn read_form(body: Body) -> Result<(Vec<u8>, Option<SemaphorePermit<'static>>), BodyError> {
    let (mut paced, mut leave) = (Paced::new(body, MAX_FORM), None);
    while paced.more().await? {
        if paced.bytes.len() > MAX_BODY && leave.is_none() {
            leave = Some(LARGE.try_acquire().map_err(|_| BodyError::TooLarge)?);
        }
    }
    Ok((paced.bytes, leave))
}

/// Reads a body within [`MAX_BODY`].
pub(crate) async fn read_body(body: Body) -> Result<Vec<u8>, BodyError> {
    let mut paced = Paced::new(body, MAX_BODY);
    while paced.more().await? {}
    Ok(paced.bytes)
}

/// A body that must come at a pace: whoever sends a byte now and then holds a place for nothing.
struct Paced {
    body: Limited<Body>,
    bytes: Vec<u8>,
    begun: Instant,
}

impl Paced {
    fn new(body: Body, most: usize) -> Self {
        Self { body: Limited::new(body, most), bytes: Vec::new(), begun: Instant::now() }
    }

    /// Reads on; `false` at the end.
    async fn more(&mut self) -> Result<bool, BodyError> {
        let earned = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX) * 1_000 / PACE;
        let until = self.begun + BODY_TIME.min(PATIENCE + Duration::from_millis(earned));
        let Ok(next) = tokio::time::timeout_at(until, self.body.frame()).await else {
            return Err(BodyError::Broken);
        };
        match next {
            None => Ok(false),
            Some(Ok(frame)) => {
                self.bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| &data[..]));
                Ok(true)
            }
            Some(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(BodyError::TooLarge),
            Some(Err(_)) => Err(BodyError::Broken),
        }
    }
}

/// The hidden part of every form: when it was made, for which browser, by which build, and
/// what had happened before; with a tag.
#[derive(Clone, Copy, Debug)]
struct Token {
    made: Timestamp,
    browser: [u8; 16],
    build: [u8; 4],
    /// Whether the browser had brought its cookie when the page was made.
    cookie_came: bool,
    /// Refusals on this chain of pages.
    refusals: u8,
    /// Whose session ran when the page was made.
    account: [u8; ACCOUNT_BYTES],
}

const TOKEN_BYTES: usize = 8 + 16 + 4 + 1 + 1 + ACCOUNT_BYTES;
/// So much of an account's digest tells it from another in one browser.
const ACCOUNT_BYTES: usize = 8;

/// What names an account in the hidden part; nobody's is all zeros.
fn account_mark(context: &Context, account: Option<&uuid::Uuid>) -> [u8; ACCOUNT_BYTES] {
    let mut mark = [0; ACCOUNT_BYTES];
    if let Some(account) = account {
        let digest = context.web.app.keys.digest16("form account", &[account.as_bytes()]);
        mark.copy_from_slice(&digest[..ACCOUNT_BYTES]);
    }
    mark
}

/// Whether the submitted form's page was made for this account: another tab may have signed in as somebody else since.
pub(crate) fn is_for(context: &Context, account: uuid::Uuid) -> bool {
    context.form_account == Some(account_mark(context, Some(&account)))
}

/// Whether the submitted form's page was made for another account than this. A page that was made for nobody in particular
/// may be anybody's.
pub(crate) fn is_for_another(context: &Context, account: uuid::Uuid) -> bool {
    context.form_account.is_some_and(|mark| mark != [0; ACCOUNT_BYTES]) && !is_for(context, account)
}

/// Takes note of the account for which a form's page was made, where the form does nothing that wants more.
pub(crate) fn note_account(context: &mut Context, fields: &Fields) {
    context.form_account = read_token(context, fields.get("form")).map(|token| token.account);
}

/// The hidden part for a page of this context.
pub(crate) fn token(context: &Context) -> String {
    let mut bytes = Vec::with_capacity(TOKEN_BYTES + 16);
    bytes.extend(context.now.0.to_be_bytes());
    bytes.extend(context.visitor.browser_key.unwrap_or_default());
    bytes.extend(context.web.build);
    bytes.push(u8::from(context.visitor.cookie_came));
    let before = u8::try_from(context.visitor.refused_before).unwrap_or(u8::MAX);
    // A form that is answered with a page again was refused.
    bytes.push(if context.method == Method::POST { before.saturating_add(1) } else { 0 });
    bytes.extend(account_mark(context, context.account.get()));
    let tag = context.web.app.keys.digest16("form", &[&bytes]);
    bytes.extend(tag);
    cookies::encode(&bytes)
}

/// Whether a form is a page of ours, sent by the browser it was made for. The browser's own
/// word for its origin comes first, the hidden part second. A page that is only old is
/// renewed without a word when the browser vouches for it.
///
/// # Errors
/// The facts that speak against it.
pub(crate) fn guard(context: &mut Context, fields: &Fields) -> Result<(), Vec<Evidence>> {
    examine(context, fields).map(drop)
}

/// As [`guard`], for acts of somebody who is signed in or proven: the page must be this
/// browser's own, however well the browser vouches for the origin. Apps may share it.
///
/// # Errors
/// The facts that speak against it.
pub(crate) fn guard_own(context: &mut Context, fields: &Fields) -> Result<(), Vec<Evidence>> {
    if examine(context, fields)? { Ok(()) } else { Err(vec![Evidence::FormUnreadable]) }
}

/// Whether a form that may be taken is of this very browser's own page.
#[expect(clippy::too_many_lines, reason = "the order of the checks is the protection")]
fn examine(context: &mut Context, fields: &Fields) -> Result<bool, Vec<Evidence>> {
    debug_assert_eq!(context.method, Method::POST);
    let token = read_token(context, fields.get("form"));
    take_facts(context, fields, token.is_some());
    let own_page =
        token.is_some_and(|token| context.visitor.cookie_came && context.visitor.browser_key == Some(token.browser));
    context.form_account = token.map(|token| token.account);
    if let Some(token) = token {
        context.visitor.refused_before = i64::from(token.refusals);
        let age = context.now.since(token.made);
        context.visitor.browser.trace.page_age_minutes = Some(age.0 / 60_000);
        if token.build != context.web.build {
            context.visitor.signs.push(Evidence::OldBuild);
            context.visitor.repairs.push(OLD_BUILD);
        }
    }
    if header_text(&context.headers, header::ORIGIN) == Some("null") {
        context.visitor.signs.push(Evidence::OriginHidden);
    }
    let site = context.site();
    if site == Site::Cross {
        // No other site can have this browser's own page. Unless the browser itself says so, the
        // address is wrong, or something changed the header on the way.
        if token.is_none() || context.headers.contains_key("sec-fetch-site") {
            return Err(vec![Evidence::CrossSitePost]);
        }
        let ours = setup::wrong_address(context);
        return Err(match (ours.is_empty(), own_page) {
            (false, _) => ours,
            (true, true) => vec![Evidence::CrossSitePost, Evidence::HeaderChanged],
            (true, false) => vec![Evidence::CrossSitePost],
        });
    }
    let vouched = site == Site::Same;
    if fields.get("form").is_empty() {
        return Err(vec![Evidence::FormMissing]);
    }
    let Some(token) = token else {
        if vouched && context.visitor.cookie_came {
            context.visitor.repairs.push("form_renewed");
            return Ok(own_page);
        }
        let mut evidence = vec![Evidence::FormUnreadable];
        if context.web.app.findings.holds(SetupFault::KeysDiffer, context.now) {
            evidence.extend([Evidence::OursAtFault, Evidence::Setup { fault: SetupFault::KeysDiffer }]);
        }
        return Err(evidence);
    };
    if !context.visitor.cookie_came {
        let ours = setup::wrong_scheme(context);
        if !ours.is_empty() {
            return Err([vec![Evidence::ProbeCookieMissing], ours].concat());
        }
        if !token.cookie_came {
            return Err(no_cookie(context, token));
        }
        if !vouched {
            return Err(vec![Evidence::CookiesCleared]);
        }
        context.visitor.repairs.push("form_renewed");
        return Ok(own_page);
    }
    let age = context.now.since(token.made);
    if vouched {
        // Another tab may have renewed the cookie since; the browser vouches for the page.
        if age > FORM_LIFE {
            context.visitor.repairs.push("form_renewed");
        }
        return Ok(own_page);
    }
    if age > FORM_LIFE {
        return Err(vec![Evidence::FormTooOld { minutes: age.as_minutes_up() }]);
    }
    if context.visitor.browser_key != Some(token.browser) {
        return Err(vec![Evidence::FormUnreadable]);
    }
    Ok(own_page)
}

/// A page that had no cookie, sent without one: cookies are blocked, or it is somebody else's page that something on the
/// way kept and handed out (RFC 9110 7.6.3: who forwards says so in `Via`).
fn no_cookie(context: &Context, token: Token) -> Vec<Evidence> {
    let age = context.now.since(token.made);
    let mut evidence = vec![Evidence::ProbeCookieMissing];
    if age > HANDED_ON && context.headers.contains_key(header::VIA) {
        evidence.push(Evidence::HandedOn { minutes: age.as_minutes_up() });
    }
    evidence
}

/// Whether a form is a page of ours, of this browser if it brings its cookie.
pub(crate) fn is_readable(context: &Context, fields: &Fields) -> bool {
    let own = |token: Token| !context.visitor.cookie_came || context.visitor.browser_key == Some(token.browser);
    read_token(context, fields.get("form")).is_some_and(own)
}

/// Takes over what the page's script saw.
fn take_facts(context: &mut Context, fields: &Fields, ours: bool) {
    let script = request_signals::of_script(
        fields.has("facts").then(|| fields.get("facts")),
        fields.has("noscript"),
        context.web.assets.path("app.js"),
    );
    context.visitor.signs.extend(script.facts);
    // The page shown in the other language still leads there.
    if fields.has("return_to") && context.query("return_to").is_none() {
        context.query.push(("return_to".to_owned(), fields.return_to().carried().into_owned()));
    }
    // Only a page of ours has a say about clocks.
    if let Some(clock) = script.clock.filter(|_| ours) {
        let ahead = clock.saturating_sub(context.now.0).clamp(-LONGEST_SKEW, LONGEST_SKEW) / 1_000;
        context.visitor.browser.trace.clock_skew_seconds = Some(ahead);
        let network = context.visitor.network_kept();
        let facts = kagiya_flows::check::setup::note_clock(&context.web.app, &network, ahead);
        context.visitor.signs.extend(facts);
    }
}

/// A century: a page's clock may say anything.
const LONGEST_SKEW: i64 = 100 * 366 * 24 * 3_600_000;

fn read_token(context: &Context, text: &str) -> Option<Token> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == TOKEN_BYTES + 16)?;
    let (body, tag) = bytes.split_at(TOKEN_BYTES);
    if !context.web.app.keys.verify16("form", &[body], tag) {
        return None;
    }
    Some(Token {
        made: Timestamp(i64::from_be_bytes(body[..8].try_into().ok()?)),
        browser: body[8..24].try_into().ok()?,
        build: body[24..28].try_into().ok()?,
        cookie_came: body[28] == 1,
        refusals: body[29],
        account: body[30..].try_into().ok()?,
    })
}

//! Forms: read within limits, and known to be pages of ours.

use axum::body::Body;
use http::{Method, header};
use http_body_util::{BodyExt, Limited};
use kagiya_domain::{Evidence, Span, Timestamp, return_to::ReturnTo};
use kagiya_flows::FieldError;

use crate::{
    context::{Context, Site, header_text},
    cookies,
};

/// Largest body that is read at all.
pub(crate) const MAX_BODY: usize = 64 * 1_024;
const MAX_FIELDS: usize = 64;
/// A body that takes longer than this is given up.
const BODY_TIME: std::time::Duration = std::time::Duration::from_secs(20);
/// Without the browser's word for its origin, a form is good for this long.
const FORM_LIFE: Span = Span::hours(12);

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
        let bytes = read_body(body).await?;
        let nothing = bytes.is_empty() && kind.is_empty();
        if !form && !nothing {
            return Err(BodyError::WrongType);
        }
        Ok(Self(form_urlencoded::parse(&bytes).into_owned().take(MAX_FIELDS).collect()))
    }

    /// A field's text, empty when it is missing.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.as_str())
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
    pub(crate) fn return_to(&self) -> Option<ReturnTo> {
        ReturnTo::parse(self.get("return_to"))
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

/// Reads a body within [`MAX_BODY`].
pub(crate) async fn read_body(body: Body) -> Result<Vec<u8>, BodyError> {
    let Ok(read) = tokio::time::timeout(BODY_TIME, Limited::new(body, MAX_BODY).collect()).await else {
        return Err(BodyError::Broken);
    };
    match read {
        Ok(all) => Ok(all.to_bytes().to_vec()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(BodyError::TooLarge),
        Err(_) => Err(BodyError::Broken),
    }
}

/// The hidden part of every form: when it was made and for which browser, with a tag.
pub(crate) fn token(context: &Context) -> String {
    let made = context.now.0.to_be_bytes();
    let browser = context.visitor.browser_key.unwrap_or_default();
    let tag = context.web.app.keys.digest16("form", &[&made, &browser]);
    cookies::encode(&[&made[..], &browser[..], &tag[..]].concat())
}

/// Whether a form is a page of ours, sent by the browser it was made for. The browser's own
/// word for its origin comes first, the hidden part second.
///
/// # Errors
/// The facts that speak against it.
pub(crate) fn guard(context: &Context, fields: &Fields) -> Result<(), Vec<Evidence>> {
    debug_assert_eq!(context.method, Method::POST);
    let site = context.site();
    if site == Site::Cross {
        return Err(vec![Evidence::CrossSitePost]);
    }
    if fields.get("form").is_empty() {
        return Err(vec![Evidence::FormMissing]);
    }
    let Some((made, browser)) = read_token(context, fields.get("form")) else {
        return Err(vec![Evidence::FormUnreadable]);
    };
    if !context.visitor.cookie_came {
        return Err(vec![Evidence::ProbeCookieMissing]);
    }
    if site == Site::Same {
        // Another tab may have renewed the cookie since; the browser vouches for the page.
        return Ok(());
    }
    let age = context.now.since(made);
    if age > FORM_LIFE {
        return Err(vec![Evidence::FormTooOld { minutes: age.as_minutes_up() }]);
    }
    if context.visitor.browser_key != Some(browser) {
        return Err(vec![Evidence::FormUnreadable]);
    }
    Ok(())
}

fn read_token(context: &Context, text: &str) -> Option<(Timestamp, [u8; 16])> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 40)?;
    let (made, rest) = bytes.split_at(8);
    let (browser, tag) = rest.split_at(16);
    if !context.web.app.keys.verify16("form", &[made, browser], tag) {
        return None;
    }
    Some((Timestamp(i64::from_be_bytes(made.try_into().ok()?)), browser.try_into().ok()?))
}

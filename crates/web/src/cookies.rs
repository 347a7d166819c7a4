//! Cookies: read as they come, duplicates and all; written in one way only.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, header};
use kagiya_flows::{App, settings::PublicUrl};

/// The cookies of this server. Each stands alone: losing one does not lose the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The session's token.
    Session,
    /// The known-device mark.
    Device,
    /// The browser's part in flows, and the probe for kept cookies.
    Flow,
    /// The language the person chose.
    Lang,
}

/// Browsers cap lives at 400 days (RFC 6265bis 5.5).
const LONG: i64 = 400 * 24 * 3_600;

impl Cookie {
    const fn plain_name(self) -> &'static str {
        match self {
            Self::Session => "kagiya_session",
            Self::Device => "kagiya_device",
            Self::Flow => "kagiya_flow",
            Self::Lang => "kagiya_lang",
        }
    }

    const fn host_name(self) -> &'static str {
        match self {
            Self::Session => "__Host-kagiya_session",
            Self::Device => "__Host-kagiya_device",
            Self::Flow => "__Host-kagiya_flow",
            Self::Lang => "__Host-kagiya_lang",
        }
    }

    /// `__Host-…` under https. Plain http is for loopback only, where some browsers would
    /// not keep a `Secure` cookie.
    pub(crate) const fn name(self, url: &PublicUrl) -> &'static str {
        if url.secure { self.host_name() } else { self.plain_name() }
    }

    /// Every value of this cookie in the request, in order: there may be several.
    pub(crate) fn values<'h>(self, headers: &'h HeaderMap, url: &PublicUrl) -> impl Iterator<Item = &'h str> {
        let name = self.name(url);
        headers
            .get_all(header::COOKIE)
            .into_iter()
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
            // A sibling's cookie may hold anything; only ours must be text.
            .filter_map(|pair| std::str::from_utf8(pair).ok())
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(move |(found, _)| *found == name)
            .map(|(_, value)| value.trim_matches('"'))
    }

    /// A `Set-Cookie` value. `seconds`: life; `None`: until the browser closes.
    pub(crate) fn set(self, value: &str, seconds: Option<i64>, url: &PublicUrl) -> HeaderValue {
        let mut text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax", self.name(url));
        if url.secure {
            text.push_str("; Secure");
        }
        if let Some(seconds) = seconds {
            text.push_str(&format!("; Max-Age={seconds}"));
        }
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }

    /// As [`Cookie::set`] for as long as browsers allow.
    pub(crate) fn set_long(self, value: &str, url: &PublicUrl) -> HeaderValue {
        self.set(value, Some(LONG), url)
    }

    /// A `Set-Cookie` value that removes it.
    pub(crate) fn expire(self, url: &PublicUrl) -> HeaderValue {
        self.set("", Some(0), url)
    }
}

/// Reads a 16-byte value.
pub(crate) fn decode16(value: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 18];
    match URL_SAFE_NO_PAD.decode_slice(value, &mut bytes) {
        Ok(16) => bytes[..16].try_into().ok(),
        Ok(_) | Err(_) => None,
    }
}

/// Writes bytes for a cookie.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The device cookie: identifier and tag, so that nobody invents known devices.
pub(crate) fn device_value(app: &App, device: &[u8; 16]) -> String {
    let tag = app.keys.digest16("device cookie", &[device]);
    encode(&[&device[..], &tag[..]].concat())
}

/// The identifier of a device cookie whose tag is ours.
pub(crate) fn read_device(app: &App, value: &str) -> Option<[u8; 16]> {
    let bytes = URL_SAFE_NO_PAD.decode(value).ok().filter(|bytes| bytes.len() == 32)?;
    let (device, tag) = bytes.split_at(16);
    app.keys.verify16("device cookie", &[device], tag).then(|| device.try_into().ok()).flatten()
}

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
    /// Redirects of the last seconds.
    Turns,
    /// By which method this browser signed in last.
    Method,
    /// To which provider this browser went and has not come back from.
    Away,
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
            Self::Turns => "kagiya_turns",
            Self::Method => "kagiya_method",
            Self::Away => "kagiya_away",
        }
    }

    const fn host_name(self) -> &'static str {
        match self {
            Self::Session => "__Host-kagiya_session",
            Self::Device => "__Host-kagiya_device",
            Self::Flow => "__Host-kagiya_flow",
            Self::Lang => "__Host-kagiya_lang",
            Self::Turns => "__Host-kagiya_turns",
            Self::Method => "__Host-kagiya_method",
            Self::Away => "__Host-kagiya_away",
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

    /// Whether a name is one of ours: now, or under plain http, or of the settings' list.
    fn is_ours(name: &str, legacy: &[String]) -> bool {
        ALL.iter().any(|cookie| name == cookie.plain_name() || name == cookie.host_name())
            || legacy.iter().any(|old| old == name)
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

/// Every cookie of ours.
const ALL: [Cookie; 7] =
    [Cookie::Session, Cookie::Device, Cookie::Flow, Cookie::Lang, Cookie::Turns, Cookie::Method, Cookie::Away];
/// Paths on which earlier versions, or earlier software on this host, may have set cookies.
const OLD_PATHS: [&str; 5] = ["/", "/sign-in", "/account", "/login", "/auth"];
/// Names that are told apart.
const MOST_NAMES: usize = 100;
/// Bytes for removals beside a page, and on the press of repair: proxies give the headers of
/// an answer 4 KiB by default.
pub(crate) const PRUNING: usize = 1_300;
pub(crate) const REPAIRING: usize = 1_500;
/// Bytes for removals of what other software set on this host.
const OTHERS: usize = 1_200;

/// What came in `Cookie`: names and counts, never values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Census {
    /// Names with how often each came, in the order of the request.
    pub(crate) names: Vec<(String, u16)>,
    /// The heaviest names that are not ours.
    pub(crate) heaviest: Vec<String>,
    /// Bytes of all.
    pub(crate) bytes: usize,
}

impl Census {
    pub(crate) fn of(headers: &HeaderMap, legacy: &[String]) -> Self {
        let mut bytes = 0;
        // By name, within bounds: a header may hold tens of thousands.
        let mut found: Vec<(&[u8], u16, usize)> = Vec::new();
        for line in headers.get_all(header::COOKIE) {
            bytes += line.len();
            for pair in line.as_bytes().split(|byte| *byte == b';') {
                let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
                let room = found.len() < MOST_NAMES && !name.is_empty();
                match found.iter_mut().find(|(known, ..)| *known == name) {
                    Some((_, count, weight)) => {
                        *count = count.saturating_add(1);
                        *weight += pair.len();
                    }
                    None if room => found.push((name, 1, pair.len())),
                    None => {}
                }
            }
        }
        let text = |name: &[u8]| String::from_utf8_lossy(name).chars().take(64).collect::<String>();
        let names: Vec<(String, u16)> = found.iter().map(|(name, count, _)| (text(name), *count)).collect();
        let mut weights: Vec<(usize, &str)> = found
            .iter()
            .zip(&names)
            .map(|((_, _, weight), (name, _))| (*weight, name.as_str()))
            .filter(|(_, name)| !Cookie::is_ours(name, legacy))
            .collect();
        weights.sort_unstable_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        let heaviest = weights.into_iter().take(5).map(|(_, name)| name.to_owned()).collect();
        Self { names, heaviest, bytes }
    }

    /// Cookies of ours that came more than once.
    pub(crate) fn duplicates(&self, url: &PublicUrl) -> impl Iterator<Item = (&str, u16)> {
        self.names
            .iter()
            .filter(move |(name, count)| *count > 1 && ALL.iter().any(|cookie| cookie.name(url) == name))
            .map(|(name, count)| (name.as_str(), *count))
    }

    /// Removes what other software set on this very host. Cookies of a whole domain, which
    /// siblings may need, are another scope and stay.
    pub(crate) fn expire_others(&self, legacy: &[String], url: &PublicUrl) -> Vec<HeaderValue> {
        let secure = if url.secure { "; Secure" } else { "" };
        let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
        let others = self.names.iter().map(|(name, _)| name.as_str());
        let mut left = OTHERS;
        others
            .filter(|name| plain(name) && !Cookie::is_ours(name, legacy))
            .map(|name| format!("{name}=; Max-Age=0; Path=/{secure}"))
            .take_while(|text| {
                left = left.saturating_sub(text.len() + 14);
                left > 0
            })
            .filter_map(|text| HeaderValue::from_str(&text).ok())
            .collect()
    }

    /// Cookies of ours that only earlier versions set.
    pub(crate) fn legacy<'c>(&'c self, url: &PublicUrl, legacy: &'c [String]) -> impl Iterator<Item = &'c str> {
        let secure = url.secure;
        self.names.iter().map(|(name, _)| name.as_str()).filter(move |name| {
            legacy.iter().any(|old| old == name)
                || ALL.iter().any(|cookie| *name == if secure { cookie.plain_name() } else { cookie.host_name() })
        })
    }
}

/// `Set-Cookie` values that remove these names from every scope but the one we set them on:
/// other paths, and the domains that the host lies in. Browsers refuse what does not fit.
/// What stands first in `names` goes first, and no more than `budget` bytes are spent.
pub(crate) fn expire_scopes(names: &[&str], path: &str, budget: usize, url: &PublicUrl) -> Vec<HeaderValue> {
    let authority = url.origin.split("://").nth(1).unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let mut domains = vec![None];
    let mut domain = (host.parse::<std::net::IpAddr>().is_err() && host.contains('.')).then_some(host);
    while let Some(part) = domain {
        domains.push(Some(part));
        domain = part.split_once('.').map(|(_, parent)| parent).filter(|parent| parent.contains('.'));
    }
    let mut paths: Vec<&str> = OLD_PATHS.to_vec();
    let first = path.get(1..).and_then(|rest| rest.find('/')).map_or(path, |end| &path[..=end]);
    for own in [first, path] {
        if own.starts_with('/')
            && !paths.contains(&own)
            && own.len() < 100
            && own.bytes().all(|b| b.is_ascii_graphic() && b != b';')
        {
            paths.push(own);
        }
    }
    let secure = if url.secure { "; Secure" } else { "" };
    let mut values = Vec::new();
    let mut spent = 0;
    for name in names {
        for path in &paths {
            for domain in &domains {
                // The scope of our own cookies is set or expired by name, not here.
                let own = domain.is_none() && *path == "/" && ALL.iter().any(|cookie| cookie.name(url) == *name);
                if own || (name.starts_with("__Host-") && (domain.is_some() || *path != "/")) {
                    continue;
                }
                let domain = domain.map(|domain| format!("; Domain={domain}")).unwrap_or_default();
                let text = format!("{name}=; Max-Age=0; Path={path}{domain}{secure}");
                spent += "set-cookie: \r\n".len() + text.len();
                if spent > budget {
                    return values;
                }
                values.extend(HeaderValue::from_str(&text).ok());
            }
        }
    }
    values
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

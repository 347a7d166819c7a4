//! Values of settings that are checked as they are read.

use std::str::FromStr;

use ipnet::IpNet;
use kagiya_flows::settings::PublicUrl;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::Failure;

/// The text of a setting that may hold a secret, as it was given. Nothing shows it.
#[derive(Clone)]
pub(crate) struct Hidden(Zeroizing<String>);

impl FromStr for Hidden {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hidden]")
    }
}

impl Hidden {
    /// What it says, or which setting says what cannot be understood.
    pub(crate) fn read<T: FromStr<Err = String>>(&self, flag: &str, variable: &str) -> Result<T, Failure> {
        self.0.parse().map_err(|expected| Failure::Usage(format!("{flag} (or {variable}): {expected}")))
    }
}

/// A public URL that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrlSetting(pub(crate) PublicUrl);

impl FromStr for PublicUrlSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let uri: http::Uri = text.parse().map_err(|_| "expected a URL, such as https://login.example.jp")?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err("expected scheme and host, such as https://login.example.jp".into());
        };
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() || authority.as_str().contains('@') {
            return Err("expected scheme, host and port only, without a path".into());
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let loopback = host == "localhost"
            || host.ends_with(".localhost")
            || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let secure = match scheme {
            "https" => true,
            "http" if loopback => false,
            "http" => return Err("plain http is accepted for loopback hosts only; use https".into()),
            _ => return Err("expected https".into()),
        };
        let port = match (authority.port_u16(), secure) {
            (Some(443), true) | (Some(80), false) | (None, _) => String::new(),
            (Some(port), _) => format!(":{port}"),
        };
        let shown_host = authority.host().to_ascii_lowercase();
        Ok(Self(PublicUrl { origin: format!("{scheme}://{shown_host}{port}"), secure }))
    }
}

/// The colour of buttons, dark enough for white words.
#[derive(Debug)]
pub(crate) struct Accent(pub(crate) String);

impl FromStr for Accent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err("expected a colour such as #0f766e".into());
        }
        let channel = |at: usize| {
            let value = digits.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok()).unwrap_or(0);
            let share = f64::from(value) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = 0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4);
        // White words stand on it: WCAG 2.2, 1.4.3.
        if 1.05 / (luminance + 0.05) < 4.5 {
            return Err("too light for white words on it; choose a darker colour (contrast 4.5:1)".into());
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// Where the people are.
#[derive(Debug)]
pub(crate) struct Zone(pub(crate) jiff::tz::TimeZone);

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        jiff::tz::TimeZone::get(text).map(Self).map_err(|_| "expected a time zone such as Asia/Tokyo".into())
    }
}

/// How the log is written.
#[derive(Debug, PartialEq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("expected \"text\" or \"json\"".into()),
        }
    }
}

/// A network, or a single address.
pub(crate) fn parse_net(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| "expected a network such as 10.0.0.0/8, or an address".to_owned())
}

/// Networks of the settings.
pub(crate) fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| parse_net(text).map_err(serde::de::Error::custom)).collect()
}

/// As [`networks`], where none is something else than not saying.
pub(crate) fn maybe_networks<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<IpNet>>, D::Error> {
    networks(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_urls_are_origins() {
        for (text, origin) in [
            ("https://Login.Example.jp/", Some("https://login.example.jp")),
            ("https://login.example.jp:443", Some("https://login.example.jp")),
            ("http://localhost:8080", Some("http://localhost:8080")),
            ("http://[::1]:8080", Some("http://[::1]:8080")),
            ("http://login.example.jp", None),
            ("https://a@b.jp", None),
            ("https://b.jp/path", None),
            ("login.example.jp", None),
        ] {
            assert_eq!(text.parse::<PublicUrlSetting>().ok().map(|url| url.0.origin).as_deref(), origin, "{text}");
        }
    }
}

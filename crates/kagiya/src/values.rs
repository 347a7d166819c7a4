//! Values of settings that are checked as they are read.

use std::str::FromStr;

use ipnet::IpNet;
use kagiya_flows::settings::PublicUrl;
use serde::{Deserialize, Deserializer};

/// A public URL that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrlSetting(pub(crate) PublicUrl);

impl FromStr for PublicUrlSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let uri: http::Uri = text.parse().map_err(|_| format!("{text:?} is no URL"))?;
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

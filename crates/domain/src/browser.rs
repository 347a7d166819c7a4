//! A browser as coarsely as advice needs it: family, major version, system, in-app kind.

use memchr::memmem;
use serde::{Deserialize, Serialize};

/// The coarse identity of a browser, read from its `User-Agent`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    /// `Chrome`, `Safari`, `Firefox`, `Edge`, `Samsung Internet`, `Opera`, or empty.
    pub family: String,
    /// Major version, 0 when unknown.
    pub major: u16,
    /// `iOS`, `Android`, `Windows`, `macOS`, `Linux`, `ChromeOS`, or empty.
    pub system: String,
    /// The app whose built-in view this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_app: Option<InApp>,
    /// What the request showed besides, for staff.
    #[serde(default)]
    pub trace: Trace,
}

/// What one request shows of its browser besides the name. Names and counts, never values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trace {
    /// The languages asked for, in order.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub languages: String,
    /// `HTTP/1.1` or `HTTP/2.0`, as it reached this server.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub http: String,
    /// Cookies by name, with how often each came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cookies: Vec<(String, u16)>,
    /// Bytes of all cookies.
    pub cookie_bytes: usize,
    /// Minutes since the form was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_age_minutes: Option<i64>,
    /// Seconds by which the device's clock is ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_skew_seconds: Option<i64>,
}

/// Apps whose built-in browser keeps its own cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InApp {
    /// LINE.
    Line,
    /// Instagram.
    Instagram,
    /// Facebook or Messenger.
    Facebook,
    /// X.
    X,
    /// Yahoo! JAPAN's app.
    YahooJapan,
    /// Some other web view.
    Other,
}

impl Browser {
    /// Reads a `User-Agent`. Anything may stand in it; nothing is believed for security.
    pub fn parse(user_agent: &str) -> Self {
        let end = user_agent.char_indices().nth(1_000).map_or(user_agent.len(), |(end, _)| end);
        let ua = &user_agent[..end];
        let has = |mark: &str| memmem::find(ua.as_bytes(), mark.as_bytes()).is_some();
        let in_app = if has(" Line/") {
            Some(InApp::Line)
        } else if has("Instagram") {
            Some(InApp::Instagram)
        } else if has("FBAN") || has("FBAV") {
            Some(InApp::Facebook)
        } else if has("Twitter") {
            Some(InApp::X)
        } else if has("YJApp") || has("jp.co.yahoo") {
            Some(InApp::YahooJapan)
        } else if has("; wv)") || (has("Mobile/") && has("AppleWebKit") && !has("Safari/") && !has("Version/")) {
            Some(InApp::Other)
        } else {
            None
        };
        let system = if has("iPhone") || has("iPad") || has("iPod") {
            "iOS"
        } else if has("Android") {
            "Android"
        } else if has("Windows") {
            "Windows"
        } else if has("CrOS") {
            "ChromeOS"
        } else if has("Macintosh") || has("Mac OS X") {
            "macOS"
        } else if has("Linux") {
            "Linux"
        } else {
            ""
        };
        // The order matters: everyone else claims to be Chrome or Safari as well.
        let families = [
            ("Edg/", "Edge"),
            ("EdgiOS/", "Edge"),
            ("EdgA/", "Edge"),
            ("OPR/", "Opera"),
            ("SamsungBrowser/", "Samsung Internet"),
            ("FxiOS/", "Firefox"),
            ("Firefox/", "Firefox"),
            ("CriOS/", "Chrome"),
            ("Chrome/", "Chrome"),
            ("Version/", "Safari"),
            ("Trident/", "Internet Explorer"),
        ];
        let found = families.iter().find_map(|(mark, family)| {
            let rest = &ua[memmem::find(ua.as_bytes(), mark.as_bytes())? + mark.len()..];
            let digits = rest.bytes().take(5).take_while(u8::is_ascii_digit).count();
            Some(((*family).to_owned(), rest[..digits].parse().unwrap_or(0)))
        });
        let (family, major) = found.unwrap_or_default();
        Self { family, major, system: system.to_owned(), in_app, trace: Trace::default() }
    }

    /// Whether this browser is too old for what the pages need (TLS 1.2, `SameSite`, CSS).
    pub fn is_unsupported(&self) -> bool {
        let floor = match self.family.as_str() {
            "Chrome" | "Edge" | "Opera" => 80,
            "Firefox" => 78,
            "Safari" => 13,
            "Samsung Internet" => 12,
            "Internet Explorer" => u16::MAX,
            _ => return false,
        };
        self.major > 0 && self.major < floor
    }

    /// Whether this browser sends `Origin` with every form.
    pub fn tells_origin(&self) -> bool {
        match self.family.as_str() {
            "Chrome" | "Edge" | "Opera" => self.major >= 85,
            "Firefox" => self.major >= 90,
            "Safari" => self.major >= 14,
            "Samsung Internet" => self.major >= 14,
            _ => false,
        }
    }

    /// `Chrome 140`, or `Chrome`, or nothing.
    pub fn name(&self) -> String {
        if self.major == 0 { self.family.clone() } else { format!("{} {}", self.family, self.major) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_common_ones() {
        for (ua, family, system, in_app) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari",
                "iOS",
                None,
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge",
                "Windows",
                None,
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; Pixel 9; wv) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36 Line/15.1.0/IAB",
                "Chrome",
                "Android",
                Some(InApp::Line),
            ),
            ("curl/8.0", "", "", None),
        ] {
            let b = Browser::parse(ua);
            assert_eq!((b.family.as_str(), b.system.as_str(), b.in_app), (family, system, in_app), "{ua}");
        }
        assert!(Browser::parse("Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko").is_unsupported());
    }
}

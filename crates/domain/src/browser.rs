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
    /// What draws the page, and its version: on iOS the system's, whatever the browser is called.
    #[serde(skip)]
    engine: Option<(Engine, u16)>,
}

/// What draws a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    Blink,
    Gecko,
    WebKit,
    /// None that runs the pages' script: Trident, Presto, and what draws pages on a server to save data.
    Other,
}

/// Something that the pages need, and the version of each engine that has it first.
struct Need {
    blink: u16,
    gecko: u16,
    webkit: u16,
}

/// What the pages' script and cookies need, by MDN's browser-compat-data 8.0.10 (7 August 2026, CC0), which names the
/// versions of Chrome, Firefox and Safari.
const NEEDS: [Need; 5] = [
    // javascript.statements.try_catch.optional_catch_binding
    Need { blink: 66, gecko: 58, webkit: 12 },
    // javascript.operators.spread.spread_in_object_literals
    Need { blink: 60, gecko: 55, webkit: 12 },
    // api.URLSearchParams.URLSearchParams.record
    Need { blink: 61, gecko: 54, webkit: 11 },
    // css.properties.custom-property
    Need { blink: 49, gecko: 31, webkit: 10 },
    // http.headers.Set-Cookie.SameSite
    Need { blink: 51, gecko: 60, webkit: 13 },
];

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

impl InApp {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Instagram => "instagram",
            Self::Facebook => "facebook",
            Self::X => "x",
            Self::YahooJapan => "yahoo_japan",
            Self::Other => "other",
        }
    }
}

/// What apps write into the names of their views, as of November 2026. A view that names no app here is known by what
/// views have in common.
const APPS: [(&str, InApp); 22] = [
    (" Line/", InApp::Line),
    ("Instagram", InApp::Instagram),
    ("FBAN", InApp::Facebook),
    ("FBAV", InApp::Facebook),
    ("FB_IAB", InApp::Facebook),
    ("Twitter", InApp::X),
    ("YJApp", InApp::YahooJapan),
    ("jp.co.yahoo", InApp::YahooJapan),
    ("musical_ly", InApp::Other),
    ("BytedanceWebview", InApp::Other),
    ("TikTok", InApp::Other),
    ("Barcelona ", InApp::Other),
    ("KAKAOTALK", InApp::Other),
    ("MicroMessenger", InApp::Other),
    ("NAVER(inapp", InApp::Other),
    ("Snapchat", InApp::Other),
    ("[Pinterest/", InApp::Other),
    ("LinkedInApp", InApp::Other),
    ("SmartNews", InApp::Other),
    ("WhatsApp/", InApp::Other),
    ("Reddit/", InApp::Other),
    ("Discord/", InApp::Other),
];

impl Browser {
    /// Reads a `User-Agent`. Anything may stand in it; nothing is believed for security.
    pub fn parse(user_agent: &str) -> Self {
        let end = user_agent.char_indices().nth(1_000).map_or(user_agent.len(), |(end, _)| end);
        let ua = &user_agent[..end];
        let has = |mark: &str| memmem::find(ua.as_bytes(), mark.as_bytes()).is_some();
        let named = APPS.iter().find(|(mark, _)| has(mark)).map(|(_, app)| *app);
        // A view of an app's own: Android's mark, the older one of before Android 5, and iOS's silence about a browser.
        let is_view = has("; wv)")
            || (has("Android 4.") && has("Version/4.0 ") && has("Chrome/"))
            || (has("Mobile/") && has("AppleWebKit") && !has("Safari/") && !has("Version/"));
        let in_app = named.or(is_view.then_some(InApp::Other));
        let number = |mark: &str| {
            let rest = &ua[memmem::find(ua.as_bytes(), mark.as_bytes())? + mark.len()..];
            let digits = rest.bytes().take(5).take_while(u8::is_ascii_digit).count();
            Some(rest[..digits].parse().unwrap_or(0))
        };
        let system = if has("Xbox") {
            "Xbox"
        } else if has("iPhone") || has("iPad") || has("iPod") {
            "iOS"
        } else if has("Android") {
            "Android"
        } else if has("Windows") {
            "Windows"
        } else if has("Nintendo") {
            "Nintendo"
        } else if has("PlayStation") {
            "PlayStation"
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
            ("Opera Mini/", "Opera Mini"),
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
        let found = families.iter().find_map(|(mark, family)| Some(((*family).to_owned(), number(mark)?)));
        let (family, major) = found.unwrap_or_default();
        let engine = match system {
            _ if has("Opera Mini/") || has("Presto/") || has("Trident/") || has("MSIE ") => Some((Engine::Other, 0)),
            "iOS" => number(" OS ").map(|version| (Engine::WebKit, version)),
            _ => number("Chrome/")
                .map(|version| (Engine::Blink, version))
                .or_else(|| number("Firefox/").map(|version| (Engine::Gecko, version)))
                .or_else(|| number("Version/").map(|version| (Engine::WebKit, version))),
        };
        Self { family, major, system: system.to_owned(), in_app, trace: Trace::default(), engine }
    }

    /// Whether what draws the pages is too old for what they need.
    pub fn is_unsupported(&self) -> bool {
        self.engine.is_some_and(|(engine, version)| {
            NEEDS.iter().any(|need| match engine {
                Engine::Blink => (1..need.blink).contains(&version),
                Engine::Gecko => (1..need.gecko).contains(&version),
                Engine::WebKit => (1..need.webkit).contains(&version),
                Engine::Other => true,
            })
        })
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
    }

    #[test]
    fn what_draws_the_page_decides_and_not_what_it_is_called() {
        for (ua, is_unsupported) in [
            ("Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", true),
            ("Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/65.0 Safari/537.36", true),
            ("Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/66.0 Safari/537.36", false),
            // Edge of before Chromium calls itself Chrome 64.
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/64.0 Safari/537.36 Edge/17.1",
                true,
            ),
            ("Mozilla/5.0 (Windows NT 10.0; rv:59.0) Gecko/20100101 Firefox/59.0", true),
            ("Mozilla/5.0 (Windows NT 10.0; rv:60.0) Gecko/20100101 Firefox/60.0", false),
            // On iOS every browser is as old as the system.
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 12_5_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/92.0 Mobile/15E148 Safari/604.1",
                true,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 13_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Mobile/15E148 Safari/604.1",
                false,
            ),
            ("Opera/9.80 (Android; Opera Mini/36.2/119.132; U; id) Presto/2.12.423 Version/12.16", true),
            ("curl/8.0", false),
        ] {
            assert_eq!(Browser::parse(ua).is_unsupported(), is_unsupported, "{ua}");
        }
        for (ua, in_app) in [
            (
                "Mozilla/5.0 (Linux; U; Android 4.4.2; ja-jp; SH-01F) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/30.0.0.0 Mobile Safari/537.36",
                true,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
                true,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 musical_ly_35.1 BytedanceWebview/d8a21c6",
                true,
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                false,
            ),
        ] {
            assert_eq!(Browser::parse(ua).in_app.is_some(), in_app, "{ua}");
        }
        let console = "Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/609.4 (KHTML, like Gecko) NF/6.0.2 NintendoBrowser/5.1.0";
        assert_eq!(Browser::parse(console).system, "Nintendo");
    }
}

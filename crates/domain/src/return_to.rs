//! Where a person wanted to go. Only same-origin paths survive.

/// A same-origin path with its query, safe to put into a `Location` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo(String);

/// Longest path that queries and forms carry, in bytes before they are written as `%41`: what was read is not too long
/// when it is read again.
pub const CARRIED: usize = 2_000;
/// Longest path that is kept on the server.
const KEPT: usize = 16_000;

fn weight(path: &str) -> usize {
    path.len() - 2 * (path.matches('%').count().min(path.len() / 3))
}

impl ReturnTo {
    /// Accepts an absolute path; drops anything that some browser or proxy could read as
    /// another host (`//`, `\`, controls, encoded slashes, dot segments, `;`).
    pub fn parse(typed: &str) -> Option<Self> {
        if weight(typed) > CARRIED { None } else { Self::parse_long(typed) }
    }

    /// As [`ReturnTo::parse`], for one that is not carried but kept.
    pub fn parse_long(typed: &str) -> Option<Self> {
        let own = Self::of_origin(typed)?;
        let path = typed.split('?').next().unwrap_or_default().to_ascii_lowercase();
        // Going back to these would undo or repeat what was just done.
        let own_door = ["/sign-in", "/sign-out", "/sign-up", "/recover", "/unlock"]
            .iter()
            .any(|door| path == *door || path.starts_with(&format!("{door}/")));
        (!own_door).then_some(own)
    }

    /// As [`ReturnTo::parse`], for a page that is only shown again: the doors are allowed.
    pub fn parse_own(typed: &str) -> Option<Self> {
        if weight(typed) > CARRIED { None } else { Self::of_origin(typed) }
    }

    fn of_origin(typed: &str) -> Option<Self> {
        if typed.len() > KEPT || !typed.starts_with('/') || typed == "/" {
            return None;
        }
        let plain =
            |c: char| c.is_ascii_graphic() && !matches!(c, '#' | '\\' | '"' | '<' | '>' | '`' | '{' | '}' | '|' | '^');
        // Letters of other scripts are written as browsers send them; no sign among them is a dot or a slash.
        if !typed.chars().all(|c| plain(c) || (!c.is_ascii() && c.is_alphanumeric())) {
            return None;
        }
        let typed: String = typed
            .chars()
            .flat_map(|c| {
                let mut bytes = [0; 4];
                let utf8 = c.encode_utf8(&mut bytes).as_bytes();
                let encoded = utf8.iter().map(|b| if c.is_ascii() { c.to_string() } else { format!("%{b:02X}") });
                encoded.collect::<Vec<_>>()
            })
            .collect();
        let lower = typed.split('?').next().unwrap_or_default().to_ascii_lowercase();
        let tricks = ["//", ";", "@", "%2f", "%5c", "%25", "%0", "%2e", "%3b"];
        if tricks.iter().any(|trick| lower.contains(trick))
            || lower.split('/').any(|segment| segment == "." || segment == "..")
        {
            return None;
        }
        Some(Self(typed))
    }

    /// The path as it goes into a `Location` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_own_paths_and_drops_everything_else() {
        for kept in
            ["/account", "/account/security?tab=1", "/oauth/authorize?redirect_uri=https%3A%2F%2Fapp.example%2Fcb"]
        {
            assert!(ReturnTo::parse(kept).is_some(), "{kept}");
        }
        let japanese = ReturnTo::parse("/日記/ブログ?q=鍵").map(|to| to.as_str().to_owned());
        assert_eq!(japanese.as_deref(), Some("/%E6%97%A5%E8%A8%98/%E3%83%96%E3%83%AD%E3%82%B0?q=%E9%8D%B5"));
        for dropped in [
            "",
            "/",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/%2fevil.example",
            "/%252fevil",
            "/a//b",
            "/..;/x",
            "/a/../b",
            "/./x",
            "/\tx",
            "/x y",
            "/%09/x",
            "javascript:alert(1)",
            "/sign-out",
            "/SIGN-IN/x",
            "/@evil",
            "/a\r\nLocation: x",
            "/．．/x",
            "/%2e%2e/x",
            " /x",
            "/x\u{202e}",
            "/a#b",
            "/a/..%3b/x",
        ] {
            assert!(ReturnTo::parse(dropped).is_none(), "{dropped:?}");
        }
        let kanji = ReturnTo::parse(&format!("/{}", "鍵".repeat(600))).unwrap();
        assert_eq!(ReturnTo::parse(kanji.as_str()), Some(kanji), "read again as it was read");
        let long = format!("/{}", "a".repeat(3_000));
        assert!(ReturnTo::parse(&long).is_none() && ReturnTo::parse_own(&long).is_none());
        assert!(ReturnTo::parse_long(&long).is_some());
        for dropped in [&format!("/sign-out?{long}"), &format!("/{long}"), &"/a".repeat(10_000)] {
            assert!(ReturnTo::parse_long(dropped).is_none(), "{dropped}");
        }
    }
}

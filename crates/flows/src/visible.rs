//! Characters that act on terminals and on the direction of text, made visible.

/// The text with a mark in the place of every control character (Unicode's control pictures) and of everything that
/// turns the direction of what stands beside it. Line breaks and tabs are controls, too.
pub fn visible(text: &str) -> String {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.chars().any(acts) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| match u32::from(c) {
            // No database keeps a NUL and no page may hold one: it is a character that cannot be read.
            0 => '\u{fffd}',
            code @ 1..0x20 => char::from_u32(0x2400 + code).unwrap_or('\u{fffd}'),
            0x7f => '\u{2421}',
            _ if acts(c) => '\u{fffd}',
            _ => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_seen() {
        assert_eq!(visible("ha\u{1b}[31mna\r\n"), "ha␛[31mna␍␊");
        for turns in ['\u{202e}', '\u{2066}', '\u{61c}', '\u{200e}', '\u{200f}'] {
            assert_eq!(visible(&format!("a{turns}b")), "a\u{fffd}b");
        }
        assert_eq!(visible("ha\0na"), "ha\u{fffd}na");
        assert_eq!(visible("花のブログ"), "花のブログ");
    }
}

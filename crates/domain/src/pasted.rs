//! What comes along when something is typed on a phone or copied from elsewhere, and belongs to nothing that is asked for.

use unicode_normalization::UnicodeNormalization;

/// Trim, NFKC, lower case, plain dashes: what every typed identifier goes through first.
pub(crate) fn fold(typed: &str) -> String {
    let folded = typed.trim().nfkc().flat_map(char::to_lowercase).filter(|c| !is_invisible(*c)).map(dash);
    folded.collect::<String>().trim().to_owned()
}

/// The hyphen that is meant: phones and Japanese keyboards write it in many ways, none of which stands in an ID, an
/// address, a code or on a key.
pub(crate) fn dash(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{2500}' | '\u{2501}' | '\u{2e3a}' | '\u{2e3b}' => '-',
        '\u{2d7}' | '\u{fe58}' | '\u{fe63}' | '\u{30fc}' | '\u{ff70}' => '-',
        other => other,
    }
}

/// Characters that cannot be seen and only confuse: zero-width, bidirectional controls, selectors of a letter's form.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

/// Brackets, quotation marks and what ends a sentence, around something that was copied.
fn surrounds(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | '"' | '\'' | ',' | ';' | ':' | '.')
        || matches!(
            c,
            '\u{ab}' | '\u{bb}' | '\u{2018}'..='\u{201f}' | '\u{2032}' | '\u{2033}' | '\u{2039}' | '\u{203a}'
        )
        || matches!(c, '\u{27e8}'..='\u{27eb}' | '\u{2329}' | '\u{232a}' | '\u{3001}' | '\u{3002}')
        || matches!(c, '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301b}' | '\u{301d}'..='\u{301f}')
}

/// Without what stands around it.
pub(crate) fn bare(text: &str) -> &str {
    text.trim_matches(surrounds)
}

/// Whether this is what people call an address: "E-mail", "Mail address", "メールアドレス".
fn is_label(text: &str) -> bool {
    let text = text.to_lowercase();
    ["mail", "address", "メール", "アドレス"].iter().any(|word| text.contains(word))
}

/// Whether this is what people call a login ID, folded: "ログインID", "User ID", "アカウント名".
fn is_id_label(folded: &str) -> bool {
    let words = ["id", "ログイン", "ユ-ザ", "アカウント", "login", "user", "account"];
    words.iter().any(|word| folded.contains(word))
}

/// The ID in what was copied with its label, folded: `ログインid: hana`. No ID has a colon.
pub(crate) fn labelled_id(folded: &str) -> &str {
    match folded.split_once(':') {
        Some((label, id)) if is_id_label(label) && !id.contains("//") => bare(id),
        _ => bare(folded),
    }
}

/// The address in what was copied: `Hana <hana@example.jp>`, `mailto:hana@example.jp?subject=…`, `メール: hana@example.jp`.
pub(crate) fn address(text: &str) -> &str {
    // Some carriers issued addresses that begin with a dot, and an apostrophe may begin one.
    let leads = |c: char| surrounds(c) && !matches!(c, '.' | '\'');
    let text = text.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\'')).unwrap_or(text);
    let inner = match text.rsplit_once('<') {
        Some((_, inner)) if inner.contains('@') => inner.split('>').next().unwrap_or(inner),
        _ => text,
    };
    let start = inner.trim_start_matches(leads);
    let scheme = start.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    let inner = match start.split_once('@') {
        Some(_) if scheme => start.get(7..).and_then(|rest| rest.split('?').next()).unwrap_or(start),
        // A label before it: no local part has a colon. Another header's name is none.
        Some((local, _)) => local
            .rfind(':')
            .filter(|colon| local.get(..*colon).is_some_and(is_label))
            .and_then(|colon| start.get(colon + 1..))
            .unwrap_or(start),
        None => start,
    };
    inner.trim_start_matches(leads).trim_end_matches(surrounds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_address_in_what_was_copied() {
        for text in [
            "hana@example.jp",
            "Hana <hana@example.jp>",
            "\"Hana, A.\" <hana@example.jp>,",
            "mailto:hana@example.jp?subject=a@b",
            "<MAILTO:hana@example.jp>",
            "E-mail: hana@example.jp",
            "メール:hana@example.jp。",
            "«hana@example.jp»",
            "⟨hana@example.jp⟩",
            "『hana@example.jp』",
            "〝hana@example.jp〟",
        ] {
            assert_eq!(address(text), "hana@example.jp", "{text}");
        }
        assert_eq!(address("'hana@example.jp'"), "hana@example.jp");
        assert_eq!(address("'hana@example.jp"), "'hana@example.jp");
        assert_eq!(address(".hana@example.jp"), ".hana@example.jp");
        assert_eq!(address("Bcc: hana@example.jp"), "Bcc: hana@example.jp");
        assert_eq!(bare("“hana”"), "hana");
        assert_eq!(bare("「hana」。"), "hana");
    }
}

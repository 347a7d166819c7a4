//! The HTML part of a mail. Escaping is the template's.

use askama::Template;
use kagiya_text::Lang;

#[derive(Template)]
#[template(path = "mail.html")]
struct Page<'a> {
    lang: &'static str,
    subject: &'a str,
    accent: &'a str,
    body: Vec<Paragraph<'a>>,
    foot: Vec<Paragraph<'a>>,
}

struct Paragraph<'a> {
    lines: Vec<&'a str>,
    /// It is the code and nothing else.
    is_code: bool,
}

fn paragraphs<'a>(text: &'a str, code: Option<&str>) -> Vec<Paragraph<'a>> {
    let paragraph = |text: &'a str| Paragraph {
        is_code: code.is_some_and(|code| text.trim() == code),
        lines: text.split('\n').collect(),
    };
    text.split("\n\n").map(paragraph).collect()
}

/// The page of a mail: subject, body and foot as in its text part.
pub(crate) fn page(lang: Lang, (subject, body, foot): (&str, &str, &str), code: Option<&str>, accent: &str) -> String {
    let page =
        Page { lang: lang.as_str(), subject, accent, body: paragraphs(body, code), foot: paragraphs(foot, code) };
    // Writing into a text does not fail; the text part says the same.
    page.render().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_text_and_the_code_stands_alone() {
        let body = "<b>\"Hana\" & co</b>\nsecond line\n\n123456\n\n'end'";
        let page = page(Lang::Ja, ("a < b", body, "foot"), Some("123456"), "#0f766e");
        assert!(page.starts_with("<!doctype html><html lang=\"ja\">"), "{page}");
        assert!(page.contains("<title>a &#60; b</title>"), "{page}");
        assert!(!page.contains("<b>") && page.contains("&#38; co"), "{page}");
        assert!(page.contains("<br>second line</p>"), "{page}");
        assert_eq!(page.matches("translate=\"no\"").count(), 1);
        assert!(page.contains("margin:24px 0\">123456</p>"), "{page}");
        assert!(page.ends_with("<p style=\"margin:0 0 16px\">foot</p></div></body></html>"), "{page}");
    }
}

//! Help pages: one Markdown file a cause and language, in `help/`.

use pulldown_cmark::{Event, Options, Parser, html};
use rust_embed::RustEmbed;

use crate::words::Lang;

#[derive(RustEmbed)]
#[folder = "../../help"]
pub(crate) struct Help;

/// A help page as it is written. `None` when there is no page of that name.
pub fn help_text(lang: Lang, slug: &str) -> Option<String> {
    // The name comes from a URL: only names of ours can be files of ours.
    if !slug.bytes().all(|b| b.is_ascii_lowercase() || b == b'.' || b == b'_') {
        return None;
    }
    let file = Help::get(&format!("{}/{slug}.md", lang.as_str()))?;
    Some(String::from_utf8_lossy(&file.data).into_owned())
}

/// A help page as HTML: its title and its body. `None` when there is no page of that name.
pub fn help_page(lang: Lang, slug: &str) -> Option<(String, String)> {
    let text = help_text(lang, slug)?;
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let title = first.trim_start_matches('#').trim().to_owned();
    let events =
        Parser::new_ext(rest, Options::empty()).filter(|event| !matches!(event, Event::Html(_) | Event::InlineHtml(_)));
    let mut body = String::new();
    html::push_html(&mut body, events);
    Some((title, body))
}

//! Help pages: one Markdown file a cause and language, in `help/`.

use pulldown_cmark::{Event, Options, Parser, html};
use rust_embed::RustEmbed;

use crate::words::Lang;

#[derive(RustEmbed)]
#[folder = "../../help"]
struct Help;

/// A help page as HTML: its title and its body. `None` when there is no page of that name.
pub fn help_page(lang: Lang, slug: &str) -> Option<(String, String)> {
    // The name comes from a URL: only names of ours can be files of ours.
    if !slug.bytes().all(|b| b.is_ascii_lowercase() || b == b'.' || b == b'_') {
        return None;
    }
    let file = Help::get(&format!("{}/{slug}.md", lang.as_str()))?;
    let text = String::from_utf8_lossy(&file.data).into_owned();
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let title = first.trim_start_matches('#').trim().to_owned();
    let events =
        Parser::new_ext(rest, Options::empty()).filter(|event| !matches!(event, Event::Html(_) | Event::InlineHtml(_)));
    let mut body = String::new();
    html::push_html(&mut body, events);
    Some((title, body))
}

//! Turns message keys and values into Japanese and English sentences, mails and help pages.

mod help;
pub mod how;
mod likeness;
mod words;

pub use help::{help_page, help_text};
pub use likeness::Letters;
pub use words::{Arg, Lang, Words};

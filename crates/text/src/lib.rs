//! Turns message keys and values into Japanese and English sentences, mails and help pages.

mod help;
mod words;

pub use help::help_page;
pub use words::{Arg, Lang, Words};

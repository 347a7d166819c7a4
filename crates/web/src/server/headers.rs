//! Headers of requests, read without trust.

use http::{HeaderMap, HeaderValue, header};

/// A header as text.
pub(crate) fn header_text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name).map(HeaderValue::as_bytes).and_then(|bytes| std::str::from_utf8(bytes).ok())
}

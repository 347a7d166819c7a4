//! Times as JSON, headers and feeds tell them.

/// A time as RFC 3339 in UTC.
pub(crate) fn rfc3339(at: kagiya_domain::Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map(|at| at.to_string()).unwrap_or_default()
}

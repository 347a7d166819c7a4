//! Times as JSON, headers, feeds and the command line tell them.

use kagiya_domain::Timestamp;

/// A time as RFC 3339 in UTC; empty outside the years that the format holds.
pub fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map(|at| at.to_string()).unwrap_or_default()
}

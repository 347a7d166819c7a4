//! Two clocks that differ: which of them is wrong, as far as others can say.

use serde::{Deserialize, Serialize};

/// Whose clock is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// Ours.
    Ours,
    /// That of the service that wrote the time.
    Theirs,
    /// Nobody else has said what time it is.
    Unknown,
}

impl Whose {
    /// A word for messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Theirs => "theirs",
            Self::Unknown => "unknown",
        }
    }

    /// Who is wrong when a time that was written for us is `by` seconds ahead of our clock. `others`: by how much the
    /// clocks of those are ahead of ours that have no part in it; each speaks for whom it is nearer to. `same`: the clock
    /// by which the service that wrote the time answers; when it agrees with ours, what writes the times there is wrong.
    pub fn find(by: i64, others: &[i64], same: Option<i64>) -> Self {
        let off = others.iter().filter(|ahead| ahead.abs_diff(by) < ahead.unsigned_abs()).count();
        match (off * 2).cmp(&others.len()) {
            std::cmp::Ordering::Greater => Self::Ours,
            std::cmp::Ordering::Less => Self::Theirs,
            std::cmp::Ordering::Equal => match same {
                Some(ahead) if ahead.unsigned_abs() < ahead.abs_diff(by) => Self::Theirs,
                Some(_) | None => Self::Unknown,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_odd_one_out_is_wrong() {
        for (by, others, same, whose) in [
            (400, &[0, 2, 399][..], Some(400), Whose::Theirs),
            (400, &[398, 401], None, Whose::Ours),
            (-400, &[-401], Some(0), Whose::Ours),
            (400, &[-400], Some(400), Whose::Theirs),
            (400, &[], Some(1), Whose::Theirs),
            (400, &[], Some(400), Whose::Unknown),
            (400, &[], None, Whose::Unknown),
            (400, &[0, 400], Some(400), Whose::Unknown),
            (i64::MAX, &[0], Some(i64::MIN), Whose::Theirs),
        ] {
            assert_eq!(Whose::find(by, others, same), whose, "{by} {others:?} {same:?}");
        }
    }
}

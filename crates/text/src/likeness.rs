//! How alike two pieces of text are, where no space parts the words.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

/// A text as its pairs of neighbouring letters; width, case, spaces and marks do not count. Pairs find Japanese, which
/// has no spaces, as well as misspelt English (Damashek, Science 267, 1995).
#[derive(Debug)]
pub struct Letters(HashSet<(char, char)>);

impl Letters {
    /// Those of a text.
    pub fn of(text: &str) -> Self {
        let letters: Vec<char> = text.nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        Self(letters.iter().zip(letters.iter().skip(1)).map(|(a, b)| (*a, *b)).collect())
    }

    /// The share of these that stand in `whole`, from 0 to 1.
    pub fn share_in(&self, whole: &Self) -> f32 {
        let count = |n: usize| f32::from(u16::try_from(n).unwrap_or(u16::MAX));
        if self.0.is_empty() { 0.0 } else { count(self.0.intersection(&whole.0).count()) / count(self.0.len()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(part: &str, whole: &str) -> f32 {
        Letters::of(part).share_in(&Letters::of(whole))
    }

    #[test]
    fn width_case_and_marks_do_not_count() {
        assert!(share("「ﾊﾟｽﾜｰﾄﾞ」が ちがいます", "パスワードがちがいます。") > 0.999);
        assert!(share("REDIRECT_URI", "the redirect uri is wrong") > 0.999);
    }

    #[test]
    fn a_slip_of_the_hand_is_near_and_another_matter_is_far() {
        assert!(share("パスワドが違います", "パスワードが違います") > 0.6);
        assert!(share("送料はいくらですか", "パスワードが違います") < 0.3);
        assert!(share("", "x") == 0.0 && share("x", "") == 0.0);
    }
}

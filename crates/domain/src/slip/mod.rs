//! How a hand slips: what was typed, read as what may have been meant (Chatterjee et al., "pASSWORD tYPOS", 2016; for
//! Japanese keyboards JIS X 6002 and the usual tables of input methods). Only the kind of a slip is ever kept.

mod kana;
mod script;

use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, Zeroizing};

use self::kana::{is_kana, kana_keys, romaji};
use crate::pasted::{dash, is_invisible};

/// So many readings of one text are looked at, at most: a hash each.
pub const MOST: usize = 8;

/// The kind of slip by which a password was mistyped. Only the kind is ever kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slip {
    /// Every letter has the other case: Caps Lock.
    AllCase,
    /// Only the first letter has the other case: a phone capitalised it.
    FirstCase,
    /// White space before or after.
    EdgeSpace,
    /// One character too many at the end.
    ExtraCharacter,
    /// 0 for O, 1 for l, or the other way round.
    LookAlike,
    /// Dashes or quotation marks that a phone put in the place of those on the keys, or the other way round.
    Punctuation,
    /// A yen sign for a backslash, an overline for a tilde: one key, two signs.
    YenSign,
    /// The signs of one keyboard for those of another: a Japanese, an American, a German one, or another script's.
    KeyboardLayout,
    /// A Japanese input method was on: kana stand where letters were meant.
    KanaInput,
    /// Brackets, a label or another word were copied along.
    PastedAlong,
    /// It was put in twice, one behind the other.
    Doubled,
}

/// Readings of a text, each once, with the slips that explain it.
struct Readings<'t> {
    typed: &'t str,
    found: Vec<(Vec<Slip>, Zeroizing<String>)>,
}

impl Readings<'_> {
    fn add(&mut self, slips: &[Slip], text: String) {
        let text = Zeroizing::new(text);
        // A slip that changes nothing is none.
        let nothing = text.is_empty() || text.nfkc().eq(self.typed.nfkc());
        let known = self.found.iter().any(|(_, other)| *other == text);
        if !nothing && !known && self.found.len() < MOST {
            self.found.push((slips.to_vec(), text));
        }
    }
}

/// What may have been meant, the likeliest first: at most [`MOST`], none of them the text itself.
///
/// What the text itself shows comes first, alone and with the slips that often come with it; then what cannot be seen.
pub(crate) fn candidates(typed: &str) -> Vec<(Vec<Slip>, Zeroizing<String>)> {
    let mut readings = Readings { typed, found: Vec::with_capacity(MOST) };
    let shown = shown(typed);
    for (slips, text) in &shown {
        readings.add(slips, text.to_string());
    }
    readings.add(&[Slip::FirstCase], first_case(typed));
    readings.add(&[Slip::AllCase], all_case(typed));
    for (slips, text) in shown.iter().filter(|(slips, _)| !slips.contains(&Slip::KanaInput)) {
        readings.add(&[slips, &[Slip::FirstCase][..]].concat(), first_case(text));
        readings.add(&[slips, &[Slip::AllCase][..]].concat(), all_case(text));
    }
    let mut shorter = typed.to_owned();
    shorter.pop();
    readings.add(&[Slip::ExtraCharacter], shorter.clone());
    for table in [JIS_TO_US, US_TO_JIS, GERMAN] {
        readings.add(&[Slip::KeyboardLayout], keys_of(typed, table));
    }
    readings.add(&[Slip::YenSign], typed.replace('\\', "\u{a5}"));
    readings.add(&[Slip::Punctuation], typeset(typed));
    for place in large_inside(typed).into_iter().chain(out_of_place(typed)) {
        readings.add(&[Slip::LookAlike], look_alike(typed, |at, _| at == place));
    }
    // Digits of their own stand at the end more often than not.
    let (head, digits) = typed.split_at(typed.trim_end_matches(|c: char| c.is_ascii_digit()).len());
    if head.contains(|c: char| c.is_ascii_digit()) {
        readings.add(&[Slip::KeyboardLayout], keys_of(head, NUM_LOCK) + digits);
    }
    readings.add(&[Slip::LookAlike], look_alike(typed, |_, c| matches!(c, '0' | '1')));
    readings.add(&[Slip::LookAlike], look_alike(typed, |_, c| matches!(c, 'O' | 'o' | 'l' | 'I')));
    for place in 0..typed.chars().count() {
        readings.add(&[Slip::LookAlike], look_alike(typed, |at, _| at == place));
    }
    readings.add(&[Slip::FirstCase, Slip::ExtraCharacter], first_case(&shorter));
    shorter.zeroize();
    readings.found
}

/// What the text itself shows to be not meant, taken away.
fn shown(typed: &str) -> Vec<(Vec<Slip>, Zeroizing<String>)> {
    let mut found: Vec<(Vec<Slip>, Zeroizing<String>)> = Vec::new();
    let mut add = |slips: &[Slip], text: String| {
        if text != typed {
            found.push((slips.to_vec(), Zeroizing::new(text)));
        } else {
            drop(Zeroizing::new(text));
        }
    };
    if typed.chars().any(is_kana) {
        add(&[Slip::KanaInput], romaji(typed, false));
        add(&[Slip::KanaInput], romaji(typed, true));
        add(&[Slip::KanaInput], kana_keys(typed));
    }
    if let Some(keys) = script::keys(typed) {
        add(&[Slip::KeyboardLayout], keys);
    }
    let trimmed = typed.trim();
    add(&[Slip::EdgeSpace], trimmed.to_owned());
    if let Some(inside) = inside(trimmed) {
        add(&[Slip::PastedAlong], inside.to_owned());
    }
    if let Some(once) = once(trimmed) {
        add(&[Slip::Doubled], once.to_owned());
    }
    add(&[Slip::YenSign], typed.replace('\u{a5}', "\\").replace(" \u{305}", "~"));
    add(&[Slip::Punctuation], plain(typed, "-"));
    add(&[Slip::Punctuation], plain(typed, "--"));
    found
}

fn swap_case(c: char) -> Box<dyn Iterator<Item = char>> {
    if c.is_lowercase() { Box::new(c.to_uppercase()) } else { Box::new(c.to_lowercase()) }
}

fn all_case(text: &str) -> String {
    text.chars().flat_map(swap_case).collect()
}

fn first_case(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(swap_case).into_iter().flatten().chain(rest).collect()
}

/// With the look-alikes swapped that `which` names by their place and themselves.
fn look_alike(text: &str, which: impl Fn(usize, char) -> bool) -> String {
    text.chars()
        .enumerate()
        .map(|(at, c)| match c {
            _ if !which(at, c) => c,
            '0' => 'O',
            'O' | 'o' => '0',
            '1' => 'l',
            'l' | 'I' => '1',
            other => other,
        })
        .collect()
}

/// The places of large letters inside a word that may be digits: one begins with a large letter, few go on with one.
fn large_inside(text: &str) -> Vec<usize> {
    let all: Vec<char> = text.chars().collect();
    let is_inside = |at: usize| at.checked_sub(1).and_then(|before| all.get(before)).is_some_and(|c| c.is_lowercase());
    let large = all.iter().enumerate().filter(|(_, c)| matches!(c, 'O' | 'I'));
    let mut places: Vec<usize> = large.map(|(at, _)| at).filter(|at| is_inside(*at)).collect();
    // Where several stand, those at the end were typed last.
    places.reverse();
    places
}

/// The places of look-alikes that stand among the other kind: a digit between letters, a letter beside digits. The oddest
/// first.
fn out_of_place(text: &str) -> Vec<usize> {
    let all: Vec<char> = text.chars().collect();
    let odd = |at: usize, c: char| {
        let beside = [at.checked_sub(1).and_then(|before| all.get(before)), all.get(at + 1)];
        let other = |near: &char| if c.is_ascii_digit() { near.is_alphabetic() } else { near.is_ascii_digit() };
        beside.into_iter().flatten().filter(|near| other(near)).count()
    };
    let looks = all.iter().enumerate().filter(|(_, c)| matches!(c, '0' | '1' | 'O' | 'o' | 'l' | 'I'));
    let mut places: Vec<(usize, usize)> = looks.map(|(at, c)| (odd(at, *c), at)).filter(|(odd, _)| *odd > 0).collect();
    places.sort_by_key(|(odd, at)| (std::cmp::Reverse(*odd), *at));
    places.into_iter().map(|(_, at)| at).collect()
}

/// What is on the keys for what phones and word processors put in; `None` for a long dash, which two hyphens make.
pub(crate) fn plain_punctuation(c: char) -> Option<char> {
    Some(match c {
        '\u{2014}' | '\u{2015}' => return None,
        '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{2035}' | '\u{2b9}' | '\u{2bc}' | '\u{b4}' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{2036}' | '\u{ab}' | '\u{bb}' | '\u{301d}'..='\u{301f}' => '"',
        '\u{2039}' => '<',
        '\u{203a}' => '>',
        '\u{301c}' | '\u{223c}' | '\u{2dc}' => '~',
        _ => dash(c),
    })
}

/// As the keys would have typed it.
fn plain(text: &str, long_dash: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match plain_punctuation(c) {
            Some(c) => plain.push(c),
            None => plain.push_str(long_dash),
        }
    }
    plain
}

/// As a phone would have set it ("smart punctuation"): two hyphens as a long dash, quotation marks that open and close.
fn typeset(text: &str) -> String {
    let mut set = String::with_capacity(text.len());
    for c in text.replace("--", "\u{2014}").chars() {
        let opens =
            set.chars().next_back().is_none_or(|before| before.is_whitespace() || "([{\u{2014}".contains(before));
        set.push(match (c, opens) {
            ('\'', true) => '\u{2018}',
            ('\'', false) => '\u{2019}',
            ('"', true) => '\u{201c}',
            ('"', false) => '\u{201d}',
            (other, _) => other,
        });
    }
    set
}

/// Brackets and quotation marks that stand around something, as NFKC leaves them.
const PAIRS: [(char, char); 17] = [
    ('\u{300c}', '\u{300d}'),
    ('\u{300e}', '\u{300f}'),
    ('\u{3010}', '\u{3011}'),
    ('\u{3008}', '\u{3009}'),
    ('\u{300a}', '\u{300b}'),
    ('\u{3014}', '\u{3015}'),
    ('\u{201c}', '\u{201d}'),
    ('\u{2018}', '\u{2019}'),
    ('\u{201e}', '\u{201c}'),
    ('\u{ab}', '\u{bb}'),
    ('(', ')'),
    ('[', ']'),
    ('<', '>'),
    ('{', '}'),
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
];

/// What people write before a password in their notes, in small letters.
const LABELS: [&str; 12] = [
    "password",
    "passwd",
    "pass",
    "pwd",
    "pw",
    "p/w",
    "パスワード",
    "パスコード",
    "パス",
    "暗証番号",
    "合言葉",
    "ぱすわーど",
];

/// The password in what was copied with something around it: brackets, a label, another word, a full stop, what cannot be
/// seen.
fn inside(text: &str) -> Option<String> {
    let mut found: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let mut changed = found != text;
    for _ in 0..3 {
        let labelled = found.split_once([':', '=']).filter(|(label, _)| {
            let label = label.trim().to_lowercase();
            LABELS.contains(&label.as_str())
        });
        let bracketed = PAIRS.iter().find_map(|(open, close)| found.strip_prefix(*open)?.strip_suffix(*close));
        let sentence = || found.strip_suffix(['\u{3002}', '\u{3001}']);
        // "hana secret": what stands last is what was asked for last.
        let last = || found.rsplit_once(['\n', '\r', '\t', '\u{2028}']).map(|(_, last)| last);
        let next = labelled.map(|(_, rest)| rest).or(bracketed).or_else(sentence).or_else(last);
        let Some(next) = next.map(|next| next.trim().to_owned()).filter(|next| !next.is_empty()) else {
            break;
        };
        found.zeroize();
        found = next;
        changed = true;
    }
    changed.then_some(found)
}

/// The half of what stands there twice.
fn once(text: &str) -> Option<&str> {
    let (first, second) = text.split_at_checked(text.len() / 2)?;
    // With white space between, each half is one blank away.
    let second = second.trim_start();
    let first = first.trim_end();
    (first.chars().count() >= 4 && first == second).then_some(first)
}

/// Each key's sign on a Japanese keyboard (JIS X 6002), and on an American one.
const JIS_TO_US: &[(char, char)] = &[
    ('"', '@'),
    ('&', '^'),
    ('\'', '&'),
    ('(', '*'),
    (')', '('),
    ('=', '_'),
    ('^', '='),
    ('~', '+'),
    ('@', '['),
    ('`', '{'),
    ('[', ']'),
    ('{', '}'),
    ('+', ':'),
    (':', '\''),
    ('*', '"'),
    (']', '\\'),
    ('}', '|'),
];

const US_TO_JIS: &[(char, char)] = &[
    ('@', '"'),
    ('^', '&'),
    ('&', '\''),
    ('*', '('),
    ('(', ')'),
    ('_', '='),
    ('=', '^'),
    ('+', '~'),
    ('[', '@'),
    ('{', '`'),
    (']', '['),
    ('}', '{'),
    (':', '+'),
    ('\'', ':'),
    ('"', '*'),
    ('\\', ']'),
    ('|', '}'),
];

/// A German hand on an American keyboard (DIN 2137).
const GERMAN: &[(char, char)] = &[('y', 'z'), ('z', 'y'), ('Y', 'Z'), ('Z', 'Y'), ('/', '-'), ('?', '_'), ('&', '/')];

/// Num Lock on a small keyboard: half of its letters are digits.
const NUM_LOCK: &[(char, char)] = &[('4', 'u'), ('5', 'i'), ('6', 'o'), ('1', 'j'), ('2', 'k'), ('3', 'l'), ('0', 'm')];

fn keys_of(text: &str, table: &[(char, char)]) -> String {
    text.chars().map(|c| table.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn finds(typed: &str, right: &str) -> Option<Vec<Slip>> {
        // As a typed password comes: after NFKC.
        let typed: String = typed.nfkc().collect();
        candidates(&typed).into_iter().find(|(_, text)| text.nfkc().eq(right.nfkc())).map(|(slips, _)| slips)
    }

    #[test]
    fn names_the_slips_of_a_hand() {
        for (typed, right, slips) in [
            ("sECRETpASS", "SecretPass", &[Slip::AllCase][..]),
            ("Secretpass", "secretpass", &[Slip::FirstCase]),
            ("secretpass ", "secretpass", &[Slip::EdgeSpace]),
            ("secretpassx", "secretpass", &[Slip::ExtraCharacter]),
            ("secretp0ol", "secretpOol", &[Slip::LookAlike]),
            ("it\u{2019}s\u{2212}mine", "it's-mine", &[Slip::Punctuation]),
            ("\u{201c}open\u{201d}\u{2014}sesame", "\"open\"--sesame", &[Slip::Punctuation]),
            ("open\u{2014}sesame", "open-sesame", &[Slip::Punctuation]),
            ("it's \"mine\"--all", "it\u{2019}s \u{201c}mine\u{201d}\u{2014}all", &[Slip::Punctuation]),
            // A Mac's Japanese keyboard, and what was set on it.
            ("C:\u{a5}neko\u{a5}Tama-2016", "C:\\neko\\Tama-2016", &[Slip::YenSign]),
            ("C:\\neko\\Tama", "C:\u{a5}neko\u{a5}Tama", &[Slip::YenSign]),
            ("sakura\u{203e}no\u{203e}ki", "sakura~no~ki", &[Slip::YenSign]),
            ("sakura\u{301c}no", "sakura~no", &[Slip::Punctuation]),
            // A phone that writes large and leaves a blank behind its suggestion.
            ("Tamago-yaki ", "tamago-yaki", &[Slip::EdgeSpace, Slip::FirstCase]),
            (" TAMAGO-YAKI", "tamago-yaki", &[Slip::EdgeSpace, Slip::AllCase]),
            ("Tamagoyakix", "tamagoyaki", &[Slip::FirstCase, Slip::ExtraCharacter]),
            ("\u{300c}tamago-yaki\u{300d}", "tamago-yaki", &[Slip::PastedAlong]),
            ("\u{ff08}tamago-yaki\u{ff09}", "tamago-yaki", &[Slip::PastedAlong]),
            ("\u{201c}tamago-yaki\u{201d}", "tamago-yaki", &[Slip::PastedAlong]),
            ("パスワード：「tamago-yaki」。", "tamago-yaki", &[Slip::PastedAlong]),
            ("PW: tamago-yaki", "tamago-yaki", &[Slip::PastedAlong]),
            ("hana\ttamago-yaki", "tamago-yaki", &[Slip::PastedAlong]),
            ("tamago\u{200b}-yaki", "tamago-yaki", &[Slip::PastedAlong]),
            ("tamago-yakitamago-yaki", "tamago-yaki", &[Slip::Doubled]),
            ("tamago-yaki tamago-yaki", "tamago-yaki", &[Slip::Doubled]),
            // Keyboards that are not what they are taken for.
            ("hana[shop_2016", "hana@shop=2016", &[Slip::KeyboardLayout]),
            ("hana\"shop=2016'", "hana@shop_2016&", &[Slip::KeyboardLayout]),
            ("crayz/zeti/2019", "crazy-yeti-2019", &[Slip::KeyboardLayout]),
            ("0606-sa24-2011", "momo-saku-2011", &[Slip::KeyboardLayout]),
            ("ьщдщлщ-2020-яшьф", "moloko-2020-zima", &[Slip::KeyboardLayout]),
            // Only one of several.
            ("l0l0-Ol10", "lOl0-Ol10", &[Slip::LookAlike]),
            ("hello0wor1d-1I", "hello0world-1I", &[Slip::LookAlike]),
            ("l1l1-oOoO-7", "l1l1-oOo0-7", &[Slip::LookAlike]),
            ("Olive-lOl0-1lO9", "Olive-l0l0-1lO9", &[Slip::LookAlike]),
            ("Olive-lOl0-1lO9", "Olive-lOl0-1l09", &[Slip::LookAlike]),
        ] {
            assert_eq!(finds(typed, right).as_deref(), Some(slips), "{typed}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_reading_is_the_text_itself_and_there_are_never_many(typed in "\\PC{0,40}") {
            let found = candidates(&typed);
            proptest::prop_assert!(found.len() <= MOST);
            for (slips, text) in &found {
                proptest::prop_assert!(!slips.is_empty() && !text.nfkc().eq(typed.nfkc()));
                proptest::prop_assert_eq!(found.iter().filter(|(_, other)| other == text).count(), 1);
            }
        }
    }
}

//! Another script's keyboard that was left on: its letters stand where the keys of an American one were meant. Each letter
//! stands for the key that it lies on (for Cyrillic ГОСТ 6431, for Hangul KS X 5002).

use unicode_normalization::UnicodeNormalization;

const CYRILLIC: [&str; 2] = ["йцукенгшщзхъфывапролджэячсмитьбюё", "ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮЁ"];
const KEYS: [&str; 2] = ["qwertyuiop[]asdfghjkl;'zxcvbnm,.`", "QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>~"];

/// The keys of the conjoining letters U+1100 to U+1112, U+1161 to U+1175 and U+11A8 to U+11C2.
const INITIAL: [&str; 19] =
    ["r", "R", "s", "e", "E", "f", "a", "q", "Q", "t", "T", "d", "w", "W", "c", "z", "x", "v", "g"];
const MEDIAL: [&str; 21] =
    ["k", "o", "i", "O", "j", "p", "u", "P", "h", "hk", "ho", "hl", "y", "n", "nj", "np", "nl", "b", "m", "ml", "l"];
const FINAL: [&str; 27] = [
    "r", "R", "rt", "s", "sw", "sg", "e", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a", "q", "qt", "t", "T", "d",
    "w", "c", "z", "x", "v", "g",
];
/// The keys of the letters by themselves, U+3131 to U+3163.
const ALONE: [&str; 51] = [
    "r", "R", "rt", "s", "sw", "sg", "e", "E", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a", "q", "Q", "qt", "t",
    "T", "d", "w", "W", "c", "z", "x", "v", "g", "k", "o", "i", "O", "j", "p", "u", "P", "h", "hk", "ho", "hl", "y",
    "n", "nj", "np", "nl", "b", "m", "ml", "l",
];

fn key(c: char) -> Option<String> {
    let of = |table: &[&str], first: char| {
        let at = u32::from(c).checked_sub(u32::from(first))?;
        table.get(usize::try_from(at).ok()?).map(|keys| (*keys).to_owned())
    };
    let cyrillic = || {
        CYRILLIC.iter().zip(KEYS).find_map(|(letters, keys)| {
            let at = letters.chars().position(|letter| letter == c)?;
            keys.chars().nth(at).map(String::from)
        })
    };
    of(&INITIAL, '\u{1100}')
        .or_else(|| of(&MEDIAL, '\u{1161}'))
        .or_else(|| of(&FINAL, '\u{11a8}'))
        .or_else(|| of(&ALONE, '\u{3131}'))
        .or_else(cyrillic)
}

/// The keys that were pressed; `None` where no letter of such a script stands.
pub(super) fn keys(typed: &str) -> Option<String> {
    let is_syllable = |c: char| ('\u{ac00}'..='\u{d7a3}').contains(&c);
    // й and ё would come apart, too, and mean two keys then.
    let letters = typed.chars().flat_map(|c| {
        let apart: Vec<char> = if is_syllable(c) { std::iter::once(c).nfd().collect() } else { vec![c] };
        apart
    });
    let mut found = false;
    let keys = letters.fold(String::with_capacity(typed.len()), |mut keys, c| {
        match key(c) {
            Some(key) => {
                found = true;
                keys.push_str(&key);
            }
            None => keys.push(c),
        }
        keys
    });
    found.then_some(keys)
}

#[cfg(test)]
mod tests {
    use super::keys;

    #[test]
    fn each_letter_is_the_key_it_lies_on() {
        for (typed, meant) in [
            ("ьщдщлщ-2020-яшьф", "moloko-2020-zima"),
            ("Пароль", "Gfhjkm"),
            ("йцё", "qw`"),
            ("ㅔㅁㄴㄴ", "pass"),
            ("안녕", "dkssud"),
            ("ㅗ디ㅣㅐ", "hello"),
        ] {
            assert_eq!(keys(typed).as_deref(), Some(meant), "{typed}");
        }
        assert_eq!(keys("sakura-no-hana7"), None);
        assert_eq!(KEYS_FIT, [true, true]);
    }

    const KEYS_FIT: [bool; 2] = [super::KEYS[0].len() == 33, super::KEYS[1].len() == 33];
}

//! Kana that stand where letters were meant, read back as the keys that were pressed.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Hiragana, katakana and what an input method writes for the signs of the keys.
pub(super) fn is_kana(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{30fc}')
}

fn hiragana(c: char) -> char {
    match c {
        '\u{30a1}'..='\u{30f6}' => char::from_u32(u32::from(c) - 0x60).unwrap_or(c),
        other => other,
    }
}

/// The keys under the kana, where kana are typed a key each (JIS X 6002).
pub(super) fn kana_keys(text: &str) -> String {
    const KEYS: [(&str, &str); 4] = [
        ("ぬふあうえおやゆよわほへー", "1234567890-^\\"),
        ("たていすかんなにらせ\u{3099}\u{309a}", "qwertyuiop@["),
        ("ちとしはきくまのりれけむ", "asdfghjkl;:]"),
        ("つさそひこみもねるめろ", "zxcvbnm,./\\"),
    ];
    const SHIFTED: (&str, &str) = ("ぁぅぇぉゃゅょをぃっ「」、。・", "#$%&'()0EZ{}<>?");
    text.chars()
        .map(hiragana)
        .flat_map(|c| std::iter::once(c).nfd())
        .map(|c| {
            let row = KEYS.iter().chain([&SHIFTED]).find_map(|(kana, keys)| {
                let place = kana.chars().position(|k| k == c)?;
                keys.chars().nth(place)
            });
            row.unwrap_or(c)
        })
        .collect()
}

/// The letters that an input method turned into kana; `hepburn`: `shi` for し where the other spelling is `si`.
pub(super) fn romaji(text: &str, hepburn: bool) -> String {
    let kana: Vec<char> = text.chars().map(hiragana).collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = kana.get(at).copied() {
        let next = kana.get(at + 1).copied();
        at += 1;
        if c == 'っ' {
            let mut following = Zeroizing::new(String::new());
            syllable(next.unwrap_or('t'), kana.get(at + 1).copied(), hepburn, &mut following);
            // "tch" is typed "cch".
            out.extend(following.chars().next());
        } else if c == 'ん' {
            let before_vowel = next
                .is_some_and(|next| "あいうえおぁぃぅぇぉやゆよなにぬねの".contains(next) || "aiueoyn".contains(next));
            out.push_str(if before_vowel { "nn" } else { "n" });
        } else if syllable(c, next, hepburn, &mut out) {
            at += 1;
        }
    }
    out
}

/// Writes a syllable; `true` when the next kana belonged to it.
#[expect(clippy::too_many_lines, reason = "most of it is tables")]
fn syllable(c: char, next: Option<char>, hepburn: bool, out: &mut String) -> bool {
    const ROWS: [(&str, &str); 15] = [
        ("あいうえお", ""),
        ("かきくけこ", "k"),
        ("さしすせそ", "s"),
        ("たちつてと", "t"),
        ("なにぬねの", "n"),
        ("はひふへほ", "h"),
        ("まみむめも", "m"),
        ("や\u{0}ゆ\u{0}よ", "y"),
        ("らりるれろ", "r"),
        ("わ\u{0}\u{0}\u{0}を", "w"),
        ("がぎぐげご", "g"),
        ("ざじずぜぞ", "z"),
        ("だぢづでど", "d"),
        ("ばびぶべぼ", "b"),
        ("ぱぴぷぺぽ", "p"),
    ];
    const SIGNS: [(char, char); 9] = [
        ('ー', '-'),
        ('、', ','),
        ('。', '.'),
        ('「', '['),
        ('」', ']'),
        ('・', '/'),
        ('\u{301c}', '~'),
        ('\u{a5}', '\\'),
        ('\u{201d}', '"'),
    ];
    let vowel_of = |kana: &str, c: char| Some(["a", "i", "u", "e", "o"][kana.chars().position(|k| k == c)?]);
    let small = next.and_then(|next| vowel_of("ゃ\u{0}ゅ\u{0}ょ", next));
    let small_vowel = next.and_then(|next| vowel_of("ぁぃぅぇぉ", next));
    let spelled = |c: char| match c {
        'し' => Some("sh"),
        'ち' => Some("ch"),
        'じ' => Some("j"),
        _ => None,
    };
    if let (Some(own), true, Some(vowel)) = (spelled(c), hepburn, small) {
        out.push_str(own);
        out.push_str(vowel);
        return true;
    }
    if let (true, 'ふ', Some(vowel)) = (hepburn, c, small_vowel) {
        out.push('f');
        out.push_str(vowel);
        return true;
    }
    if let Some(vowel) = vowel_of("ぁぃぅぇぉ", c).map(|v| ["x", v].concat()) {
        out.push_str(&vowel);
        return false;
    }
    for (kana, consonant) in ROWS {
        let Some(vowel) = vowel_of(kana, c) else {
            continue;
        };
        if let (Some(glide), "i") = (small, vowel) {
            out.push_str(consonant);
            out.push('y');
            out.push_str(glide);
            return true;
        }
        match (hepburn, c) {
            (true, 'し') => out.push_str("shi"),
            (true, 'ち') => out.push_str("chi"),
            (true, 'つ') => out.push_str("tsu"),
            (true, 'ふ') => out.push_str("fu"),
            (true, 'じ') => out.push_str("ji"),
            _ => {
                out.push_str(consonant);
                out.push_str(vowel);
            }
        }
        return false;
    }
    out.push(SIGNS.iter().find(|(kana, _)| *kana == c).map_or(c, |(_, key)| *key));
    false
}

#[cfg(test)]
mod tests {
    use super::super::{Slip, tests::finds};

    #[test]
    fn reads_kana_as_the_keys_that_were_pressed() {
        for (typed, right) in [
            ("ねこ2016", "neko2016"),
            ("たまー２０１６", "tama-2016"),
            ("ぱっsをrd", "password"),
            ("しんぶんし", "shinbunshi"),
            ("しんぶんし", "sinbunsi"),
            ("きょうとじゅく", "kyoutojuku"),
            ("ざっし。ちょう", "zasshi.chou"),
            ("あんあ", "anna"),
            ("ネコ", "neko"),
            ("ﾈｺ", "neko"),
            // A key for each kana.
            ("ちにすか", "airt"),
            ("がるす", "t@.r"),
            ("ぁぃっ「わ", "#EZ{0"),
        ] {
            assert_eq!(finds(typed, right).as_deref(), Some(&[Slip::KanaInput][..]), "{typed}");
        }
    }
}

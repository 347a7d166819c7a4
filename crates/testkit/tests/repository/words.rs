//! `docs/words.md` is kept: one thing has one name, and a Japanese sentence is short.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Characters of a Japanese sentence.
const LONGEST: usize = 60;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The lines of a language that people read, with where they stand and their key.
fn lines(lang: &str) -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for folder in ["locales", "help"] {
        let messages = folder == "locales";
        for entry in fs::read_dir(root().join(folder).join(lang)).unwrap() {
            let path = entry.unwrap().path();
            let mut key = String::new();
            for line in fs::read_to_string(&path).unwrap().lines().filter(|line| !line.starts_with('#') || !messages) {
                let text = match line.split_once(" = ").filter(|_| messages && !line.starts_with(' ')) {
                    Some((name, text)) => {
                        name.clone_into(&mut key);
                        text
                    }
                    None => line,
                };
                all.push((path.display().to_string(), key.clone(), text.to_owned()));
            }
        }
    }
    assert!(all.len() > 1_000, "{lang}: {}", all.len());
    all
}

/// A text without what is put into it, by the mark that stands for that.
fn without_values(text: &str, mark: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        out.push_str(mark);
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    out + rest
}

fn holds(text: &str, word: &str) -> bool {
    let (text, word) = (text.to_lowercase(), word.to_lowercase());
    // English words are whole words; Japanese has no spaces.
    let whole = |c: Option<char>| !word.is_ascii() || c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(&word)
        .any(|(at, found)| whole(text[..at].chars().next_back()) && whole(text[at + found.len()..].chars().next()))
}

#[test]
fn one_thing_has_one_name() {
    let table = fs::read_to_string(root().join("docs/words.md")).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    let banned: Vec<(&str, &str)> =
        rows.iter().skip(1).flat_map(|row| row[3].split(", ").map(|word| (row[1], word))).collect();
    assert!(banned.len() > 20, "{banned:?}");
    for lang in ["ja", "en"] {
        for (path, key, text) in lines(lang) {
            for (_, word) in banned.iter().filter(|(of, _)| *of == lang) {
                assert!(!holds(&without_values(&text, " "), word), "{path} {key}: {word:?} in {text:?}");
            }
        }
    }
}

#[test]
fn a_japanese_sentence_is_short() {
    for (path, key, text) in lines("ja").iter().filter(|(path, ..)| path.contains("locales")) {
        // What another maker's screen says is as long as it is.
        for sentence in text.split_inclusive(['。', '?', '？', '!']).filter(|_| !key.starts_with("screen-")) {
            let length = without_values(sentence, "〇〇〇〇").trim().chars().count();
            assert!(length <= LONGEST, "{path} {key}: {length} characters: {sentence}");
        }
    }
}

#[test]
fn the_check_finds_what_it_looks_for() {
    assert!(holds("Please log in again", "log in") && !holds("the blog inside", "log in"));
    assert!(holds("クッキーを許可", "クッキー") && holds("Paused for now", "paused") && !holds("unpaused", "paused"));
    assert_eq!(without_values("a { $b } c", "〇"), "a 〇 c");
}

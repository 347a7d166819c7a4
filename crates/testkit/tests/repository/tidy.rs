//! The repository check: what the design promises of the tree itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use kagiya_domain::{
    Cause, handover::HandoverFault, remedy::Remedy, screen::Screen, setup::SetupFault, symptom::Symptom,
};
use kagiya_text::{Lang, Words, help_page};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn files(folder: &Path, ending: &str, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, into);
        } else if path.extension().is_some_and(|e| e == ending) {
            into.push(path);
        }
    }
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(&root().join("crates"), "rs", &mut found);
    assert!(found.len() > 80, "{}", found.len());
    found
}

#[test]
fn no_file_is_over_500_lines_and_every_module_says_what_it_is() {
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.lines().count() <= 500, "{} has {} lines", path.display(), text.lines().count());
        assert!(text.starts_with("//!"), "{} does not open with a `//!` sentence", path.display());
    }
}

#[test]
fn migrations_are_pairs() {
    let names = |dialect: &str| -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(root().join("migrations").join(dialect))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
    let tables = |dialect: &str| -> BTreeSet<String> {
        names(dialect)
            .iter()
            .flat_map(|name| {
                let text = fs::read_to_string(root().join("migrations").join(dialect).join(name)).unwrap();
                text.lines().filter(|l| l.starts_with("CREATE")).map(str::to_owned).collect::<Vec<_>>()
            })
            .collect()
    };
    assert_eq!(tables("sqlite"), tables("postgres"));
}

#[test]
fn crates_import_what_the_architecture_allows_and_its_table_is_true() {
    let table = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut allowed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let imports = match cells[3] {
            "none of ours" => BTreeSet::new(),
            list => list.split(", ").map(str::to_owned).collect(),
        };
        allowed.insert(cells[1].trim_matches('`').to_owned(), imports);
    }
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let manifest = fs::read_to_string(path.join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap().split("[dependencies]").nth(1).unwrap();
        let ours: BTreeSet<String> = dependencies
            .lines()
            .filter_map(|line| line.strip_prefix("kagiya-"))
            .filter_map(|line| line.split(['.', ' ']).next().map(str::to_owned))
            .collect();
        let may = allowed.get(&name).unwrap_or_else(|| panic!("ARCHITECTURE.md does not name the crate {name}"));
        assert_eq!(&ours, may, "imports of {name}");
        seen.insert(name);
    }
    assert_eq!(seen, allowed.into_keys().collect::<BTreeSet<_>>());
}

#[test]
fn every_cause_remedy_and_fact_has_its_words_and_every_cause_its_page() {
    let words = Words::shared();
    for lang in Lang::ALL {
        for cause in Cause::ALL {
            for part in ["title", "lead"] {
                let key = format!("cause-{}-{part}", cause.key());
                assert!(words.has(lang, &key), "{lang:?} {key}");
            }
            let (title, body) = help_page(lang, cause.slug()).unwrap_or_else(|| panic!("{lang:?} {}", cause.slug()));
            assert_eq!(title, words.get(lang, &format!("cause-{}-title", cause.key())));
            assert!(body.contains("<ol>") && body.contains("<ul>"), "{lang:?} {}", cause.slug());
        }
        for remedy in Remedy::ALL {
            for part in ["step", "avoid"] {
                let key = format!("{part}-{}", remedy.id().replace('_', "-"));
                assert!(words.has(lang, &key), "{lang:?} {key}");
            }
        }
        let evidence = fs::read_to_string(root().join("crates/domain/src/evidence/about.rs")).unwrap();
        let mut keys: Vec<&str> = evidence.split("=> (\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(keys.len() > 80);
        keys.extend(Symptom::ALL.iter().map(|symptom| symptom.key()));
        keys.extend(HandoverFault::ALL.iter().map(|fault| fault.key()));
        keys.extend(SetupFault::ALL.iter().map(|fault| fault.key()));
        for screen in Screen::ALL {
            let key = format!("screen-{}", screen.id().replace('_', "-"));
            assert!(words.has(lang, &key), "{lang:?} {key}");
            keys.push(screen.key());
        }
        for symptom in Symptom::ALL {
            let key = format!("symptom-{}", symptom.id().replace('_', "-"));
            assert!(words.has(lang, &key), "{lang:?} {key}");
        }
        for key in keys {
            let key = format!("because-{}", key.replace('_', "-"));
            assert!(words.has(lang, &key), "{lang:?} {key}");
        }
    }
}

#[test]
fn every_message_that_is_asked_for_exists() {
    let mut places = sources();
    files(&root().join("crates/web/templates"), "html", &mut places);
    let words = Words::shared();
    let prefixes = [
        "error-",
        "verdict-",
        "notice-",
        "home-",
        "sessions-",
        "security-",
        "sign-in-",
        "sign-up-",
        "code-",
        "recover-",
        "new-password-",
        "close-",
        "reopen-",
        "not-found-",
        "provider-",
        "external-",
        "choose-",
        "links-",
        "methods-",
        "method-",
        "seen-",
    ];
    let mut asked = 0;
    for path in places {
        let text = fs::read_to_string(&path).unwrap();
        for piece in text.split('"').skip(1).step_by(2) {
            let plain = piece.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            // Classes and ids of the pages begin alike; only whole words with a known prefix are keys.
            if plain
                && prefixes.iter().any(|p| piece.starts_with(p) && piece.len() > p.len())
                && path.extension().is_some_and(|e| e == "rs")
            {
                if piece.ends_with('-') || path.ends_with("tidy.rs") {
                    continue;
                }
                asked += 1;
                assert!(words.has(Lang::Ja, piece), "{}: {piece}", path.display());
            }
        }
        for mark in ["v.t(\"", "v.f1(\"", "v.f(\""] {
            for rest in text.split(mark).skip(1) {
                let key = rest.split('"').next().unwrap_or_default();
                asked += 1;
                assert!(words.has(Lang::Ja, key), "{}: {key}", path.display());
            }
        }
    }
    assert!(asked > 150, "{asked}");
}

/// The store's suites run each function on both databases.
#[test]
fn every_function_of_the_store_is_named_by_its_suites() {
    let read = |folder: &str| {
        let mut paths = Vec::new();
        files(&root().join(folder), "rs", &mut paths);
        paths.into_iter().map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
    };
    let suites: String = read("crates/store/tests/suite").map(|(_, text)| text).collect();
    let mut seen = 0;
    for (module, text) in read("crates/store/src") {
        // The store itself and what it is made of is under all of them.
        for line in text.lines().filter_map(|line| line.strip_prefix("pub async fn ")) {
            let name = line.split(['(', '<']).next().unwrap();
            seen += 1;
            assert!(suites.contains(&format!("{module}::{name}(")), "{module}::{name} is in no suite");
        }
    }
    assert!(seen > 180, "{seen}");
}

/// What must happen together is one transaction. A function that begins two says why.
#[test]
fn no_act_is_two_transactions_without_a_reason() {
    let mut paths = Vec::new();
    files(&root().join("crates/flows/src"), "rs", &mut paths);
    let mut writing = 0;
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        // Functions begin at the margin, and end with a brace there.
        for function in text.split("\n}\n") {
            let flat: String = function.split_whitespace().collect();
            let writes = flat.matches("store.write(").count() + flat.matches("store.write_forgettable(").count();
            writing += usize::from(writes > 0);
            let name = function.lines().rev().find(|line| line.contains("fn ") && !line.starts_with(' '));
            let reasoned = function.contains("transaction");
            assert!(writes < 2 || reasoned, "{}: {} writes twice: {name:?}", path.display(), writes);
        }
    }
    assert!(writing > 40, "{writing}");
}

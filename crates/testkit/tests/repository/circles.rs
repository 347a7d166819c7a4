//! The repository check: no files of a crate import each other in a circle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// A module: the segments of its path, without `crate`.
type Module = Vec<String>;

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push(path);
        }
    }
}

fn module(source: &Path, path: &Path) -> Module {
    let inside = path.strip_prefix(source).unwrap().with_extension("");
    let mut parts: Module = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod") || matches!(&parts[..], [only] if only == "lib" || only == "main")
    {
        parts.pop();
    }
    parts
}

/// The text without comments and without tests.
fn production(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Reads what stands after `crate::` and the like: a path, or a group of paths.
fn paths(rest: &str, before: &[String], into: &mut Vec<Module>) -> usize {
    if let Some(group) = rest.strip_prefix('{') {
        let mut at = 0;
        loop {
            at += group[at..].find(|c: char| !c.is_whitespace() && c != ',').unwrap_or(group.len() - at);
            if at >= group.len() || group[at..].starts_with('}') {
                return at + 2;
            }
            at += paths(&group[at..], before, into);
        }
    }
    let length = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
    if length == 0 {
        return 1;
    }
    let path: Module = before.iter().cloned().chain([rest[..length].to_owned()]).collect();
    let after = &rest[length..];
    match after.strip_prefix("::") {
        Some(further) if further.starts_with('{') || further.starts_with(is_word) => {
            length + 2 + paths(further, &path, into)
        }
        _ => {
            into.push(path);
            length
        }
    }
}

/// Every path in a file, from the root of the crate on.
fn named(own: &Module, text: &str) -> Vec<Module> {
    let mut all = Vec::new();
    for (root, up) in [("crate::", None), ("super::", Some(1)), ("self::", Some(0))] {
        for (at, _) in text.match_indices(root) {
            if text[..at].ends_with(|c: char| is_word(c) || c == ':') {
                continue;
            }
            let mut rest = &text[at + root.len()..];
            let mut up = up;
            while let (Some(levels), Some(further)) = (up, rest.strip_prefix("super::")) {
                (up, rest) = (Some(levels + 1), further);
            }
            let base = up.map_or(Vec::new(), |levels| own[..own.len().saturating_sub(levels)].to_vec());
            paths(rest, &base, &mut all);
        }
    }
    all
}

/// What each file of a crate imports. A file and the `mod.rs` of its own rooms are not counted: they are one.
fn graph(source: &Path) -> BTreeMap<Module, BTreeSet<Module>> {
    let mut all = Vec::new();
    files(source, &mut all);
    let modules: BTreeMap<Module, PathBuf> = all.into_iter().map(|path| (module(source, &path), path)).collect();
    let mut graph = BTreeMap::new();
    for (own, path) in modules.iter().filter(|(own, _)| !own.is_empty()) {
        let text = production(&fs::read_to_string(path).unwrap());
        let target =
            |path: Module| (0..=path.len()).rev().map(|n| path[..n].to_vec()).find(|m| modules.contains_key(m));
        let mut imports: BTreeSet<Module> = named(own, &text).into_iter().filter_map(target).collect();
        // A room names its own files without `self`.
        for child in modules.keys().filter(|child| child.len() == own.len() + 1 && child.starts_with(own)) {
            let call = format!("{}::", child.last().unwrap());
            let calls =
                text.match_indices(&call).any(|(at, _)| !text[..at].ends_with(|c: char| is_word(c) || c == ':'));
            if calls {
                imports.insert(child.clone());
            }
        }
        imports.retain(|other| !other.is_empty() && !own.starts_with(other));
        graph.insert(own.clone(), imports);
    }
    graph
}

/// Takes away what imports nothing that is left, until nothing changes.
fn circle(mut graph: BTreeMap<Module, BTreeSet<Module>>) -> Vec<String> {
    loop {
        let left: BTreeSet<Module> = graph.keys().cloned().collect();
        let before = graph.len();
        graph.retain(|_, imports| imports.iter().any(|one| left.contains(one)));
        if graph.len() == before {
            return graph.keys().map(|module| module.join("::")).collect();
        }
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let mut seen = 0;
    for entry in fs::read_dir(crates).unwrap() {
        let source = entry.unwrap().path().join("src");
        let graph = graph(&source);
        seen += graph.len();
        let circle = circle(graph);
        assert!(circle.is_empty(), "{}: a circle among {circle:?}", source.display());
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn a_circle_would_be_seen() {
    let folder = std::env::temp_dir().join(format!("kagiya-circles-{}", uuid::Uuid::new_v4()));
    fs::create_dir_all(folder.join("room")).unwrap();
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    write("lib.rs", "mod room; mod a; mod b;");
    write("a.rs", "use crate::{b::{self, One}, room};\n");
    write("b.rs", "// crate::a is named in a comment only\npub struct One;\n");
    write("room/mod.rs", "mod x; mod y; pub fn of() { x::of() }\n");
    write("room/x.rs", "use super::y; pub fn of() {}\n");
    write("room/y.rs", "use super::{of};\n");
    assert_eq!(circle(graph(&folder)), Vec::<String>::new());
    write("room/y.rs", "use super::x::of;\n");
    assert_eq!(circle(graph(&folder)), ["a", "room", "room::x", "room::y"], "and who imports them");
    write("room/y.rs", "");
    write("b.rs", "fn of() { crate::a::of() }");
    assert_eq!(circle(graph(&folder)), ["a", "b"]);
    fs::remove_dir_all(folder).unwrap();
}

//! What `deny.toml` says of dependencies, checked without the network: licenses, bans, sources, one driver of each kind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A package that is built for the binary.
struct Package {
    name: String,
    version: String,
    license: String,
    ours: bool,
}

fn packages(flags: &[&str]) -> Vec<Package> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let told = Command::new(cargo)
        .args(["tree", "--package", "kagiya", "--edges", "normal,build", "--prefix", "none", "--no-dedupe"])
        .args(["--format", "{p}|{l}", "--locked", "--offline"])
        .args(flags)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let lines: BTreeSet<String> = String::from_utf8(told.stdout).unwrap().lines().map(str::to_owned).collect();
    let package = |line: &String| {
        let (what, license) = line.split_once('|').unwrap();
        let mut words = what.split(' ');
        let (name, version) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
        Package { name, version, license: license.to_owned(), ours: what.contains('/') }
    };
    lines.iter().map(package).collect()
}

fn settings() -> toml::Table {
    std::fs::read_to_string(root().join("deny.toml")).unwrap().parse().unwrap()
}

fn words<'a>(settings: &'a toml::Table, room: &str, list: &str) -> Vec<&'a toml::Value> {
    settings[room][list].as_array().unwrap().iter().collect()
}

#[test]
fn every_license_is_one_that_we_may_pass_on() {
    let settings = settings();
    let allowed: BTreeSet<&str> =
        words(&settings, "licenses", "allow").into_iter().map(|word| word.as_str().unwrap()).collect();
    let mut seen = 0;
    for package in packages(&[]).iter().filter(|package| !package.ours) {
        seen += 1;
        let (name, license) = (&package.name, &package.license);
        let read = spdx::Expression::parse_mode(license, spdx::ParseMode::LAX);
        let read = read.unwrap_or_else(|error| panic!("{name}: {license:?}: {error}"));
        assert!(read.evaluate(|one| allowed.contains(one.to_string().as_str())), "{name}: {license}");
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn nothing_is_built_that_is_banned_or_comes_from_elsewhere() {
    let settings = settings();
    let banned: Vec<&str> =
        words(&settings, "bans", "deny").into_iter().map(|one| one["crate"].as_str().unwrap()).collect();
    assert!(banned.contains(&"ring"));
    for package in packages(&[]) {
        assert!(!banned.contains(&package.name.as_str()), "{} is banned", package.name);
    }
    let lock: toml::Table = std::fs::read_to_string(root().join("Cargo.lock")).unwrap().parse().unwrap();
    let from = lock["package"].as_array().unwrap().iter().filter_map(|package| package.get("source")?.as_str());
    let elsewhere: BTreeSet<&str> = from.filter(|source| !source.starts_with("registry+")).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

/// What does one thing is there once, in one version.
#[test]
fn there_is_one_of_what_is_dear() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages(&[]) {
        versions.entry(package.name).or_default().insert(package.version);
    }
    for once in ["aws-lc-rs", "rustls", "rusqlite", "libsqlite3-sys", "hyper", "tokio", "serde", "sqlx-core", "regex"] {
        assert!(versions.get(once).is_none_or(|found| found.len() == 1), "{once}: {:?}", versions[once]);
    }
    for never in ["sqlx-sqlite", "sqlx-mysql", "native-tls"] {
        assert!(!versions.contains_key(never), "{never} is built");
    }
    // Those that libraries of ours disagree about; more than two are a question of a feature or a version.
    let many: Vec<&String> = versions.iter().filter(|(_, found)| found.len() > 2).map(|(name, _)| name).collect();
    assert_eq!(many, ["base64"], "three versions of one crate");
}

/// A server that needs neither practice nor measuring is built without both.
#[test]
fn the_lean_build_has_no_town_and_no_bench() {
    let names = |flags: &[&str]| packages(flags).into_iter().map(|package| package.name).collect::<BTreeSet<_>>();
    let (whole, lean) = (names(&[]), names(&["--no-default-features"]));
    assert!(whole.contains("kagiya-lab") && lean.contains("kagiya-web"));
    assert!(!lean.contains("kagiya-lab"));
}

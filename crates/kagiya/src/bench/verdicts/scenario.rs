//! Scenarios as they are written down: what a person does, and what is really the matter.

use std::path::Path;

use kagiya_domain::{Cause, remedy::Remedy};
use serde::Deserialize;

use crate::Failure;

/// A file of scenarios.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    scenario: Vec<Scenario>,
}

/// What the person of a made-up world knows.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Knows {
    /// The password, if they have not forgotten it.
    pub(super) password: Option<String>,
    /// Whether they can get in by what they can do themselves.
    pub(super) can_get_in: bool,
}

/// What is driven, and its truth.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    pub(super) name: String,
    /// The cause that stops the person first; then what else is true. More than one: a mixture.
    pub(super) truth: Vec<String>,
    /// Causes that are as good an answer as the first.
    #[serde(default)]
    pub(super) or: Vec<String>,
    /// Who told it, and where its like was met.
    #[serde(default)]
    pub(super) author: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for whoever reads the file")]
    pub(super) seen: String,
    /// Who follows the steps of the page to its end.
    #[serde(skip)]
    pub(super) knows: Option<Knows>,
    /// Steps that are good as the first; empty: not judged.
    #[serde(default)]
    pub(super) first: Vec<String>,
    /// Steps that must not be advised.
    #[serde(default)]
    pub(super) never: Vec<String>,
    /// Which server: `plain`, `refusing` (its mail is refused), `full` (its mail is put off), `slow` (its mail does not leave), `town`
    /// (with simulated providers).
    #[serde(default)]
    pub(super) server: ServerKind,
    /// What is done, a word and its values each.
    pub(super) steps: Vec<Vec<String>>,
    /// What follows the first step of the verdict, to its end.
    #[serde(default)]
    pub(super) cure: Vec<Vec<String>>,
}

/// The surroundings of a scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ServerKind {
    #[default]
    Plain,
    Refusing,
    /// Every mailbox is full for now.
    Full,
    Slow,
    /// With the practice town beside it.
    Town,
}

/// Reads every `.toml` of a folder, in order of their names.
pub(super) fn read(folder: &Path) -> Result<Vec<Scenario>, Failure> {
    let wrong = |path: &Path, error: &dyn std::fmt::Display| Failure::Usage(format!("{}: {error}", path.display()));
    let listed = std::fs::read_dir(folder).map_err(|error| wrong(folder, &error))?;
    let mut paths: Vec<_> = listed.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).map_err(|error| wrong(&path, &error))?;
        let file: File = toml::from_str(&text).map_err(|error| wrong(&path, &error))?;
        for scenario in &file.scenario {
            let causes = scenario.truth.iter().chain(&scenario.or);
            let unknown = causes.into_iter().find(|slug| Cause::parse(slug).is_none());
            if scenario.truth.is_empty() || unknown.is_some() {
                let words = format!("{:?}: truth names no cause of the catalogue: {unknown:?}", scenario.name);
                return Err(wrong(&path, &words));
            }
            let mut steps = scenario.first.iter().chain(&scenario.never);
            if let Some(unknown) = steps.find(|step| Remedy::ALL.iter().all(|known| known.id() != step.as_str())) {
                return Err(wrong(&path, &format!("{:?}: {unknown:?} is no remedy", scenario.name)));
            }
        }
        all.extend(file.scenario);
    }
    if all.is_empty() {
        return Err(wrong(folder, &"no scenarios in it"));
    }
    Ok(all)
}

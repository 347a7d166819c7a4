//! How others fare: "is it only me?", from our own figures, without showing small numbers; and what
//! stands out in one slice of them.

use std::collections::{BTreeMap, BTreeSet};

use kagiya_domain::{
    Cause, Span, Timestamp,
    cause::Family,
    component::PASSWORD,
    notice::{Impact, Kind, Stage},
};
use kagiya_store::{self as store, attempt::Lately};
use kagiya_text::Lang;

use crate::{
    App, Fault,
    staff::agent::Agent,
    status::notices::{self, Report, Text},
};

/// How far back "now" reaches.
const NOW: Span = Span::minutes(10);
/// So many different browsers are a crowd; fewer are not told of.
const CROWD: usize = 10;
/// So many with the same kind of browser say something of it.
const ALIKE: usize = 3;
/// And of different networks, for one machine can be many browsers.
const NETWORKS: usize = 3;
/// A proposal of a slice that is quiet for so long is taken back.
const QUIET: Span = Span::minutes(30);
/// Attempts that are looked at.
const MOST: i64 = 5_000;
/// A slice fails when so many of its browsers fail,
const FAILING: f64 = 0.7;
/// while so few of all others do.
const FARING: f64 = 0.35;
/// So much of what fails in a slice must have one cause.
const ONE_CAUSE: f64 = 0.6;

/// Whether "many have this" says something: wrong passwords are typed all day.
fn is_telling(cause: Cause) -> bool {
    cause.family() != Family::Credential
}

fn who(row: &Lately) -> Vec<u8> {
    row.browser_key.clone().unwrap_or_else(|| row.network.clone().into_bytes())
}

/// Reads the figures anew, and proposes an incident where one slice stands out.
///
/// # Errors
/// When the database fails.
pub(crate) async fn run(app: &App) -> Result<(), Fault> {
    let now = app.now();
    let since = now.minus(NOW);
    let mut conn = app.store.reader().await?;
    let rows = store::attempt::lately(&mut conn, since, MOST).await?;
    let too = store::attempt::me_too(&mut conn, since).await?;
    drop(conn);
    let mut good = BTreeSet::new();
    let mut bad: BTreeMap<&str, (BTreeSet<Vec<u8>>, i64)> = BTreeMap::new();
    let mut networks: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in &rows {
        if row.outcome == "signed_in" {
            good.insert(who(row));
        } else if Cause::parse(&row.told).is_some_and(is_telling) {
            let entry = bad.entry(&row.told).or_insert_with(|| (BTreeSet::new(), row.created_at));
            entry.0.insert(who(row));
            networks.entry(&row.told).or_default().insert(&row.network);
            entry.1 = entry.1.min(row.created_at);
        }
    }
    for (cause, browser) in &too {
        if let Some(entry) = bad.get_mut(cause.as_str()) {
            entry.0.insert(browser.clone());
        }
    }
    let many = bad
        .iter()
        .filter(|(cause, (browsers, _))| {
            browsers.len() >= CROWD && networks.get(*cause).is_some_and(|networks| networks.len() >= NETWORKS)
        })
        .map(|(cause, (_, since))| ((*cause).to_owned(), Timestamp(*since)))
        .collect();
    let fine = good.len() >= CROWD && app.board.get().trouble(now).is_none();
    app.crowd.set(if fine { faring_well(&rows) } else { BTreeSet::new() }, many);
    let found = bursts(&rows);
    for burst in &found {
        propose(app, burst).await?;
    }
    // What has been quiet for a while is taken back.
    let board = app.board.get();
    let quiet = board.notices.iter().filter(|notice| {
        notice.stage == Stage::Proposed
            && !notice.slice.is_empty()
            && !notice.slice.starts_with("component:")
            && now.since(notice.updated_at).0 > QUIET.0
            && !found.iter().any(|burst| burst.slice == notice.slice)
    });
    for notice in quiet {
        let change = notices::Change { stage: Some(Stage::Dismissed), ..notices::Change::default() };
        let _ = notices::change(app, notice.clone(), change, &Agent::system()).await?;
    }
    Ok(())
}

/// The kinds of browsers with which some came in of late, and more than were told of anything but their password.
fn faring_well(rows: &[Lately]) -> BTreeSet<String> {
    let mut slices: BTreeMap<&str, Side> = BTreeMap::new();
    for row in rows {
        let good = row.outcome == "signed_in";
        if !good && !Cause::parse(&row.told).is_some_and(is_telling) {
            continue;
        }
        for slice in row.slices.split(' ').filter(|slice| slice.starts_with("browser:")) {
            let side = slices.entry(slice).or_default();
            let browsers = if good { &mut side.good } else { &mut side.bad };
            browsers.insert(who(row));
        }
    }
    let well = slices.into_iter().filter(|(_, side)| side.good.len() >= ALIKE && side.good.len() > side.bad.len());
    well.map(|(slice, _)| slice.to_owned()).collect()
}

/// What stands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burst {
    /// `name:value`.
    pub slice: String,
    /// What it fails by.
    pub cause: String,
    /// Browsers that failed in it.
    pub browsers: usize,
    /// When it was first seen.
    pub since: Timestamp,
}

#[derive(Default)]
struct Side {
    good: BTreeSet<Vec<u8>>,
    bad: BTreeSet<Vec<u8>>,
    causes: BTreeMap<String, usize>,
    since: i64,
}

/// Slices in which most fail by one cause while others fare well.
pub fn bursts(rows: &[Lately]) -> Vec<Burst> {
    let mut slices: BTreeMap<&str, Side> = BTreeMap::new();
    let (mut all_good, mut all_bad) = (BTreeSet::new(), BTreeSet::new());
    for row in rows {
        let refused = row.outcome != "signed_in";
        if refused {
            all_bad.insert(who(row))
        } else {
            all_good.insert(who(row))
        };
        for slice in row.slices.split(' ').filter(|slice| !slice.is_empty()) {
            let side = slices.entry(slice).or_default();
            if !refused {
                side.good.insert(who(row));
            } else if side.bad.insert(who(row)) {
                *side.causes.entry(row.cause.clone()).or_default() += 1;
                side.since = if side.since == 0 { row.created_at } else { side.since.min(row.created_at) };
            }
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "counts of browsers")]
    let share = |bad: usize, good: usize| bad as f64 / (bad + good).max(1) as f64;
    let mut found = Vec::new();
    for (slice, side) in slices {
        let (bad, good) = (side.bad.len(), side.good.difference(&side.bad).count());
        let (rest_bad, rest_good) = (all_bad.difference(&side.bad).count(), all_good.difference(&side.good).count());
        let Some((cause, count)) = side.causes.iter().max_by_key(|(_, count)| **count) else {
            continue;
        };
        // Who guesses passwords from one network, or with one program, stands out by their own doing.
        let guessing = Cause::parse(cause).is_some_and(|cause| cause.family() == Family::Credential)
            && !slice.starts_with("build:")
            && !slice.starts_with("key:");
        if bad >= CROWD
            && share(bad, good) >= FAILING
            && rest_good >= CROWD
            && share(rest_bad, rest_good) <= FARING
            && share(*count, bad - count) >= ONE_CAUSE
            && !guessing
        {
            let (slice, cause) = (slice.to_owned(), cause.clone());
            found.push(Burst { slice, cause, browsers: bad, since: Timestamp(side.since) });
        }
    }
    found
}

/// What people share, in words: nothing that is only ours to know.
pub fn slice_words(app: &App, lang: Lang, slice: &str) -> String {
    let (name, value) = slice.split_once(':').unwrap_or((slice, ""));
    match name {
        "browser" | "provider" => value.replace('_', " "),
        _ => app.words.get(lang, &format!("slice-{name}")),
    }
}

async fn propose(app: &App, burst: &Burst) -> Result<(), Fault> {
    let known = |notice: &kagiya_domain::notice::Notice| {
        notice.slice == burst.slice
            && (!notice.stage.is_over() || notice.ended_at.is_some_and(|at| app.now().since(at).0 < NOW.0 * 2))
    };
    if app.board.get().notices.iter().any(known) {
        return Ok(());
    }
    let say = |lang| {
        let slice = slice_words(app, lang, &burst.slice);
        app.words.format(lang, "proposal-slice", &[("slice", slice.as_str().into())])
    };
    let report = Report {
        text: Text { message: say(Lang::Ja), message_en: say(Lang::En), ..Text::default() },
        impact: Impact::Minor,
        // Staff looks first, always: anybody can bring a slice about, and it may name a network.
        stage: Stage::Proposed,
        components: vec![PASSWORD.to_owned()],
        since: Some(burst.since),
        next_update: None,
    };
    tracing::warn!(slice = burst.slice, cause = burst.cause, browsers = burst.browsers, "a slice stands out");
    let _ = notices::open(app, report, &burst.slice, &Agent::system()).await?;
    Ok(())
}

/// Nothing that the server finds is published without staff, unless the settings say so.
fn stage(app: &App) -> Stage {
    if app.settings.publish_by_itself { Stage::Investigating } else { Stage::Proposed }
}

/// Proposes an incident for a component that does not work, and takes it back when it works again.
///
/// # Errors
/// When the database fails.
pub(crate) async fn follow(app: &App, component: &str, out_since: Option<Timestamp>) -> Result<(), Fault> {
    let slice = format!("component:{component}");
    let board = app.board.get();
    let open = board.notices.iter().find(|notice| notice.slice == slice && !notice.stage.is_over());
    match (open, out_since) {
        (None, Some(since)) => {
            let told = board.active(app.now()).iter().any(|n| n.kind == Kind::Incident && n.concerns(component));
            // What staff dropped or ended is not proposed again for the same trouble.
            let dropped =
                board.notices.iter().any(|n| n.slice == slice && n.ended_at.is_some_and(|ended| ended >= since));
            if told || dropped {
                return Ok(());
            }
            let say = |lang| {
                let name = crate::mail::compose::component_name(app, component, lang);
                app.words.format(lang, "proposal-component", &[("component", name.as_str().into())])
            };
            let report = Report {
                text: Text { message: say(Lang::Ja), message_en: say(Lang::En), ..Text::default() },
                impact: Impact::Major,
                stage: stage(app),
                components: vec![component.to_owned()],
                since: Some(since.min(app.now())),
                next_update: None,
            };
            let _ = notices::open(app, report, &slice, &Agent::system()).await?;
        }
        (Some(notice), None) => {
            // What staff took over ends when staff says so.
            let by_itself = notice.stage == Stage::Proposed
                || (app.settings.publish_by_itself && notice.stage == Stage::Investigating);
            if by_itself {
                let over = if notice.stage == Stage::Proposed { Stage::Dismissed } else { Stage::Resolved };
                let change = notices::Change { stage: Some(over), ..notices::Change::default() };
                let _ = notices::change(app, notice.clone(), change, &Agent::system()).await?;
            }
        }
        (None, None) | (Some(_), Some(_)) => {}
    }
    Ok(())
}

/// "Me too": counts one browser for a cause, once.
///
/// # Errors
/// When the database fails.
pub async fn me_too(app: &App, browser_key: [u8; 16], cause: Cause) -> Result<(), Fault> {
    use futures_util::FutureExt;
    let now = app.now();
    app.store
        .write(move |conn| {
            async move { store::attempt::note_me_too(conn, &browser_key, cause.slug(), now).await }.boxed()
        })
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(n: u8, outcome: &str, cause: &str, slices: &str) -> Lately {
        Lately {
            created_at: i64::from(n),
            outcome: outcome.into(),
            told: cause.into(),
            cause: cause.into(),
            browser_key: Some(vec![n; 16]),
            network: String::new(),
            slices: slices.into(),
        }
    }

    #[test]
    fn only_those_with_the_same_kind_of_browser_say_that_others_are_fine() {
        let mut rows: Vec<Lately> = (0..3).map(|n| row(n, "signed_in", "", "browser:Chrome network:a")).collect();
        rows.extend((10..12).map(|n| row(n, "signed_in", "", "browser:Safari")));
        rows.extend((20..24).map(|n| row(n, "signed_in", "", "browser:Firefox")));
        rows.extend((30..34).map(|n| row(n, "refused", "browser.cookie_blocked", "browser:Firefox")));
        rows.extend((40..60).map(|n| row(n, "refused", "credential.password", "browser:Chrome")));
        // Two are few, as many failures as successes are no comfort, and wrong passwords are typed all day.
        assert_eq!(faring_well(&rows), BTreeSet::from(["browser:Chrome".to_owned()]));
    }

    #[test]
    fn a_slice_stands_out_only_beside_others_who_fare_well() {
        let good = |from: u8, slices: &'static str| (from..from + 12).map(move |n| row(n, "signed_in", "", slices));
        let bad = |from: u8, slices: &'static str, cause: &'static str| {
            (from..from + 12).map(move |n| row(n, "refused", cause, slices))
        };
        for (name, rows, found) in [
            (
                "one browser family fails",
                good(0, "browser:Chrome")
                    .chain(bad(50, "browser:Firefox", "browser.cookie_blocked"))
                    .collect::<Vec<_>>(),
                vec!["browser:Firefox"],
            ),
            (
                "everybody fails",
                bad(0, "browser:Chrome", "platform.outage")
                    .chain(bad(50, "browser:Firefox", "platform.outage"))
                    .collect(),
                vec![],
            ),
            (
                "guessing from one network",
                good(0, "network:a").chain(bad(50, "network:b", "credential.password")).collect(),
                vec![],
            ),
            (
                "right passwords refused by one server",
                good(0, "key:aa").chain(bad(50, "key:bb", "credential.password")).collect(),
                vec!["key:bb"],
            ),
            ("too few to tell", good(0, "key:aa").chain(bad(50, "key:bb", "x").take(5)).collect(), vec![]),
        ] {
            let slices: Vec<String> = bursts(&rows).into_iter().map(|burst| burst.slice).collect();
            assert_eq!(slices, found, "{name}");
        }
    }
}

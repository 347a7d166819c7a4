//! What came of scenarios: how often the verdict was right, and whether its confidence is a promise that is kept.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use kagiya_domain::{Cause, Evidence, advice::advice};

use super::person::Journey;
use crate::output::say;

/// How one scenario came out.
pub(super) struct Outcome {
    pub(super) name: String,
    pub(super) truth: Vec<String>,
    pub(super) or: Vec<String>,
    pub(super) author: String,
    pub(super) cause: String,
    pub(super) candidates: Vec<(String, f32)>,
    /// What staff's verdict was made from.
    pub(super) evidence: Vec<Evidence>,
    /// Whether the person of a made-up world can get in at all, and how it went.
    pub(super) can_get_in: bool,
    /// What was done.
    pub(super) steps: Vec<String>,
    pub(super) journey: Option<Journey>,
    /// What is wrong with what was advised, where that is judged.
    pub(super) advice: Option<Result<(), String>>,
    /// Pages from the refusal to My Page by way of the first step, where a cure is written down.
    pub(super) loads: Option<u32>,
    pub(super) trouble: Option<String>,
}

impl Outcome {
    /// Steps that were taken although they harm or waste, by the truth.
    fn harm(&self) -> Vec<&str> {
        let truth = self.truth.first().and_then(|slug| Cause::parse(slug));
        let avoid = truth.map_or(&[][..], |cause| advice(cause).avoid);
        let taken = self.journey.iter().flat_map(|journey| &journey.taken).map(String::as_str);
        taken.filter(|step| avoid.iter().any(|avoid| avoid.id() == *step)).collect()
    }

    fn is_right(&self) -> bool {
        self.truth.first() == Some(&self.cause) || self.or.contains(&self.cause)
    }

    fn in_top_three(&self) -> bool {
        let mut good = self.truth.iter().take(1).chain(&self.or);
        good.any(|truth| *truth == self.cause || self.candidates.iter().any(|c| c.0 == *truth))
    }

    fn confidence(&self) -> f32 {
        self.candidates.iter().find(|c| c.0 == self.cause).map_or(0.0, |c| c.1)
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of scenarios")]
fn share(good: usize, all: usize) -> f64 {
    if all == 0 { 1.0 } else { good as f64 / all as f64 }
}

/// A figure, its goal, and whether more is better.
struct Figure {
    name: &'static str,
    value: f64,
    goal: f64,
    at_least: bool,
}

impl Figure {
    const fn new(name: &'static str, value: f64, goal: f64) -> Self {
        Self { name, value, goal, at_least: true }
    }

    fn is_met(&self) -> bool {
        if self.at_least { self.value >= self.goal } else { self.value <= self.goal }
    }
}

/// One of ten bins of a reliability table (DeGroot and Fienberg, 1983): what was promised, and what was kept.
struct Bin {
    count: usize,
    promised: f64,
    kept: f64,
}

const BINS: usize = 10;

fn bins(driven: &[&Outcome]) -> Vec<Bin> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a confidence lies between 0 and 1")]
    let bin = |outcome: &Outcome| ((f64::from(outcome.confidence()) * 10.0) as usize).min(BINS - 1);
    (0..BINS)
        .map(|number| {
            let own: Vec<&&Outcome> = driven.iter().filter(|outcome| bin(outcome) == number).collect();
            let promised: f64 = own.iter().map(|outcome| f64::from(outcome.confidence())).sum();
            let right = own.iter().filter(|outcome| outcome.is_right()).count();
            #[allow(clippy::cast_precision_loss, reason = "counts of scenarios")]
            let all = own.len().max(1) as f64;
            Bin { count: own.len(), promised: promised / all, kept: share(right, own.len().max(1)) }
        })
        .collect()
}

/// The expected calibration error (Naeini et al., 2015): how far promises lie from what is kept, on average.
#[allow(clippy::cast_precision_loss, reason = "counts of scenarios")]
fn calibration_error(bins: &[Bin]) -> f64 {
    let all: usize = bins.iter().map(|bin| bin.count).sum();
    let weighted = bins.iter().map(|bin| bin.count as f64 * (bin.promised - bin.kept).abs());
    weighted.sum::<f64>() / all.max(1) as f64
}

fn figures(driven: &[&Outcome], bins: &[Bin]) -> Vec<Figure> {
    let count = |which: &dyn Fn(&Outcome) -> bool| driven.iter().filter(|o| which(o)).count();
    let single = |o: &Outcome| o.truth.len() == 1;
    let sure = |o: &Outcome| o.confidence() >= 0.9;
    // Nobody is told a cause that was not found: what is not known promises nothing.
    let advised = share(count(&|o| matches!(o.advice, Some(Ok(())))), count(&|o| o.advice.is_some()));
    vec![
        Figure::new("top1_single", share(count(&|o| single(o) && o.is_right()), count(&single)), 0.97),
        Figure::new("top1_mixtures", share(count(&|o| !single(o) && o.is_right()), count(&|o| !single(o))), 0.90),
        Figure::new("top3", share(count(&|o| o.in_top_three()), driven.len()), 0.99),
        Figure::new("right_when_sure", share(count(&|o| sure(o) && o.is_right()), count(&sure)), 0.97),
        Figure::new("good_first_step", advised, 0.97),
        Figure { at_least: false, ..Figure::new("calibration_error", calibration_error(bins), 0.03) },
    ]
    .into_iter()
    .chain(journeys(driven))
    .collect()
}

/// How those fare who follow the page's steps: whoever can get in does, soon, and nobody is harmed. Whoever cannot is told
/// whom to ask.
fn journeys(driven: &[&Outcome]) -> Vec<Figure> {
    let journeys: Vec<(&&Outcome, &Journey)> = driven.iter().filter_map(|o| Some((o, o.journey.as_ref()?))).collect();
    if journeys.is_empty() {
        return Vec::new();
    }
    let count = |which: &dyn Fn(&Outcome, &Journey) -> bool| journeys.iter().filter(|(o, j)| which(o, j)).count();
    let mut loads: Vec<u32> = journeys.iter().filter(|(_, j)| j.got_in).map(|(_, j)| j.loads).collect();
    loads.sort_unstable();
    let quantile = |tenths: usize| f64::from(loads.get(loads.len() * tenths / 10).copied().unwrap_or_default());
    let at_most = |name, value, goal| Figure { at_least: false, ..Figure::new(name, value, goal) };
    vec![
        Figure::new(
            "get_in_by_steps",
            share(count(&|o, j| o.can_get_in && j.got_in), count(&|o, _| o.can_get_in)),
            0.97,
        ),
        Figure::new(
            "told_whom_to_ask",
            share(count(&|o, j| !o.can_get_in && (j.told_to_ask || j.got_in)), count(&|o, _| !o.can_get_in)),
            0.97,
        ),
        at_most("loads_median", quantile(5), 2.0),
        at_most("loads_0.9", quantile(9), 5.0),
        at_most("harmful_steps", share(count(&|o, _| !o.harm().is_empty()), journeys.len()), 0.0),
    ]
}

/// Prints what came of scenarios, for people or as JSON.
pub(super) fn report(outcomes: &[Outcome], as_json: bool) {
    let driven: Vec<&Outcome> = outcomes.iter().filter(|o| o.trouble.is_none()).collect();
    let mut loads: Vec<u32> = driven.iter().filter_map(|o| o.loads).collect();
    loads.sort_unstable();
    let median = loads.get(loads.len() / 2).copied().unwrap_or_default();
    let bins = bins(&driven);
    let figures = figures(&driven, &bins);
    let mut confusion: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for outcome in &driven {
        let truth = outcome.truth.first().map(String::as_str).unwrap_or_default();
        *confusion.entry((truth, &outcome.cause)).or_default() += 1;
    }
    if as_json {
        let value = as_value(outcomes, &driven, &figures, &bins, median, &confusion);
        say(&value.to_string());
        return;
    }
    let mixtures = driven.iter().filter(|o| o.truth.len() > 1).count();
    say(&format!("{} scenarios, {mixtures} of them mixtures", outcomes.len()));
    for figure in &figures {
        let sign = if figure.at_least { ">=" } else { "<=" };
        let met = if figure.is_met() { "met" } else { "MISSED" };
        say(&format!("{:<18} {:>6.3}  {sign} {:.2}  {met}", figure.name, figure.value, figure.goal));
    }
    say(&format!(
        "{:<18} {median:>6}  <= 2     {}  (of {} with a cure)",
        "median page loads",
        if median <= 2 { "met" } else { "MISSED" },
        loads.len()
    ));
    say("reliability: promised → kept");
    for bin in bins.iter().filter(|bin| bin.count > 0) {
        say(&format!("  {:>4}  {:.2} → {:.2}", bin.count, bin.promised, bin.kept));
    }
    say("confusion: truth → told");
    for ((truth, told), n) in &confusion {
        say(&format!("  {n:>3}  {} {truth} → {told}", if truth == told { " " } else { "!" }));
    }
    tell_each(outcomes, &driven);
}

fn tell_each(outcomes: &[Outcome], driven: &[&Outcome]) {
    for outcome in driven.iter().filter(|o| !o.is_right()) {
        let list: Vec<String> = outcome.candidates.iter().map(|(slug, sure)| format!("{slug} {sure:.2}")).collect();
        say(&format!("wrong: {} (truth {}): {}", outcome.name, outcome.truth.join(" + "), list.join(", ")));
        // What was made up stands in no file.
        if outcome.journey.is_some() {
            say(&format!("  {}", outcome.steps.join(" | ")));
        }
    }
    for outcome in driven {
        if let Some(Err(words)) = &outcome.advice {
            say(&format!("advice: {} (by {}): {words}", outcome.name, outcome.author));
        }
    }
    for outcome in driven {
        let helped = |journey: &Journey| journey.got_in || !outcome.can_get_in && journey.told_to_ask;
        let lost = outcome.journey.as_ref().filter(|journey| !helped(journey));
        if let Some(journey) = lost {
            say(&format!(
                "lost: {} (truth {}): took {}",
                outcome.name,
                outcome.truth.join(" + "),
                journey.taken.join(", ")
            ));
        }
        if !outcome.harm().is_empty() {
            say(&format!(
                "harm: {} (truth {}): {}",
                outcome.name,
                outcome.truth.join(" + "),
                outcome.harm().join(", ")
            ));
        }
    }
    for outcome in outcomes {
        if let Some(trouble) = &outcome.trouble {
            say(&format!("not driven: {}: {trouble}", outcome.name));
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of one report")]
fn as_value(
    outcomes: &[Outcome],
    driven: &[&Outcome],
    figures: &[Figure],
    bins: &[Bin],
    median: u32,
    confusion: &BTreeMap<(&str, &str), usize>,
) -> Value {
    let figure = |f: &Figure| json!({ "name": f.name, "value": f.value, "goal": f.goal, "met": f.is_met() });
    let bin = |bin: &Bin| json!({ "count": bin.count, "promised": bin.promised, "kept": bin.kept });
    let wrong = |o: &&&Outcome| !o.is_right();
    json!({
        "scenarios": outcomes.len(),
        "mixtures": driven.iter().filter(|o| o.truth.len() > 1).count(),
        "figures": figures.iter().map(figure).collect::<Vec<_>>(),
        "reliability": bins.iter().map(bin).collect::<Vec<_>>(),
        "sure": driven.iter().filter(|o| o.confidence() >= 0.9).count(),
        "median_loads": median,
        "confusion": confusion.iter().map(|((truth, told), n)| json!({ "truth": truth, "told": told, "count": n })).collect::<Vec<_>>(),
        "wrong": driven.iter().filter(wrong).map(|o| json!({ "name": o.name, "truth": o.truth, "told": o.cause, "candidates": o.candidates })).collect::<Vec<_>>(),
        "not_driven": outcomes.iter().filter_map(|o| Some(json!({ "name": o.name, "why": o.trouble.as_ref()? }))).collect::<Vec<_>>(),
    })
}

//! What the weights would be if stories alone had set them, and whether that would be better on stories that they have
//! not seen.
//!
//! The verdict is a softmax over weighted facts, so a weight can be fitted by maximum a posteriori likelihood: every
//! weight of the table is drawn from a normal distribution around what a person wrote there, as wide as `SPREADS` says
//! (ridge regression; Hoerl and Kennard, 1970; for the logistic case le Cessie and van Houwelingen, 1992). What no story
//! speaks of stays as it is. Each spread is judged on stories of an author, or of a family of causes, that it was not fitted on.
//! What comes of it is a list of proposals: a person decides, and writes the reason beside the weight.

use std::collections::BTreeMap;

use kagiya_domain::{
    Audience, Cause, Evidence,
    diagnosis::{UNDETERMINED, Weight, spoken},
};

use super::report::Outcome;
use crate::{bench::progress, output::say};

/// How far a weight is believed to lie from what is written, in nats: one standard deviation.
const SPREADS: [f64; 4] = [0.25, 0.5, 1.0, 2.0];
/// Smaller changes are not worth a person's look.
const WORTH_A_LOOK: f64 = 0.3;
const ROUNDS: usize = 200;
const PACE: f64 = 0.1;

/// A weight of the table, as stories speak of it.
struct Row {
    fact: &'static str,
    weight: &'static Weight,
    /// How many stories it bears on.
    stories: usize,
}

/// One story with its truth.
struct Example<'o> {
    author: &'o str,
    truth: &'o str,
    good: Vec<Cause>,
    /// Places in the table of rows.
    rows: Vec<usize>,
    /// What some fact speaks for, and the undetermined rest.
    candidates: Vec<Cause>,
}

type Table = Vec<Row>;

fn read(outcomes: &[Outcome]) -> (Table, Vec<Example<'_>>) {
    let (mut table, mut known) = (Table::new(), BTreeMap::new());
    let mut examples = Vec::new();
    for outcome in outcomes.iter().filter(|outcome| !outcome.evidence.is_empty()) {
        let mut rows = Vec::new();
        for (fact, weight) in spoken(&outcome.evidence, Audience::Staff) {
            let row = *known.entry((Evidence::key(fact), weight.0.index())).or_insert_with(|| {
                table.push(Row { fact: Evidence::key(fact), weight, stories: 0 });
                table.len() - 1
            });
            if !rows.contains(&row) {
                table[row].stories += 1;
            }
            rows.push(row);
        }
        let good = outcome.truth.iter().take(1).chain(&outcome.or).filter_map(|slug| Cause::parse(slug)).collect();
        let truth = outcome.truth.first().map(String::as_str).unwrap_or_default();
        let author = if outcome.author.is_empty() { "ours" } else { &outcome.author };
        let spoken_for =
            |cause: &Cause| rows.iter().any(|row| table[*row].weight.0 == *cause && table[*row].weight.1 > 0.0);
        let is_candidate = |cause: &Cause| *cause == Cause::Undetermined || spoken_for(cause);
        let candidates = Cause::ALL.into_iter().filter(is_candidate).collect();
        examples.push(Example { author, truth, good, rows, candidates });
    }
    (table, examples)
}

/// What is believed of each cause, with every weight changed by its `change`.
fn believe(table: &Table, example: &Example<'_>, change: &[f64]) -> [f64; Cause::ALL.len()] {
    let mut scores = [0.0_f64; Cause::ALL.len()];
    for row in &example.rows {
        let (cause, weight) = table[*row].weight;
        scores[cause.index()] += f64::from(*weight) + change[*row];
    }
    scores[Cause::Undetermined.index()] += f64::from(UNDETERMINED);
    let mut odds = [0.0; Cause::ALL.len()];
    for cause in &example.candidates {
        odds[cause.index()] = scores[cause.index()].exp();
    }
    let total: f64 = odds.iter().sum();
    odds.map(|odds| odds / total)
}

/// The changes that stories would make.
fn fit(table: &Table, examples: &[&Example<'_>], spread: f64) -> Vec<f64> {
    let mut change = vec![0.0; table.len()];
    let mut paces = vec![0.0_f64; table.len()];
    for _ in 0..ROUNDS {
        let mut slope: Vec<f64> = change.iter().map(|change| change / (spread * spread)).collect();
        for example in examples {
            let believed = believe(table, example, &change);
            let right: f64 = example.good.iter().map(|cause| believed[cause.index()]).sum();
            if right <= 0.0 {
                // No fact speaks for it: no weight can mend that.
                continue;
            }
            for row in &example.rows {
                let cause = table[*row].weight.0;
                let truth = if example.good.contains(&cause) { believed[cause.index()] / right } else { 0.0 };
                slope[*row] += believed[cause.index()] - truth;
            }
        }
        // A pace of its own for each weight (AdaGrad; Duchi et al., 2011).
        for ((change, pace), slope) in change.iter_mut().zip(&mut paces).zip(slope) {
            *pace += slope * slope;
            *change -= PACE * slope / (pace.sqrt() + 1e-9);
        }
    }
    change
}

/// How good beliefs are.
#[derive(Clone, Copy, Default)]
struct Score {
    stories: usize,
    right: usize,
    sure: usize,
    right_when_sure: usize,
    loss: f64,
    promised: f64,
}

impl Score {
    fn take(&mut self, example: &Example<'_>, believed: &[f64]) {
        let best = Cause::ALL.into_iter().max_by(|a, b| believed[a.index()].total_cmp(&believed[b.index()]));
        let is_right = best.is_some_and(|best| example.good.contains(&best));
        let confidence = best.map_or(0.0, |best| believed[best.index()]);
        let right: f64 = example.good.iter().map(|cause| believed[cause.index()]).sum();
        self.stories += 1;
        self.right += usize::from(is_right);
        self.sure += usize::from(confidence >= 0.9);
        self.right_when_sure += usize::from(confidence >= 0.9 && is_right);
        self.loss -= right.max(1e-6).ln();
        self.promised += confidence;
    }

    #[allow(clippy::cast_precision_loss, reason = "counts of stories")]
    fn words(&self) -> String {
        let all = self.stories.max(1) as f64;
        format!(
            "loss {:.4}  top-1 {:.3}  promised {:.3}  right at 0.9 {:.3}",
            self.loss / all,
            self.right as f64 / all,
            self.promised / all,
            self.right_when_sure as f64 / self.sure.max(1) as f64
        )
    }
}

/// Fits on all groups but one and judges on that one, for each.
fn held_out(table: &Table, examples: &[Example<'_>], spread: f64, group: impl Fn(&Example<'_>) -> String) -> Score {
    let mut groups: Vec<String> = examples.iter().map(&group).collect();
    groups.sort();
    groups.dedup();
    let mut score = Score::default();
    for out in groups {
        let rest: Vec<&Example<'_>> = examples.iter().filter(|example| group(example) != out).collect();
        let change = fit(table, &rest, spread);
        for example in examples.iter().filter(|example| group(example) == out) {
            score.take(example, &believe(table, example, &change));
        }
    }
    score
}

/// Prints what a fit would change, and what that would be worth.
pub(super) fn propose(outcomes: &[Outcome]) {
    let (table, examples) = read(outcomes);
    let unchanged = vec![0.0; table.len()];
    let mut shipped = Score::default();
    for example in &examples {
        shipped.take(example, &believe(&table, example, &unchanged));
    }
    say(&format!("fit: {} stories, {} weights that they speak of", examples.len(), table.len()));
    say(&format!("  as written                     {}", shipped.words()));
    let mut best: Option<(f64, f64, Vec<f64>)> = None;
    let all: Vec<&Example<'_>> = examples.iter().collect();
    for spread in SPREADS {
        progress(&format!("fits with a spread of {spread}"));
        let whole = fit(&table, &all, spread);
        let by_author = held_out(&table, &examples, spread, |example| example.author.to_owned());
        let family = |example: &Example<'_>| example.truth.split('.').next().unwrap_or_default().to_owned();
        let by_family = held_out(&table, &examples, spread, family);
        say(&format!("  spread {spread:<4}  another author's   {}", by_author.words()));
        say(&format!("               another family's   {}", by_family.words()));
        let loss = by_author.loss + by_family.loss;
        if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
            best = Some((loss, spread, whole));
        }
    }
    let Some((loss, spread, change)) = best else {
        return;
    };
    if loss >= 2.0 * shipped.loss {
        say("  no fit is better than what is written on stories that it has not seen: nothing is proposed");
        return;
    }
    say(&format!("  proposals of the fit with a spread of {spread}, on all stories:"));
    let mut rows: Vec<(&Row, f64)> = table.iter().zip(change).filter(|(_, by)| by.abs() >= WORTH_A_LOOK).collect();
    rows.sort_by(|(_, a), (_, b)| b.abs().total_cmp(&a.abs()));
    for (row, by) in rows {
        let (cause, weight) = row.weight;
        let fitted = f64::from(*weight) + by;
        let (fact, stories) = (row.fact, row.stories);
        say(&format!("    {fact:<28} {:<28} {weight:>5.1} → {fitted:>5.1}  ({stories} stories)", cause.slug()));
    }
}

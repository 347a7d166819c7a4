//! Figures, their limits and their ratios.

use serde_json::{Value, json};

use crate::output::say;

#[derive(Debug)]
struct Figure {
    name: String,
    value: f64,
    limit: Option<f64>,
    limit_is: &'static str,
    want: Option<Want>,
}

#[derive(Debug)]
enum Want {
    RatioAtLeast(f64),
    AtMost,
}

/// The figures of one run.
#[derive(Debug, Default)]
pub(super) struct Report {
    figures: Vec<Figure>,
}

impl Report {
    pub(super) fn add(&mut self, name: &str, value: f64, limit: Option<f64>, limit_is: &'static str) {
        self.figures.push(Figure { name: name.to_owned(), value, limit, limit_is, want: None });
    }

    pub(super) fn add_plain(&mut self, name: &str, value: f64) {
        self.add(name, value, None, "");
    }

    pub(super) fn add_at_most(&mut self, name: &str, value: f64, limit: f64) {
        self.add(name, value, Some(limit), "the goal, at most");
        if let Some(figure) = self.figures.last_mut() {
            figure.want = Some(Want::AtMost);
        }
    }

    /// The ratio that is wanted of the figure of that name.
    pub(super) fn want(&mut self, name: &str, ratio: f64) {
        if let Some(figure) = self.figures.iter_mut().find(|f| f.name == name) {
            figure.want = Some(Want::RatioAtLeast(ratio));
        }
    }

    pub(super) fn json(&self) -> Value {
        let figures: Vec<Value> = self
            .figures
            .iter()
            .map(|f| {
                json!({
                    "name": f.name,
                    "value": f.value,
                    "limit": f.limit,
                    "limit_is": f.limit_is,
                    "ratio": f.ratio(),
                    "goal": match &f.want { Some(Want::RatioAtLeast(r)) => json!(format!("ratio >= {r}")), Some(Want::AtMost) => json!("ratio <= 1"), None => Value::Null },
                    "met": f.met(),
                })
            })
            .collect();
        json!({ "figures": figures })
    }

    pub(super) fn print(&self) {
        say(&format!("{:<36} {:>12} {:>12} {:>7}  goal", "figure", "value", "limit", "ratio"));
        for f in &self.figures {
            let limit = f.limit.map(|l| format!("{l:.1}")).unwrap_or_default();
            let ratio = f.ratio().map(|r| format!("{r:.3}")).unwrap_or_default();
            let goal = match (&f.want, f.met()) {
                (Some(Want::RatioAtLeast(r)), Some(met)) => format!(">= {r}  {}", if met { "met" } else { "MISSED" }),
                (Some(Want::AtMost), Some(met)) => format!("<= limit  {}", if met { "met" } else { "MISSED" }),
                _ => String::new(),
            };
            say(&format!("{:<36} {:>12.2} {:>12} {:>7}  {goal}", f.name, f.value, limit, ratio));
        }
    }
}

impl Figure {
    fn ratio(&self) -> Option<f64> {
        self.limit.filter(|limit| *limit > 0.0).map(|limit| self.value / limit)
    }

    fn met(&self) -> Option<bool> {
        let ratio = self.ratio()?;
        self.want.as_ref().map(|want| match want {
            Want::RatioAtLeast(least) => ratio >= *least,
            Want::AtMost => ratio <= 1.0,
        })
    }
}

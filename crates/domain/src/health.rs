//! How a component fares, from what its real traffic shows. Pure: ticks go in, a level comes out.
//!
//! Real traffic speaks first; a probe decides where there is too little of it. A level rises
//! at once and falls only after a clean while.

use std::collections::VecDeque;

use crate::{
    Span, Timestamp,
    component::{self, Level},
};

/// How often a component is judged.
pub const TICK: Span = Span::seconds(5);
/// Ticks that count for trouble: a minute.
const WINDOW: usize = 12;
/// Ticks that must be clean before trouble is over: half a minute.
const CLEAN: usize = 6;
/// The same, after a relapse: a minute.
const CLEAN_AGAIN: usize = 12;
/// Trouble so soon after trouble is a relapse.
const RELAPSE: Span = Span::minutes(10);
/// How long a component's tries may take before it is slow.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// As many tries within a minute say something.
    enough: u32,
    /// So many of 20 tries must take less.
    of_20: u32,
    /// What is never slow, whatever is usual, in microseconds.
    floor_us: i64,
    /// What is slow while it is not known what is usual, in microseconds.
    ceiling_us: i64,
}

impl Pace {
    /// The pace of a component. Hashing takes its time, a mail server more; a database does not.
    pub fn of(component: &str) -> Self {
        let (enough, of_20, floor_us, ceiling_us) = match component {
            // Few mails leave in a minute, and one of them is always slow.
            component::MAIL => (5, 10, 4_200_000, 4_200_000),
            component::SESSIONS | component::DATABASE => (20, 19, 524_288, 1_000_000),
            _ => (20, 19, 1_000_000, 3_000_000),
        };
        Self { enough, of_20, floor_us, ceiling_us }
    }
}

/// Classes of length: below 2^n · 64 µs.
const CLASSES: usize = 20;

/// What happened in one tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// Tries that we did our part of.
    pub served: u32,
    /// Tries that failed by our fault.
    pub failed: u32,
    /// Tries from browsers that the account knows: strangers' guesses say nothing about us.
    pub known: u32,
    /// Those of them that succeeded.
    pub known_good: u32,
    lengths: [u32; CLASSES],
}

impl Tick {
    /// Counts how long one try took, in microseconds.
    pub fn took(&mut self, us: i64) {
        let class = (us.max(0) / 64).checked_ilog2().map_or(0, |n| n as usize + 1).min(CLASSES - 1);
        self.lengths[class] = self.lengths[class].saturating_add(1);
    }

    /// Joins what happened elsewhere, or later.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.served, other.served),
            (&mut self.failed, other.failed),
            (&mut self.known, other.known),
            (&mut self.known_good, other.known_good),
        ] {
            *mine = mine.saturating_add(theirs);
        }
        for (mine, theirs) in self.lengths.iter_mut().zip(other.lengths) {
            *mine = mine.saturating_add(theirs);
        }
    }

    /// What 19 of 20 tries took less than, in microseconds, rounded up to its class.
    pub fn slow_us(&self) -> i64 {
        self.below_us(19)
    }

    fn below_us(&self, of_20: u32) -> i64 {
        let total: u32 = self.lengths.iter().sum();
        let mut seen = 0;
        for (class, count) in self.lengths.iter().enumerate() {
            seen += count;
            if *count > 0 && u64::from(seen) * 20 >= u64::from(total) * u64::from(of_20) {
                return 64 << class;
            }
        }
        0
    }
}

/// How a component usually fares at this hour of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usual {
    /// Tries from known browsers that it was learned from.
    pub tries: i64,
    /// Those that succeeded.
    pub good: i64,
    /// What 19 of 20 take less than, in microseconds.
    pub slow_us: i64,
}

/// As much must be known before a usual level counts.
const LEARNED: i64 = 200;

/// Watches one component.
#[derive(Clone, Debug)]
pub struct Detector {
    pace: Pace,
    window: VecDeque<Tick>,
    level: Level,
    since: Timestamp,
    /// Probes that failed in a row.
    probes_failed: u32,
    /// Whether a probe worked since the last trouble was seen.
    proven: bool,
    /// Ticks without trouble.
    clean: usize,
    last_trouble: Option<Timestamp>,
    relapse: bool,
}

impl Detector {
    /// A detector of a component that has seen nothing.
    pub fn new(component: &str, now: Timestamp) -> Self {
        Self {
            pace: Pace::of(component),
            window: VecDeque::with_capacity(WINDOW),
            level: Level::Operational,
            since: now,
            probes_failed: 0,
            proven: false,
            clean: 0,
            last_trouble: None,
            relapse: false,
        }
    }

    /// How the component fares, and since when.
    pub const fn state(&self) -> (Level, Timestamp) {
        (self.level, self.since)
    }

    /// Whether nothing looks wrong: what is seen now may be learned from.
    pub fn is_calm(&self, usual: Usual) -> bool {
        self.level == Level::Operational && self.seen(usual) == Level::Operational
    }

    /// Whether a probe should be made now rather than at its time.
    pub fn wants_probe(&self) -> bool {
        self.level > Level::Operational
            || self.probes_failed > 0
            || self.window.back().is_some_and(|tick| tick.failed > 0)
    }

    /// Takes the outcome of a probe.
    pub fn probed(&mut self, well: bool) {
        self.probes_failed = if well { 0 } else { self.probes_failed.saturating_add(1) };
        self.proven = well;
    }

    /// Takes the next tick and says how the component fares.
    pub fn judge(&mut self, tick: Tick, usual: Usual, now: Timestamp) -> Level {
        if self.window.len() == WINDOW {
            self.window.pop_front();
        }
        self.window.push_back(tick);
        let seen = self.seen(usual);
        let recent = self.window.iter().rev().take(2).any(|tick| tick.failed > 0);
        let lasting = self.is_slow(usual) || self.below_usual(&self.sum(), usual).1;
        if seen > Level::Operational && (recent || self.probes_failed > 0 || lasting || seen > self.level) {
            self.clean = 0;
        } else {
            self.clean += 1;
        }
        if seen > self.level {
            self.relapse = self.last_trouble.is_some_and(|at| now.since(at).0 < RELAPSE.0);
            (self.level, self.since) = (seen, if self.level == Level::Operational { now } else { self.since });
            self.proven = false;
        } else if self.level > Level::Operational && self.clean >= if self.relapse { CLEAN_AGAIN } else { CLEAN } {
            // Silence proves nothing: a try or a probe must have worked.
            let works = self.proven || self.window.iter().rev().take(CLEAN).any(|tick| tick.served > 0);
            if works {
                (self.level, self.since) = (Level::Operational, now);
                self.last_trouble = Some(now);
                self.window.clear();
            }
        }
        self.level
    }

    fn sum(&self) -> Tick {
        let mut sum = Tick::default();
        for tick in &self.window {
            sum.add(tick);
        }
        sum
    }

    fn is_slow(&self, usual: Usual) -> bool {
        let sum = self.sum();
        let Pace { enough, of_20, floor_us, ceiling_us } = self.pace;
        let limit = if usual.slow_us > 0 { usual.slow_us.saturating_mul(4).max(floor_us) } else { ceiling_us };
        sum.served >= enough && sum.below_us(of_20) > limit
    }

    /// What the window shows by itself.
    fn seen(&self, usual: Usual) -> Level {
        let sum = self.sum();
        let share = f64::from(sum.failed) / f64::from((sum.served + sum.failed).max(1));
        let mut recent = Tick::default();
        self.window.iter().rev().take(2).for_each(|tick| recent.add(tick));
        if self.probes_failed >= 2
            || (recent.failed >= 4 && recent.served == 0)
            || (self.probes_failed >= 1 && sum.failed >= 1 && sum.served == 0)
            || (sum.failed >= 3 && share >= 0.5)
        {
            return Level::MajorOutage;
        }
        let (partial, degraded) = self.below_usual(&sum, usual);
        if (sum.failed >= 5 && share >= 0.2) || partial {
            return Level::PartialOutage;
        }
        if (sum.failed >= 5 && share >= 0.05) || degraded || self.is_slow(usual) {
            return Level::DegradedPerformance;
        }
        Level::Operational
    }

    /// Whether far fewer known browsers succeed than at this hour of other weeks: a release that
    /// refuses right passwords fails nowhere else.
    fn below_usual(&self, sum: &Tick, usual: Usual) -> (bool, bool) {
        if usual.tries < LEARNED || sum.known < 20 {
            return (false, false);
        }
        #[allow(clippy::cast_precision_loss, reason = "counts of tries")]
        let expected = (usual.good as f64 / usual.tries as f64).clamp(0.05, 0.99);
        let (tries, good) = (f64::from(sum.known), f64::from(sum.known_good));
        let spread = (tries * expected * (1.0 - expected)).sqrt().max(1.0);
        // Six spreads: people come in bursts, and a week has ten thousand minutes.
        let far = (tries * expected - good) / spread > 6.0;
        (far && good / tries < expected * 0.25, far && good / tries < expected * 0.6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(detector: &mut Detector, ticks: &[(usize, u32, u32)], usual: Usual) -> Vec<(usize, Level)> {
        let (mut at, mut changes) = (0, Vec::new());
        let mut last = detector.state().0;
        for (count, served, failed) in ticks {
            for _ in 0..*count {
                at += 1;
                let tick = Tick { served: *served, failed: *failed, ..Tick::default() };
                let level = detector.judge(tick, usual, Timestamp(TICK.0 * i64::try_from(at).unwrap()));
                if level != last {
                    changes.push((at, level));
                    last = level;
                }
            }
        }
        changes
    }

    #[test]
    fn trouble_is_seen_within_a_minute_and_over_within_two() {
        let fresh = || Detector::new(component::PASSWORD, Timestamp(0));
        let usual = Usual::default();
        for (name, ticks, expected) in [
            ("all fail", vec![(10, 5, 0), (12, 0, 5), (24, 5, 0)], Some(Level::MajorOutage)),
            ("one in three fails", vec![(10, 5, 0), (12, 4, 2), (24, 5, 0)], Some(Level::PartialOutage)),
            ("one failure by itself is none", vec![(10, 5, 0), (1, 4, 1), (24, 5, 0)], None),
            ("silence is no trouble", vec![(200, 0, 0)], None),
        ] {
            let changes = run(&mut fresh(), &ticks, usual);
            assert_eq!(changes.iter().map(|(_, level)| *level).max(), expected, "{name}: {changes:?}");
            if let (Some((seen, _)), Some((over, level))) = (changes.first(), changes.last()) {
                assert_eq!(*level, Level::Operational, "{name}: {changes:?}");
                assert!(seen - 10 <= 12 && over - 22 <= 24, "{name}: {changes:?}");
            }
        }
    }

    #[test]
    fn a_probe_decides_where_nobody_comes() {
        let mut detector = Detector::new(component::PASSWORD, Timestamp(0));
        run(&mut detector, &[(1, 0, 1)], Usual::default());
        assert!(detector.wants_probe());
        detector.probed(false);
        assert_eq!(run(&mut detector, &[(1, 0, 0)], Usual::default()), [(1, Level::MajorOutage)]);
        assert!(run(&mut detector, &[(40, 0, 0)], Usual::default()).is_empty(), "silence heals nothing");
        detector.probed(true);
        let healed = run(&mut detector, &[(24, 0, 0)], Usual::default());
        assert_eq!(healed.first().map(|(_, level)| *level), Some(Level::Operational));
    }

    #[test]
    fn right_passwords_that_are_refused_stand_out() {
        let usual = Usual { tries: 5_000, good: 4_200, slow_us: 80_000 };
        let judge = |good: u32| {
            let mut detector = Detector::new(component::PASSWORD, Timestamp(0));
            let tick = Tick { served: 10, known: 10, known_good: good, ..Tick::default() };
            (0..12).map(|n| detector.judge(tick, usual, Timestamp(n * TICK.0))).max()
        };
        // And stays so for as long as it lasts.
        let mut lasting = Detector::new(component::PASSWORD, Timestamp(0));
        let good = Tick { served: 10, known: 10, known_good: 8, ..Tick::default() };
        let bad = Tick { known_good: 0, ..good };
        let levels: Vec<Level> =
            (0..120).map(|n| lasting.judge(if n < 60 { good } else { bad }, usual, Timestamp(n * TICK.0))).collect();
        let first = levels.iter().position(|level| *level > Level::Operational).unwrap();
        assert!(first <= 72 && levels[first..].iter().all(|level| *level > Level::Operational), "{levels:?}");
        assert_eq!(judge(8), Some(Level::Operational));
        assert_eq!(judge(4), Some(Level::DegradedPerformance));
        assert_eq!(judge(0), Some(Level::PartialOutage));
    }

    #[test]
    fn trouble_is_not_learned_from() {
        let mut detector = Detector::new(component::PASSWORD, Timestamp(0));
        run(&mut detector, &[(6, 5, 0)], Usual::default());
        assert!(detector.is_calm(Usual::default()));
        run(&mut detector, &[(2, 0, 5)], Usual::default());
        assert!(!detector.is_calm(Usual::default()));
    }

    #[test]
    fn lengths_are_kept_by_class() {
        let mut tick = Tick::default();
        (0..95).for_each(|_| tick.took(50_000));
        (0..5).for_each(|_| tick.took(9_000_000));
        assert_eq!(tick.slow_us(), 65_536);
    }
}

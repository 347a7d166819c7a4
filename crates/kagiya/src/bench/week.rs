//! A week before the detectors of outages: simulated people, and outages among them.

use kagiya_domain::{
    Timestamp,
    component::{DATABASE, Level, OWN, PASSWORD, SESSIONS},
    health::{Detector, TICK, Tick, Usual},
};

use super::report::Report;

/// Ticks of an hour.
const PER_HOUR: usize = 720;

/// A small generator for the simulation: the same week every time (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        #[allow(clippy::cast_precision_loss, reason = "53 bits are enough")]
        let unit = ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0;
        unit
    }

    /// How many come when `mean` are expected (Knuth, for small means).
    fn poisson(&mut self, mean: f64) -> u32 {
        let (limit, mut product, mut count) = ((-mean).exp(), self.next(), 0);
        while product > limit && count < 500 {
            product *= self.next();
            count += 1;
        }
        count
    }
}

/// People in five seconds at an hour of the week: evenings are full, nights nearly empty.
fn expected(hour: usize) -> f64 {
    let of_day = hour % 24;
    let level = match of_day {
        2..=5 => 0.02,
        6..=8 => 0.8,
        19..=23 => 6.0,
        _ => 2.5,
    };
    if hour / 24 >= 5 { level * 1.4 } else { level }
}

/// What a component of ours sees in five seconds of an ordinary week.
fn ordinary(component: &str, chance: &mut Chance, hour: usize, number: usize) -> Tick {
    let mut tick = Tick::default();
    let people = chance.poisson(expected(hour));
    // Backups run at three in the morning: one write in five is slow then.
    let slow = if hour % 24 == 3 { 0.2 } else { 0.01 };
    let timed = |tick: &mut Tick, us: i64| {
        tick.served += 1;
        tick.took(us);
    };
    match component {
        PASSWORD => {
            for _ in 0..people {
                // One in two thousand fails by our fault, as ever.
                if chance.next() < 0.0005 {
                    tick.failed += 1;
                    continue;
                }
                timed(&mut tick, if chance.next() < 0.02 { 400_000 } else { 60_000 });
                if chance.next() < 0.7 {
                    tick.known += 1;
                    tick.known_good += u32::from(chance.next() < 0.86);
                }
            }
        }
        DATABASE => {
            // Five questions of our own, a beat, three writes a sign-in.
            for _ in 0..6 + 3 * people {
                match chance.next() {
                    draw if draw < 0.0002 => tick.failed += 1,
                    draw => timed(&mut tick, if draw < slow { 350_000 } else { 1_500 }),
                }
            }
        }
        SESSIONS => {
            for _ in 0..4 * people {
                timed(&mut tick, if chance.next() < slow { 120_000 } else { 300 });
            }
        }
        _ => {
            // Now and then a receiver puts a mail off; in ten hours of the week one domain is dead.
            let dead = (100..110).contains(&hour) && number.is_multiple_of(12);
            tick.failed += u32::from(dead);
            for _ in 0..chance.poisson(f64::from(people) * 0.15) {
                match chance.next() {
                    draw if draw < 0.01 => tick.failed += 1,
                    draw => timed(&mut tick, if draw < 0.04 { 2_500_000 } else { 300_000 }),
                }
            }
        }
    }
    tick
}

fn learned(component: &str, chance: &mut Chance) -> Vec<Usual> {
    let mut usual = vec![Usual::default(); 168];
    for (hour, usual) in usual.iter_mut().enumerate() {
        let mut whole = Tick::default();
        for number in 0..PER_HOUR {
            whole.add(&ordinary(component, chance, hour, number));
        }
        *usual = Usual { tries: i64::from(whole.known), good: i64::from(whole.known_good), slow_us: whole.slow_us() };
    }
    usual
}

/// One component, a tick at a time.
struct Watch {
    component: &'static str,
    chance: Chance,
    usual: Vec<Usual>,
    detector: Detector,
    now: Timestamp,
}

impl Watch {
    fn new(component: &'static str) -> Self {
        let (mut chance, now) = (Chance(20_261_122), Timestamp(0));
        let usual = learned(component, &mut chance);
        Self { component, chance, usual, detector: Detector::new(component, now), now }
    }

    fn ordinary(&mut self, hour: usize, number: usize) -> Tick {
        ordinary(self.component, &mut self.chance, hour, number)
    }

    /// A probe of our own every 45 seconds, and at once when something looks wrong.
    fn step(&mut self, tick: Tick, well: bool, hour: usize, number: usize) -> Level {
        self.now = self.now.plus(TICK);
        if number.is_multiple_of(9) || self.detector.wants_probe() {
            self.detector.probed(well);
        }
        self.detector.judge(tick, self.usual[hour], self.now)
    }

    /// Alarms in a week without trouble, and how many tries there were.
    fn quiet_week(&mut self) -> (u32, u32) {
        let (mut alarms, mut tries, mut last) = (0, 0, Level::Operational);
        for hour in 0..168 {
            for number in 0..PER_HOUR {
                let tick = self.ordinary(hour, number);
                tries += tick.served + tick.failed;
                let level = self.step(tick, true, hour, number);
                alarms += u32::from(level > last);
                last = level;
            }
        }
        (alarms, tries)
    }
}

/// A week to learn from, a week that must raise no alarm, and an outage in every hour of a third.
pub(super) fn run(report: &mut Report) {
    let mut alarms = 0;
    for component in OWN {
        let (raised, tries) = Watch::new(component).quiet_week();
        alarms += raised;
        report.add_plain(&format!("week_tries_{component}"), f64::from(tries));
    }
    report.add_at_most("week_false_alarms", f64::from(alarms), 0.5);
    let mut watch = Watch::new(PASSWORD);
    let (mut worst_seen, mut worst_over, mut missed) = (0_usize, 0_usize, 0_u32);
    for hour in 0..168 {
        let mut seen = None;
        for number in 0..24 {
            let ordinary = watch.ordinary(hour, number);
            let mut tick = Tick::default();
            tick.failed = ordinary.served + ordinary.failed;
            let level = watch.step(tick, false, hour, number);
            if level.is_out() && seen.is_none() {
                seen = Some(number + 1);
            }
        }
        match seen {
            Some(ticks) => worst_seen = worst_seen.max(ticks),
            None => missed += 1,
        }
        let mut over = PER_HOUR;
        for number in 0..PER_HOUR {
            let tick = watch.ordinary(hour, number);
            if watch.step(tick, true, hour, number) == Level::Operational {
                over = over.min(number + 1);
            }
        }
        worst_over = worst_over.max(over);
    }
    let seconds = |ticks: usize| f64::from(u32::try_from(ticks).unwrap_or(u32::MAX)) * 5.0;
    report.add_plain("week_outages_missed_of_168", f64::from(missed));
    report.add_at_most("week_seen_after_s_at_worst", seconds(worst_seen), 60.0);
    report.add_at_most("week_over_after_s_at_worst", seconds(worst_over), 120.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_week_raises_no_alarm() {
        for component in OWN {
            let (alarms, tries) = Watch::new(component).quiet_week();
            assert_eq!(alarms, 0, "{component}");
            assert!(tries > 10_000, "{component}: {tries}");
        }
    }
}

//! How a provider fares, measured by our own calls to it. Two answers open the door again as
//! carefully as failures shut it.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use kagiya_domain::{Span, Timestamp};

/// What is older says nothing.
const WINDOW: Span = Span::minutes(10);
/// Networks whose failures in a row make a provider shaky.
const SHAKY: usize = 2;
/// Failures in a row that shut its door, one of them seen by a probe of our own; or so many probes.
const DOWN: usize = 3;
const PROBES: usize = 2;
/// A failure on somebody's way back is looked into by a probe, at most one in so long.
const PROBING: Span = Span::seconds(2);
/// Successes in a row that make it well again.
const WELL: usize = 2;
/// While it is down, one person in so long is let through to try.
const HALF_OPEN: Span = Span::seconds(20);
/// Returns within the window of which a share says something.
const ENOUGH: usize = 10;
/// Kept at most.
const MOST: usize = 500;
/// So many of the newest tickets, with two more, refused: that is no matter of persons.
const TICKETS: usize = 6;

/// What came of one call, or of one return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sample {
    /// Somebody came through.
    Good,
    /// It answered a probe as it should. What probes do not reach may still fail.
    Answers,
    /// The provider failed at a probe. Nobody but us can make one.
    Theirs,
    /// The provider failed on somebody's way back, of this network. Whoever travels can bring that
    /// about: by itself it makes nobody's door shut.
    TheySay(String),
    /// The provider refuses us, at a probe.
    Ours,
    /// As `TheySay`, that it refuses us.
    TheySayOurs(String),
    /// The provider refuses the ticket, to one network.
    Ticket(String),
}

/// How a provider fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As always.
    Ok,
    /// Some fail.
    Degraded,
    /// All fail.
    Down,
}

impl State {
    /// `data-state`, and the name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

/// A reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// How it fares.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// Whether the fault is ours: a wrong secret, a wrong address.
    pub ours: bool,
}

#[derive(Debug)]
struct Inner {
    samples: VecDeque<(Timestamp, Sample)>,
    reading: Reading,
    let_through: Timestamp,
    probed: Timestamp,
    /// The provider's own feed says that something is wrong.
    feed: Option<String>,
    /// When somebody came through last, however long ago.
    last_good: Option<Timestamp>,
}

/// The health of one provider, in this process.
#[derive(Debug)]
pub struct Health(Mutex<Inner>);

impl Default for Health {
    fn default() -> Self {
        let reading = Reading { state: State::Ok, since: Timestamp(0), ours: false };
        let never = Timestamp(i64::MIN / 2);
        Self(Mutex::new(Inner {
            samples: VecDeque::new(),
            reading,
            let_through: never,
            probed: never,
            feed: None,
            last_good: None,
        }))
    }
}

impl Health {
    /// Takes a sample; returns the reading when it changed.
    pub fn note(&self, sample: Sample, now: Timestamp) -> Option<Reading> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(sample, Sample::Ticket(_)) {
            // The same network's earlier ticket is worth no more than its last.
            inner.samples.retain(|(_, other)| *other != sample);
        }
        if sample == Sample::Good {
            inner.last_good = Some(now);
        }
        inner.samples.push_back((now, sample));
        if inner.samples.len() > MOST {
            inner.samples.pop_front();
        }
        inner.judge(now)
    }

    /// What the provider's feed says.
    pub fn note_feed(&self, trouble: Option<String>, now: Timestamp) -> Option<Reading> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.feed = trouble;
        inner.judge(now)
    }

    /// How it fares.
    pub fn read(&self, now: Timestamp) -> Reading {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.judge(now);
        inner.reading
    }

    /// Whether a person may be sent there: while it is down, one in a while.
    pub fn lets_through(&self, now: Timestamp) -> bool {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.judge(now);
        if inner.reading.state != State::Down {
            return true;
        }
        if now.since(inner.let_through) < HALF_OPEN {
            return false;
        }
        inner.let_through = now;
        true
    }

    /// Whether a probe should look into a failure now.
    pub fn wants_probe(&self, now: Timestamp) -> bool {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wants = now.since(inner.probed) >= PROBING;
        if wants {
            inner.probed = now;
        }
        wants
    }

    /// Whether people of several networks have failed here since anybody came through.
    pub fn fails_several(&self, now: Timestamp) -> bool {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = inner.samples.iter().rev().take_while(|(at, _)| now.since(*at) < WINDOW).map(|(_, sample)| sample);
        let mut networks: Vec<&str> = fresh
            .take_while(|sample| **sample != Sample::Good)
            .filter_map(|sample| match sample {
                Sample::TheySay(network) | Sample::TheySayOurs(network) | Sample::Ticket(network) => {
                    Some(network.as_str())
                }
                Sample::Good | Sample::Answers | Sample::Theirs | Sample::Ours => None,
            })
            .collect();
        networks.sort_unstable();
        networks.dedup();
        networks.len() >= SHAKY
    }

    /// When somebody came through here last, since this server began.
    pub fn last_good(&self) -> Option<Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last_good
    }

    /// Whether nearly every ticket of several networks is refused.
    pub fn refuses_all_tickets(&self, now: Timestamp) -> bool {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = inner.samples.iter().rev().take_while(|(at, _)| now.since(*at) < WINDOW);
        let told = fresh.filter(|(_, sample)| matches!(sample, Sample::Ticket(_) | Sample::Good)).take(TICKETS + 2);
        told.filter(|(_, sample)| matches!(sample, Sample::Ticket(_))).count() >= TICKETS
    }
}

impl Inner {
    /// Whether half of those who come back fail, though none of it in a row. A network counts once, however often it
    /// fails: nobody talks a provider down.
    fn fails_half(&self) -> bool {
        let (mut good, mut bad) = (0, Vec::new());
        for (_, sample) in &self.samples {
            match sample {
                Sample::Good => good += 1,
                Sample::TheySay(network) | Sample::TheySayOurs(network) => bad.push(network),
                Sample::Answers | Sample::Theirs | Sample::Ours | Sample::Ticket(_) => {}
            }
        }
        bad.sort_unstable();
        bad.dedup();
        let all = good + bad.len();
        all >= ENOUGH && bad.len() * 2 >= all
    }

    fn judge(&mut self, now: Timestamp) -> Option<Reading> {
        while self.samples.front().is_some_and(|(at, _)| now.since(*at) >= WINDOW) {
            self.samples.pop_front();
        }
        let told = |sample: &Sample| !matches!(sample, Sample::Ticket(_));
        let newest = || self.samples.iter().rev().map(|(_, sample)| sample).filter(|sample| told(sample));
        let fine = |sample: &Sample| matches!(sample, Sample::Good | Sample::Answers);
        let goods = newest().take_while(|sample| fine(sample)).count();
        let bads = || newest().take_while(|sample| !fine(sample));
        let failures = bads().count();
        let probes = bads().filter(|sample| matches!(sample, Sample::Theirs | Sample::Ours)).count();
        let mut networks: Vec<&str> = newest()
            .take_while(|sample| **sample != Sample::Good)
            .filter_map(|sample| match sample {
                Sample::TheySay(network) | Sample::TheySayOurs(network) => Some(network.as_str()),
                Sample::Good | Sample::Answers | Sample::Theirs | Sample::Ours | Sample::Ticket(_) => None,
            })
            .collect();
        networks.sort_unstable();
        networks.dedup();
        let shaky = probes > 0 || networks.len() >= SHAKY || self.fails_half();
        let ours = bads().filter(|sample| matches!(sample, Sample::Ours | Sample::TheySayOurs(_))).count();
        let last_bad = newest().any(|sample| !fine(sample));
        let was_down = self.reading.state == State::Down;
        let state = match (failures, goods) {
            (n, _) if probes >= PROBES || (probes > 0 && n >= DOWN) => State::Down,
            // What was down stays down until it was seen to work.
            (n, 0) if was_down && n > 0 => State::Down,
            _ if shaky => State::Degraded,
            (_, n) if n < WELL && last_bad && self.reading.state != State::Ok => State::Degraded,
            _ if self.feed.is_some() => State::Degraded,
            _ => State::Ok,
        };
        let reading = Reading { state, since: self.reading.since, ours: state != State::Ok && ours * 2 > failures };
        if (reading.state, reading.ours) == (self.reading.state, self.reading.ours) {
            return None;
        }
        let from = self.samples.iter().rev().filter(|(_, s)| told(s)).take_while(|(_, s)| !fine(s)).last();
        // Trouble began with the first failure, not with the one that was too many.
        let since = match (state, self.reading.state) {
            (State::Ok, _) => now,
            (_, State::Ok) => from.map_or(now, |(at, _)| *at),
            _ => self.reading.since,
        };
        self.reading = Reading { since, ..reading };
        Some(self.reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(1_000_000_000 + seconds * 1_000)
    }

    #[test]
    fn failures_that_a_probe_confirms_shut_the_door_and_successes_open_it_step_by_step() {
        let health = Health::default();
        assert_eq!(health.note(Sample::TheySay("a".into()), at(0)), None);
        assert!(health.wants_probe(at(0)) && !health.wants_probe(at(1)));
        assert_eq!(health.note(Sample::Theirs, at(1)).map(|r| r.state), Some(State::Degraded));
        let down = health.note(Sample::TheySay("a".into()), at(2)).unwrap();
        assert_eq!((down.state, down.since, down.ours), (State::Down, at(0), false));
        assert!(health.lets_through(at(3)), "the first may try");
        assert!(!health.lets_through(at(4)), "the next may not");
        assert!(health.lets_through(at(30)));
        assert_eq!(health.note(Sample::Good, at(31)).map(|r| r.state), Some(State::Degraded));
        assert_eq!(health.note(Sample::Good, at(32)).map(|r| r.state), Some(State::Ok));
    }

    #[test]
    fn half_of_all_in_turn_is_no_good_share() {
        let health = Health::default();
        let fail = |network: usize| Sample::TheySay(format!("n{network}"));
        for n in 0..4 {
            health.note(Sample::Good, at(n * 10));
            health.note(fail(n as usize), at(n * 10 + 5));
        }
        assert_eq!(health.read(at(40)).state, State::Ok, "eight are few");
        health.note(Sample::Good, at(50));
        assert_eq!(health.note(fail(9), at(55)).map(|reading| reading.state), Some(State::Degraded));
        for n in 0..12 {
            health.note(Sample::Good, at(60 + n));
        }
        assert_eq!(health.read(at(80)).state, State::Ok);
        // The same from one network is that network's.
        let health = Health::default();
        for n in 0..8 {
            health.note(Sample::Good, at(n * 10));
            health.note(fail(1), at(n * 10 + 5));
        }
        assert_eq!(health.read(at(80)).state, State::Ok);
    }

    #[test]
    fn nobody_can_talk_a_provider_down() {
        let health = Health::default();
        for n in 0..20 {
            health.note(Sample::TheySay("203.0.113.0".into()), at(n));
        }
        assert_eq!(health.read(at(21)).state, State::Ok);
        for network in ["198.51.100.0", "192.0.2.0", "192.0.3.0"] {
            health.note(Sample::TheySayOurs(network.into()), at(22));
        }
        assert_eq!(health.read(at(23)).state, State::Degraded);
        health.note(Sample::Good, at(24));
        health.note(Sample::Good, at(25));
        assert_eq!(health.read(at(26)).state, State::Ok);
    }

    #[test]
    fn our_own_fault_is_told_apart_and_old_news_fade() {
        let health = Health::default();
        for n in 0..2 {
            health.note(Sample::Ours, at(n));
        }
        assert_eq!((health.read(at(3)).state, health.read(at(3)).ours), (State::Down, true));
        let later = at(3 + 601);
        assert_eq!(health.read(later).state, State::Ok);
        for n in 0..6 {
            assert_eq!(health.fails_several(later), n >= 2, "one network's trouble is its own");
            health.note(Sample::Ticket(format!("net {n}")), later);
            health.note(Sample::Ticket(format!("net {n}")), later);
        }
        assert_eq!(health.last_good(), None);
        assert!(health.refuses_all_tickets(later));
        assert_eq!(health.read(later).state, State::Ok);
    }
}

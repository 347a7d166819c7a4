//! Who is let to the hashing threads first when all come at once: browsers that have signed in
//! here, then networks from which few fail, then the ones from which most do.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use kagiya_domain::{Span, Timestamp};

use crate::{Visitor, hashing::Lane};

/// What is counted together.
const WINDOW: Span = Span::minutes(5);
/// So many failures more than successes make a network one that fails.
const MANY: i64 = 6;
/// Sources that are remembered at once.
const MOST: usize = 50_000;

/// Failures less successes of late, by network and by device.
#[derive(Debug, Default)]
pub(crate) struct Admission(Mutex<(i64, HashMap<String, i64>)>);

fn names(visitor: &Visitor) -> impl Iterator<Item = String> {
    let network = Some(format!("n{}", visitor.network_counter()));
    let device = visitor.device_key.map(|key| format!("d{key:02x?}"));
    network.into_iter().chain(device)
}

impl Admission {
    /// The lane of whoever asks. It depends on the browser and the network, never on an account.
    pub(crate) fn lane(&self, visitor: &Visitor, now: Timestamp) -> Lane {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = now.0 / WINDOW.0;
        if counts.0 != window {
            // Half of what was is remembered: a flood does not become new every few minutes.
            counts.0 = window;
            counts.1.retain(|_, count| {
                *count /= 2;
                *count != 0
            });
        }
        let fails = |name: &String| counts.1.get(name).is_some_and(|count| *count >= MANY);
        let mut names = names(visitor);
        let (network, device) = (names.next(), names.next());
        match device {
            // A browser that is known keeps its lane in a network where others fail.
            Some(device) if !fails(&device) => Lane::Known,
            Some(_) => Lane::Failing,
            None if network.as_ref().is_some_and(fails) => Lane::Failing,
            None => Lane::New,
        }
    }

    /// Counts how a try ended.
    pub(crate) fn note(&self, visitor: &Visitor, succeeded: bool) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names(visitor) {
            // However many come, none that is known is forgotten for them.
            if counts.1.len() >= MOST && !counts.1.contains_key(&name) {
                continue;
            }
            let count = counts.1.entry(name).or_default();
            *count = if succeeded { (*count - 1).max(-MANY) } else { (*count + 1).min(MANY * 16) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fails_waits_behind_who_does_not() {
        let admission = Admission::default();
        let now = Timestamp(WINDOW.0 * 100);
        let stranger = Visitor { address: "192.0.2.1".parse().ok(), ..Visitor::nobody(kagiya_text::Lang::Ja) };
        let known = Visitor { device_key: Some([1; 16]), ..stranger.clone() };
        assert_eq!((admission.lane(&stranger, now), admission.lane(&known, now)), (Lane::New, Lane::Known));
        (0..MANY).for_each(|_| admission.note(&stranger, false));
        // The same network, but a browser that is known.
        assert_eq!((admission.lane(&stranger, now), admission.lane(&known, now)), (Lane::Failing, Lane::Known));
        (0..MANY).for_each(|_| admission.note(&known, false));
        assert_eq!(admission.lane(&known, now), Lane::Failing);
        let later = now.plus(WINDOW).plus(WINDOW);
        assert_eq!(admission.lane(&known, later), Lane::Known);
    }
}

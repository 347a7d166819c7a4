//! Who is let to the hashing threads first when all come at once: browsers that have signed in
//! here, then networks from which few fail, then the ones from which most do.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use kagiya_domain::{Span, Timestamp, network};

use crate::{Visitor, password::hashing::Lane};

/// What is counted together.
const WINDOW: Span = Span::minutes(5);
/// So many failures more than successes make a network one that fails.
const MANY: i64 = 6;
/// Sources that are remembered at once.
const MOST: usize = 50_000;

/// Failures less successes of late, by network and by device.
#[derive(Debug, Default)]
pub(crate) struct Admission(Mutex<(i64, HashMap<String, i64>)>);

/// Whoever has a whole network of networks (IPv4 /24, IPv6 /48) fails so many times as often before all of it waits.
const WIDER: i64 = 8;

/// The networks of whoever asks, and from how many failures on each waits; then the browser, where it is known.
struct Sources {
    networks: Vec<(String, i64)>,
    device: Option<String>,
}

impl Sources {
    fn of(visitor: &Visitor) -> Self {
        let wider = visitor.address.map(|address| (format!("n{}", network::shortened(address)), MANY * WIDER));
        Self {
            networks: [Some((format!("n{}", visitor.network_counter()), MANY)), wider].into_iter().flatten().collect(),
            device: visitor.device_key.map(|key| format!("d{key:02x?}")),
        }
    }
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
        let fails = |name: &String, many: i64| counts.1.get(name).is_some_and(|count| *count >= many);
        let sources = Sources::of(visitor);
        match &sources.device {
            // A browser that is known keeps its lane in a network where others fail.
            Some(device) if !fails(device, MANY) => Lane::Known,
            Some(_) => Lane::Failing,
            None if sources.networks.iter().any(|(network, many)| fails(network, *many)) => Lane::Failing,
            None => Lane::New,
        }
    }

    /// Counts how a try ended.
    pub(crate) fn note(&self, visitor: &Visitor, succeeded: bool) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sources = Sources::of(visitor);
        for (name, many) in sources.networks.into_iter().chain(sources.device.map(|device| (device, MANY))) {
            // However many come, none that is known is forgotten for them.
            if counts.1.len() >= MOST && !counts.1.contains_key(&name) {
                continue;
            }
            let count = counts.1.entry(name).or_default();
            *count = if succeeded { (*count - 1).max(-many) } else { (*count + 1).min(many * 16) };
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

    #[test]
    fn whoever_has_a_network_of_networks_is_not_new_in_each() {
        let admission = Admission::default();
        let now = Timestamp(WINDOW.0 * 100);
        let at = |n: u16, site: u16| Visitor {
            address: Some(std::net::Ipv6Addr::new(0x2001, 0xdb8, site, n, 0, 0, 0, 1).into()),
            ..Visitor::nobody(kagiya_text::Lang::Ja)
        };
        (0..100).for_each(|n| admission.note(&at(n, 1), false));
        assert_eq!(admission.lane(&at(1_000, 1), now), Lane::Failing);
        assert_eq!(admission.lane(&at(1_000, 2), now), Lane::New);
    }
}

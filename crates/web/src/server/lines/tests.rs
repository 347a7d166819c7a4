//! Places and deadlines, without a connection.

use super::*;

fn at(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn the_longest_silent_makes_room() {
    let lines = Lines::new(Limits { connections: 3, per_network: 2 }, &[]);
    let first = lines.admit(at("192.0.2.1"), 1).unwrap();
    let second = lines.admit(at("192.0.2.2"), 2).unwrap();
    let busy = first.seat.begin(3).unwrap();
    let third = lines.admit(at("192.0.2.3"), 4).unwrap();
    let fourth = lines.admit(at("192.0.2.4"), 5).unwrap();
    // The first has a request under way.
    assert!(second.seat.line.is_gone());
    assert_eq!(lines.count(), 3);
    drop((busy, first, second, third, fourth));
    assert_eq!(lines.count(), 0);
    assert_eq!(lines.under_way.load(Ordering::Relaxed), 0);
}

#[test]
fn a_network_has_a_limit_and_a_proxy_has_none() {
    let lines = Lines::new(Limits { connections: 10, per_network: 2 }, &["10.0.0.0/8".parse().unwrap()]);
    let held: Vec<Place> = (0..5).map(|n| lines.admit(at("10.0.0.1"), n).unwrap()).collect();
    let one = lines.admit(at("192.0.2.1"), 6).unwrap();
    let two = lines.admit(at("192.0.2.1"), 7).unwrap();
    let (_one, _two) = (one.seat.begin(8).unwrap(), two.seat.begin(8).unwrap());
    assert!(lines.admit(at("192.0.2.1"), 9).is_none(), "both are at work");
    assert_eq!(lines.count(), held.len() + 2);
}

#[test]
fn deadlines_reach_every_state() {
    let lines = Lines::new(Limits::default(), &[]);
    let silent = lines.admit(at("192.0.2.1"), 0).unwrap();
    let idle = lines.admit(at("192.0.2.1"), 0).unwrap();
    idle.seat.begin(0).unwrap().end(1);
    let slow = lines.admit(at("192.0.2.1"), 0).unwrap();
    let _request = slow.seat.begin(0).unwrap();
    let deaf = lines.admit(at("192.0.2.1"), 0).unwrap();
    let _answer = deaf.seat.begin(0).unwrap();
    deaf.seat.line.waits(true, || 1);
    for (now, left) in [(FIRST_HEAD, 4), (FIRST_HEAD + 2, 2), (REQUEST + 1, 1), (IDLE + 2, 0)] {
        lines.sweep(now);
        assert_eq!(lines.count(), left, "at {now}");
    }
    assert!(silent.seat.line.is_gone());
}

#[test]
fn what_all_hold_together_is_bounded() {
    let lines = Lines::new(Limits::default(), &[]);
    let one = lines.admit(at("192.0.2.1"), 0).unwrap();
    assert!(one.read(FREE_BYTES) && one.read(HELD_BYTES));
    let two = lines.admit(at("192.0.2.2"), 0).unwrap();
    assert!(two.read(FREE_BYTES));
    assert!(!two.read(1));
    drop(one);
    assert!(two.read(1));
    drop(two);
    assert_eq!(lines.held.load(Ordering::Relaxed), 0);
}

#[test]
fn a_line_with_many_requests_holds_no_more_for_each_that_was_answered() {
    let lines = Lines::new(Limits::default(), &[]);
    let place = lines.admit(at("192.0.2.1"), 0).unwrap();
    let _open = place.seat.begin(0).unwrap();
    for n in 0..2_000 {
        let request = place.seat.begin(n).unwrap();
        assert!(place.read(20_000), "request {n}");
        request.end(n);
    }
    drop((_open, place));
    assert_eq!((lines.held.load(Ordering::Relaxed), lines.under_way.load(Ordering::Relaxed)), (0, 0));
}

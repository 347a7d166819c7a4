//! Laws that hold for everything that can come, not for examples.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use kagiya_domain::{
    Audience, Evidence, Span, Timestamp,
    diagnosis::diagnose,
    login::Login,
    login_id::{LoginId, Skeleton},
    return_to::ReturnTo,
    throttle::{Admission, Budgets, Counter, RESERVATION_LIFE, Scope},
};
use proptest::{collection::vec, prelude::*, sample::subsequence};
use serde_json::json;

/// One fact of every kind, made from what the reader of facts says that it misses.
fn facts() -> Vec<Evidence> {
    let names = serde_json::from_value::<Evidence>(json!({ "fact": "no such fact" })).unwrap_err().to_string();
    let names: Vec<String> = names.split('`').skip(3).step_by(2).map(str::to_owned).collect();
    assert!(names.len() > 100, "{names:?}");
    names.iter().map(|name| fact(name)).collect()
}

fn fact(name: &str) -> Evidence {
    let mut told = json!({ "fact": name });
    let mut last = String::new();
    for _ in 0..40 {
        let error = match serde_json::from_value::<Evidence>(told.clone()) {
            Ok(fact) => return fact,
            Err(error) => error.to_string(),
        };
        let words: Vec<&str> = error.split('`').collect();
        if error.starts_with("missing field") {
            words[1].clone_into(&mut last);
            told[&last] = json!(7);
        } else if error.starts_with("unknown variant") {
            told[&last] = json!(words[3]);
        } else if error.contains("boolean") {
            told[&last] = json!(true);
        } else {
            told[&last] = json!("x");
        }
    }
    panic!("{name}: {told}")
}

/// What destinations are made of that lead elsewhere.
const PIECES: [&str; 22] = [
    "/",
    "/",
    "//",
    "\\",
    "a",
    "evil.example",
    ".",
    "..",
    ":",
    "@",
    "?",
    "#",
    ";",
    "%2f",
    "%5c",
    "%09",
    "\t",
    " ",
    "https:",
    "鍵",
    "\u{3002}",
    "\u{ff0f}",
];

/// A verdict as it is told: with the names of the facts that speak for it, not with their places.
fn told(evidence: &[Evidence], audience: Audience) -> (kagiya_domain::diagnosis::Verdict, Vec<Vec<&'static str>>) {
    let mut verdict = diagnose(evidence, audience);
    let mut names = Vec::new();
    for candidate in &mut verdict.candidates {
        for places in [&mut candidate.because, &mut candidate.against] {
            names.push(places.drain(..).map(|place| evidence[place].key()).collect());
        }
    }
    (verdict, names)
}

const AUDIENCES: [Audience; 5] =
    [Audience::Anyone, Audience::Browser, Audience::KnownDevice, Audience::Owner, Audience::Staff];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is known of an account, who may not hear it is told as if it were not known (ASVS 6.3.8).
    #[test]
    fn what_nobody_may_hear_changes_nothing_of_what_they_are_told(
        some in subsequence(facts(), 0..12),
        audience in subsequence(AUDIENCES.to_vec(), 1),
    ) {
        let audience = audience[0];
        let heard: Vec<Evidence> = some.iter().filter(|fact| audience.may_hear(fact.tier())).cloned().collect();
        prop_assert_eq!(told(&some, audience), told(&heard, audience));
    }

    /// A destination stays at the origin that it was given to, whatever a browser makes of it.
    #[test]
    fn a_destination_never_leaves_the_origin(pieces in vec(subsequence(PIECES.to_vec(), 1), 0..6), rest in ".{0,20}") {
        let typed = pieces.concat().concat();
        let origin = url::Url::parse("https://login.example.jp").unwrap();
        for text in [typed.clone(), format!("/{typed}"), format!("/{typed}{rest}"), rest] {
            for to in [ReturnTo::parse(&text), ReturnTo::parse_own(&text)].into_iter().flatten() {
                let joined = origin.join(to.as_str()).unwrap();
                prop_assert_eq!(joined.origin(), origin.origin(), "{}", to.as_str());
                // As a header it is one line of plain letters.
                prop_assert!(to.as_str().bytes().all(|byte| byte.is_ascii_graphic()), "{}", to.as_str());
                // What is kept is taken again as it is.
                prop_assert_eq!(ReturnTo::parse_own(to.as_str()), Some(to));
            }
        }
    }

    /// What is typed as a login is read without surprise: space around it is none of it, and two spellings of one ID
    /// are one.
    #[test]
    fn spellings_of_one_login_are_one(typed in ".{0,60}") {
        let (login, _) = Login::parse(&typed);
        let (spaced, _) = Login::parse(&format!(" \u{3000}{typed}\n"));
        prop_assert_eq!(spaced.canonical(), login.canonical());
        if let Ok(id) = LoginId::parse(&typed) {
            let skeleton = id.skeleton();
            let again = Skeleton::of(id.as_str());
            prop_assert_eq!(skeleton.as_str(), again.as_str());
            let shouted = Skeleton::of(&id.as_str().to_uppercase());
            prop_assert_eq!(shouted.as_str(), skeleton.as_str());
        }
    }

    /// A budget is never exceeded, whoever asks in whatever order, and never lost for longer than a reservation lives.
    #[test]
    fn a_budget_is_neither_exceeded_nor_lost(acts in vec((0..6_u8, 0..40_000_i64), 1..200), budget in 1..6_i64) {
        let budgets = Budgets { strangers: budget, ..Budgets::default() };
        let (mut counter, mut now) = (Counter::default(), Timestamp(1_000_000));
        // Tries in flight, and wrong ones since the last lock.
        let (mut flying, mut wrong) = (0_i64, 0_i64);
        for (act, pause) in acts {
            now = now.plus(Span(if act == 5 { pause * 100 } else { pause / 40 }));
            let at = counter.at(now);
            // What was never settled frees itself; a day of quiet forgets.
            (flying, wrong) = (flying.min(at.pending), if at.failures == 0 { 0 } else { wrong });
            match act {
                0 | 1 | 5 => {
                    let before = counter;
                    match counter.reserve(budget, now) {
                        Admission::Reserved => {
                            prop_assert!(now >= before.locked_until, "nothing is looked at during a lock");
                            flying += 1;
                            prop_assert!(wrong + flying <= budget, "{wrong} wrong, {flying} in flight, of {budget}");
                        }
                        Admission::Busy => prop_assert!(wrong + flying >= budget, "kept waiting for nothing"),
                        Admission::Locked(until) => prop_assert!(until > now),
                    }
                }
                2 | 3 if flying > 0 => {
                    flying -= 1;
                    let repeat = act == 3;
                    wrong += i64::from(!repeat);
                    let locked = counter.fail(repeat, Scope::Strangers, &budgets, now);
                    prop_assert_eq!(locked.is_some(), !repeat && wrong == budget);
                    if let Some(until) = locked {
                        prop_assert!(until.since(now) >= budgets.first_wait);
                        wrong = 0;
                    }
                }
                4 if flying > 0 => {
                    flying -= 1;
                    counter.release(now);
                }
                _ => {}
            }
            prop_assert!(counter.pending >= 0 && (0..budget).contains(&counter.failures));
        }
        // Nothing is lost: when the lock and the longest reservation are over, a try is looked at.
        let later = counter.locked_until.max(now).plus(RESERVATION_LIFE);
        prop_assert_eq!(counter.reserve(budget, later), Admission::Reserved);
    }
}

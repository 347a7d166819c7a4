//! A mailed code is spent once, whoever types it where, in whatever order, and however many at once: a model of what may
//! be taken, beside the server, over schedules drawn at random.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use kagiya_domain::Span;
use kagiya_testkit::{Answer, Browser, TestServer};
use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

/// Schedules on each database.
const SCHEDULES: usize = 12;

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// A browser asks for a code.
    Ask(usize),
    /// Some type a code at the same moment: one that was mailed, counted from the newest, or one that was not.
    Type(Vec<(usize, Option<usize>)>),
    /// Minutes pass.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let typed = (0..3_usize, prop_oneof![4 => (0..3_usize).prop_map(Some), 1 => Just(None)]);
    prop_oneof![
        3 => (0..2_usize).prop_map(Step::Ask),
        5 => vec(typed, 1..5).prop_map(Step::Type),
        1 => (1..7_i64).prop_map(Step::Wait),
    ]
}

/// Three browsers: two that ask, and one that types what others were sent.
struct People {
    browsers: Vec<Browser>,
    forms: Vec<Option<Answer>>,
}

fn mailed(server: &TestServer) -> Vec<String> {
    let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
    let letters = server.letters("hana@example.jp");
    letters.iter().filter_map(|letter| letter.text.lines().find(is_code).map(str::to_owned)).collect()
}

/// How many codes were taken.
async fn run(server: &TestServer, schedule: &[Step]) -> usize {
    let mut people =
        People { browsers: (0..3).map(|_| server.browser()).collect(), forms: (0..3).map(|_| None).collect() };
    let before = mailed(server).len();
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut sent_at: Vec<i64> = Vec::new();
    for step in schedule {
        match step {
            Step::Ask(who) => {
                let sent = people.browsers[*who].submit("/unlock", &[("login", "hana")]).await;
                server.deliver().await;
                sent_at.resize(mailed(server).len() - before, server.app.now().0);
                people.forms[*who] = match sent.location {
                    Some(place) => Some(people.browsers[*who].get(&place).await),
                    None => None,
                };
            }
            Step::Wait(minutes) => server.advance(Span::minutes(*minutes)),
            Step::Type(typed) => {
                let codes = mailed(server).split_off(before);
                let mut presses = Vec::new();
                for (who, which) in typed {
                    let code = which.and_then(|back| codes.iter().rev().nth(back).cloned());
                    let form = match &people.forms[*who] {
                        Some(form) => form.hidden("/unlock/code"),
                        None => people.browsers[*who].get("/unlock/code").await.hidden("/unlock/code"),
                    };
                    let mut fields = form;
                    fields.insert("login".into(), "hana".into());
                    fields.insert("code".into(), code.clone().unwrap_or_else(|| "000000".to_owned()));
                    let mut browser = server.browser();
                    browser.cookies.clone_from(&people.browsers[*who].cookies);
                    presses.push(async move { (code, browser.post("/unlock/code", &fields).await) });
                }
                for (code, answer) in join_all(presses).await {
                    if answer.status != 303 {
                        continue;
                    }
                    let code = code.unwrap_or_else(|| panic!("a code that nobody was sent was taken: {schedule:?}"));
                    let count = taken.entry(code.clone()).or_default();
                    *count += 1;
                    assert_eq!(*count, 1, "{code} was taken twice: {schedule:?}");
                    let place = codes.iter().rposition(|mailed| *mailed == code).unwrap();
                    let age = server.app.now().0 - sent_at[place];
                    assert!(age < Span::minutes(10).0, "{code} was taken {age} ms after it was sent: {schedule:?}");
                }
            }
        }
    }
    assert!(taken.len() <= sent_at.len());
    // The next schedule begins with nothing under way, and no budget used up.
    server.advance(Span::hours(25));
    taken.len()
}

#[tokio::test]
async fn a_code_is_taken_once_under_any_schedule() {
    let mut servers = vec![TestServer::start().await];
    servers.extend(TestServer::start_on_postgres().await);
    for server in servers {
        server.member("hana", "correct horse battery").await;
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
        let mut taken = 0;
        for _ in 0..SCHEDULES {
            let mut schedule = vec![Step::Ask(0)];
            schedule.extend(vec(step(), 4..14).new_tree(&mut runner).unwrap().current());
            // The plain case in each: whoever asked types what came.
            schedule.push(Step::Wait(2));
            schedule.push(Step::Ask(1));
            schedule.push(Step::Type(vec![(1, Some(0))]));
            taken += run(&server, &schedule).await;
        }
        assert!(taken >= SCHEDULES / 2, "{taken} codes were taken at all");
        server.deliver().await;
        server.end().await;
    }
}

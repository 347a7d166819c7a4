//! What the other suites do not name: states, staff, mailboxes, findings, destinations, what is swept, what is shifted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::let_and_return, missing_docs)]

use crate::both::{NOW, member, new_session, on_both, read, write};
use futures_util::FutureExt;
use kagiya_domain::{
    Span, Timestamp,
    account::AccountState,
    act::{Act, FlowKind},
    mail::MailKind,
    role::{Role, Roles},
    setup::SetupFault,
};
use kagiya_store::{
    account, ageing,
    attempt::{self, Attempt},
    device, email, finding,
    flow::{self, Flow},
    outbox, server, session, throttle,
};
use uuid::Uuid;

#[tokio::test]
async fn states_move_from_where_they_are_and_staff_are_the_active_with_a_role() {
    on_both(|store| {
        async move {
            let (hana, taro) = (member(store, "hana").await, member(store, "taro").await);
            let (active, dormant) = (AccountState::Active, AccountState::Dormant);
            assert!(!write!(store, |conn| account::move_state(conn, hana, dormant, active, NOW)), "it is not dormant");
            assert!(write!(store, |conn| account::move_state(conn, hana, active, dormant, NOW)));
            for id in [hana, taro] {
                let support = Roles::default().with(Role::Support);
                write!(store, |conn| account::set_roles(conn, id, &Roles::default(), &support, NOW));
            }
            let staff = account::staff(&mut read(store).await).await.unwrap();
            assert_eq!(staff.iter().map(|one| one.login_id.as_str()).collect::<Vec<_>>(), ["taro"]);
            let support = Roles::default().with(Role::Support);
            write!(store, |conn| account::set_roles(conn, taro, &support, &Roles::default(), NOW));
            assert!(account::staff(&mut read(store).await).await.unwrap().is_empty());
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn a_mailbox_in_doubt_is_closed_and_opened() {
    on_both(|store| {
        async move {
            let hana = member(store, "hana").await;
            let closed =
                || async move { email::of_account(&mut read(store).await, hana).await.unwrap()[0].closed_since };
            for open_all in [false, true] {
                write!(store, |conn| email::set_closed(conn, hana, "hana@example.jp", Some(NOW)));
                assert_eq!(closed().await, Some(NOW.0));
                write!(store, |conn| email::open_one(conn, hana, "other@example.jp"));
                assert_eq!(closed().await, Some(NOW.0), "another mailbox");
                if open_all {
                    write!(store, |conn| email::open_all(conn, hana));
                } else {
                    write!(store, |conn| email::open_one(conn, hana, "hana@example.jp"));
                }
                assert_eq!(closed().await, None);
            }
        }
        .boxed()
    })
    .await;
}

fn row(n: u128, outcome: &str, account: Option<Uuid>) -> Attempt {
    Attempt {
        id: Uuid::from_u128(n),
        reference: format!("AAAA-{n:04}"),
        created_at: NOW.0 + i64::try_from(n).unwrap(),
        kind: Act::SignIn,
        outcome: outcome.into(),
        account_id: account,
        subject_key: Some(vec![3; 16]),
        browser_key: Some(vec![1; 16]),
        network: format!("net-{n}"),
        browser: "{}".into(),
        evidence: "[]".into(),
        cause: String::new(),
        told: String::new(),
        repairs: String::new(),
        slices: String::new(),
        advised: String::new(),
        pending_until: None,
        resolved_at: None,
        resolved_by: None,
    }
}

#[tokio::test]
async fn attempts_are_found_by_whom_they_are_about_and_strangers_are_kept_to_a_number() {
    on_both(|store| {
        async move {
            let hana = member(store, "hana").await;
            for (n, outcome, account) in
                [(1, "signed_in", Some(hana)), (2, "refused", Some(hana)), (3, "signed_in", Some(hana))]
            {
                write!(store, |conn| attempt::insert(conn, &row(n, outcome, account)));
            }
            for n in 4..=8 {
                write!(store, |conn| attempt::insert(conn, &row(n, "refused", None)));
            }
            let mut conn = read(store).await;
            assert_eq!(attempt::home_networks(&mut conn, hana, NOW).await.unwrap(), ["net-3", "net-1"]);
            let of = attempt::of_subject(&mut conn, &[3; 16], NOW.plus(Span(2)), NOW.plus(Span(4))).await.unwrap();
            assert_eq!(of.iter().map(|row| row.id.as_u128()).collect::<Vec<_>>(), [2, 3, 4]);
            let recent = attempt::recent_of_browser(&mut conn, &[1; 16], NOW.plus(Span(6))).await.unwrap();
            assert_eq!(recent.iter().map(|row| row.network.as_str()).collect::<Vec<_>>(), ["net-8", "net-7"]);
            drop(conn);
            // The newest and two more are kept; what is somebody's is not touched.
            assert_eq!(write!(store, |conn| attempt::sweep_anonymous(conn, 2, 100)), 2);
            let left = attempt::of_subject(&mut read(store).await, &[3; 16], NOW, NOW.plus(Span(9))).await.unwrap();
            assert_eq!(left.iter().map(|row| row.id.as_u128()).collect::<Vec<_>>(), [1, 2, 3, 6, 7, 8]);
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn a_finding_is_new_once_and_again_when_it_was_gone() {
    on_both(|store| {
        async move {
            let (fault, hour) = (SetupFault::KeysDiffer, Span::hours(1));
            let note = |detail: &'static str, now: kagiya_domain::Timestamp| async move {
                write!(store, |conn| finding::note(conn, fault, detail, now.minus(hour), now))
            };
            assert!(note("one", NOW).await);
            assert!(!note("two", NOW.plus(Span::minutes(5))).await);
            let found = finding::since(&mut read(store).await, NOW).await.unwrap();
            assert_eq!((found.len(), found[0].detail.as_str(), found[0].first_at), (1, "two", NOW.0));
            assert!(note("three", NOW.plus(Span::hours(3))).await, "it was gone for long");
            let found = finding::since(&mut read(store).await, NOW.plus(Span::hours(3))).await.unwrap();
            assert!(found.is_empty());
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn a_destination_comes_along_to_a_flow_that_has_none() {
    on_both(|store| {
        async move {
            let flow = |n: u128, to: Option<&str>| Flow {
                id: Uuid::from_u128(n),
                created_at: NOW.0,
                expires_at: NOW.plus(Span::hours(1)).0,
                lang: "ja".into(),
                typed: "hana".into(),
                return_to: to.map(str::to_owned).into(),
                ..Flow::of(FlowKind::Recover)
            };
            for (n, to) in [(1, Some("/here")), (2, None), (3, Some("/own"))] {
                let new = flow(n, to);
                write!(store, |conn| flow::insert(conn, &new));
            }
            for n in 1..=3 {
                let asked = Uuid::from_u128(1);
                write!(store, |conn| flow::take_destination(conn, Uuid::from_u128(n), asked));
                let found = flow::find(&mut read(store).await, Uuid::from_u128(n)).await.unwrap().unwrap();
                let expected = if n == 3 { "/own" } else { "/here" };
                assert_eq!((found.kind, found.return_to.kept().as_deref()), (FlowKind::Recover, Some(expected)), "{n}");
            }
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn time_passes_for_the_bench_and_old_things_go() {
    on_both(|store| {
        async move {
            let hana = member(store, "hana").await;
            write!(store, |conn| session::insert(conn, &new_session(hana, 1), NOW));
            write!(store, |conn| device::remember(conn, hana, &[9; 16], NOW));
            assert_eq!(write!(store, |conn| device::sweep(conn, NOW)), 0);
            assert_eq!(write!(store, |conn| device::sweep(conn, NOW.plus(Span(1)))), 1);
            assert_eq!(session::count(&mut read(store).await, NOW.plus(Span::minutes(50))).await.unwrap(), 1);
            let lives = async |at: Timestamp| session::lives_since(&mut read(store).await, hana, at).await.unwrap();
            assert!(lives(NOW).await);
            assert!(!lives(NOW.plus(Span(1))).await, "another sign-in's");
            write!(store, |conn| ageing::shift(conn, Span::minutes(30)));
            assert!(!lives(NOW).await && lives(NOW.minus(Span::minutes(30))).await);
            assert_eq!(session::count(&mut read(store).await, NOW.plus(Span::minutes(50))).await.unwrap(), 0);
            // Renewed, a value counts from now.
            assert!(write!(store, |conn| throttle::note_wrong_value(conn, &[5; 16], NOW)));
            assert_eq!(throttle::found(&mut read(store).await, &[5; 16]).await.unwrap(), None, "not looked into yet");
            write!(store, |conn| throttle::keep_found(conn, &[5; 16], "[]"));
            assert_eq!(throttle::found(&mut read(store).await, &[5; 16]).await.unwrap().as_deref(), Some("[]"));
            write!(store, |conn| throttle::renew_wrong_value(conn, &[5; 16], NOW.plus(Span::hours(30))));
            write!(store, |conn| throttle::sweep_wrong_values(conn, NOW.plus(Span::hours(40))));
            assert!(!write!(store, |conn| throttle::note_wrong_value(conn, &[5; 16], NOW.plus(Span::hours(40)))));
            let clock = server::clock(&mut read(store).await).await.unwrap();
            assert_eq!(clock.is_some(), store.kind() == "postgres", "SQLite has none but ours");
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn a_mail_of_another_release_keeps_no_other_waiting() {
    on_both(|store| {
        async move {
            for (n, kind) in [(1, MailKind::Unknown), (2, MailKind::Welcome)] {
                let mail = outbox::NewMail {
                    id: Uuid::from_u128(n),
                    kind,
                    account_id: None,
                    flow_id: None,
                    address: None,
                    data: "{}".into(),
                    lang: "ja".into(),
                    patience: Span::hours(1),
                    network: None,
                    behind: Span(0),
                    wait: Span(0),
                };
                write!(store, |conn| outbox::enqueue(conn, &mail, NOW));
            }
            let leased = write!(store, |conn| outbox::lease(conn, 9, NOW.plus(Span::seconds(30)), NOW));
            assert_eq!(leased.iter().map(|mail| mail.id.as_u128()).collect::<Vec<_>>(), [2]);
            assert_eq!(MailKind::from("a mail of tomorrow".to_owned()), MailKind::Unknown);
        }
        .boxed()
    })
    .await;
}

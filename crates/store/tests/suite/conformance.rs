//! Every store function on both databases: what one does, the other does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::let_and_return, missing_docs)]
#![allow(clippy::too_many_lines)]

use crate::both::{NOW, member, new_session, on_both, read, write};
use futures_util::FutureExt;
use kagiya_domain::{
    Span, Timestamp,
    account::AccountState,
    act::{Act, FlowKind},
    audit::{Actor, Event, Line},
    email::EmailAddress,
    mail::MailKind,
    role::{Role, Roles},
    session::EndReason,
    throttle::Counter,
};
use kagiya_store::{
    Conn, Error, Location, Store, account, attempt, audit, code, delivery, device, email, flow, outbox, password,
    server, session, throttle,
};
use sqlx::{Connection, Executor};
use uuid::Uuid;

#[tokio::test]
async fn accounts_are_found_by_every_name_and_once() {
    on_both(|store| {
        async move {
            let id = member(store, "hana").await;
            assert!(!write!(store, |conn| account::insert(conn, Uuid::new_v4(), "hana2", "hana", "ja", NOW)));
            let other = EmailAddress::parse("HANA@example.jp").unwrap();
            assert!(!write!(store, |conn| email::insert(conn, id, &other, false, NOW)), "one account an address");
            let mut conn = read(store).await;
            let found = account::find_by_skeleton(&mut conn, "hana").await.unwrap().unwrap();
            assert_eq!((found.id, found.state, found.created_at), (id, AccountState::Active, NOW));
            assert_eq!(account::find_by_email(&mut conn, "hana@example.jp").await.unwrap().unwrap().id, id);
            assert_eq!(account::find(&mut conn, id).await.unwrap().unwrap().login_id, "hana");
            assert!(account::find_by_skeleton(&mut conn, "nobody").await.unwrap().is_none());
            let credential = account::credential_by_skeleton(&mut conn, "hana").await.unwrap().unwrap();
            assert_eq!((credential.phc.as_deref(), credential.set_at), (Some("phc-1"), Some(NOW)));
            let credential = account::credential_by_email(&mut conn, "hana@example.jp").await.unwrap().unwrap();
            assert_eq!(credential.account.id, id);
            assert_eq!(account::count(&mut conn).await.unwrap(), 1);
            assert_eq!(account::list(&mut conn, "", 10).await.unwrap().len(), 1);
            assert!(account::list(&mut conn, "hana", 10).await.unwrap().is_empty());
            drop(conn);
            assert!(write!(store, |conn| account::note_sign_in(conn, id, 1, NOW)));
            write!(store, |conn| account::bump_version(conn, id));
            assert!(
                !write!(store, |conn| account::note_sign_in(conn, id, 1, NOW)),
                "an old credential no longer counts"
            );
            let roles = Roles::default().with(Role::Support).with(Role::Operator);
            let given = roles.clone();
            let none = Roles::default();
            assert!(write!(store, |conn| account::set_roles(conn, id, &none, &given, NOW)));
            let (none, given) = (Roles::default(), roles.clone());
            assert!(!write!(store, |conn| account::set_roles(conn, id, &none, &given, NOW)), "it has others by now");
            write!(store, |conn| account::set_lang(conn, id, "en"));
            let found = account::find(&mut read(store).await, id).await.unwrap().unwrap();
            assert_eq!(
                (found.roles == roles, found.staff_since, found.lang.as_str(), found.credential_version),
                (true, Some(NOW), "en", 2)
            );
            assert_eq!(write!(store, |conn| account::put_to_sleep(conn, NOW.plus(Span::days(1)), NOW)), 1);
            assert!(write!(store, |conn| account::set_state(conn, id, AccountState::Closed, NOW)));
            let later = NOW.plus(Span::days(31));
            assert_eq!(account::closed_before(&mut read(store).await, later, 10).await.unwrap(), [id]);
            write!(store, |conn| account::forget(conn, id));
            assert!(email::of_account(&mut read(store).await, id).await.unwrap().is_empty());
            assert!(
                !write!(store, |conn| account::insert(conn, Uuid::new_v4(), "hana", "hana", "ja", NOW)),
                "never again"
            );
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn addresses_have_one_primary_that_cannot_be_removed() {
    on_both(|store| {
        async move {
            let id = member(store, "hana").await;
            let second = EmailAddress::parse("second@example.jp").unwrap();
            assert!(write!(store, |conn| email::insert(conn, id, &second, false, NOW)));
            assert!(!write!(store, |conn| email::remove(conn, id, "hana@example.jp")));
            assert!(write!(store, |conn| email::make_primary(conn, id, "second@example.jp", NOW)));
            assert!(!write!(store, |conn| email::make_primary(conn, id, "other@example.jp", NOW)));
            let list = email::of_account(&mut read(store).await, id).await.unwrap();
            assert_eq!(list.iter().map(|e| e.primary_since.is_some()).collect::<Vec<_>>(), [true, false]);
            assert_eq!(list[0].address, "second@example.jp");
            assert!(write!(store, |conn| email::remove(conn, id, "hana@example.jp")));
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn the_last_three_passwords_are_kept() {
    on_both(|store| {
        async move {
            let id = member(store, "hana").await;
            for (n, phc) in ["phc-2", "phc-3", "phc-4", "phc-5"].into_iter().enumerate() {
                let at = NOW.plus(Span::minutes(n as i64 + 1));
                write!(store, |conn| password::set(conn, id, phc, at));
            }
            let old = password::old(&mut read(store).await, id).await.unwrap();
            assert_eq!(old.iter().map(|o| o.phc.as_str()).collect::<Vec<_>>(), ["phc-4", "phc-3", "phc-2"]);
            write!(store, |conn| password::upgrade(conn, id, "phc-1", "no"));
            write!(store, |conn| password::upgrade(conn, id, "phc-5", "phc-5b"));
            let now = account::credential_by_skeleton(&mut read(store).await, "hana").await.unwrap().unwrap();
            assert_eq!(now.phc.as_deref(), Some("phc-5b"));
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn sessions_begin_end_and_say_why() {
    on_both(|store| {
        async move {
            let id = member(store, "hana").await;
            for n in 1..=3 {
                write!(store, |conn| session::insert(conn, &new_session(id, n), NOW));
            }
            let found = session::find(&mut read(store).await, &[1; 32]).await.unwrap().unwrap();
            assert_eq!((found.login_id.as_str(), found.state.as_str(), found.ended_at), ("hana", "active", None));
            write!(store, |conn| session::touch(conn, &[1; 32], NOW.plus(Span::minutes(3))));
            assert_eq!(session::count(&mut read(store).await, NOW).await.unwrap(), 3);
            let (why, one) = (EndReason::SignedOutElsewhere, Uuid::from_u128(2));
            assert_eq!(write!(store, |conn| session::end(conn, id, one, why, NOW)).tokens(), [[2; 32]]);
            assert!(write!(store, |conn| session::end(conn, id, one, EndReason::SignedOut, NOW)).is_empty());
            let (stranger, other) = (Uuid::new_v4(), Uuid::from_u128(1));
            assert!(write!(store, |conn| session::end(conn, stranger, other, EndReason::SignedOut, NOW)).is_empty());
            let keep = Some(Uuid::from_u128(1));
            let ended = write!(store, |conn| session::end_all(conn, id, keep, EndReason::PasswordChanged, NOW));
            assert_eq!(ended.tokens(), [[3; 32]]);
            assert_eq!(session::of_account(&mut read(store).await, id, NOW).await.unwrap().len(), 1);
            let ended = session::find(&mut read(store).await, &[2; 32]).await.unwrap().unwrap();
            assert_eq!(ended.ended_why.as_deref(), Some("signed_out_elsewhere"));
            assert_eq!(
                write!(store, |conn| session::end_token(conn, &[1; 32], EndReason::SignedOut, NOW)).tokens(),
                [[1; 32]]
            );
            assert_eq!(write!(store, |conn| session::sweep(conn, NOW.plus(Span::days(1)))), 3);
            write!(store, |conn| device::remember(conn, id, &[9; 16], NOW));
            write!(store, |conn| device::remember(conn, id, &[9; 16], NOW));
            assert!(device::is_known(&mut read(store).await, id, &[9; 16]).await.unwrap());
            write!(store, |conn| device::forget_all(conn, id));
            assert!(!device::is_known(&mut read(store).await, id, &[9; 16]).await.unwrap());
            let me = Uuid::new_v4();
            write!(store, |conn| server::beat(conn, me, &[1], NOW));
            write!(store, |conn| server::beat(conn, Uuid::new_v4(), &[2], NOW));
            assert_eq!(server::others(&mut read(store).await, me, NOW.minus(Span::minutes(1))).await.unwrap(), 1);
            assert_eq!(
                server::key_digests(&mut read(store).await, NOW.minus(Span::minutes(1))).await.unwrap().len(),
                2
            );
            write!(store, |conn| server::leave(conn, me, NOW.plus(Span::minutes(1))));
            assert_eq!(server::others(&mut read(store).await, Uuid::nil(), Timestamp(0)).await.unwrap(), 0);
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn counters_are_exact_under_parallel_changes() {
    on_both(|store| {
        async move {
            let keys = [[1; 16], [2; 16], [3; 16]];
            let changes = (0..40).map(|_| {
                store.write(move |conn| {
                    async move {
                        let mut counters = throttle::lock(conn, &keys, NOW).await?;
                        for counter in &mut counters {
                            counter.failures += 1;
                        }
                        throttle::save(conn, &keys, &counters).await
                    }
                    .boxed()
                })
            });
            for done in futures_util::future::join_all(changes).await {
                done.unwrap();
            }
            for key in &keys {
                let counter = throttle::find(&mut read(store).await, key).await.unwrap().unwrap();
                assert_eq!(counter.failures, 40);
            }
            write!(store, |conn| async move {
                let mut counters = throttle::lock(conn, &keys, NOW).await?;
                for counter in &mut counters {
                    counter.pending = 2;
                    counter.pending_until = NOW.plus(Span::seconds(30));
                }
                throttle::save(conn, &keys, &counters).await?;
                throttle::succeed(conn, &keys, &[2; 16], NOW).await
            });
            for (key, failures) in [([1; 16], 0), ([2; 16], 40), ([3; 16], 0)] {
                let counter = throttle::find(&mut read(store).await, &key).await.unwrap().unwrap();
                assert_eq!((counter.failures, counter.pending), (failures, 1));
            }
            let one = [[4; 16]];
            write!(store, |conn| async move {
                let counters = throttle::lock(conn, &one, NOW).await?;
                assert_eq!(counters, [Counter { updated_at: NOW, ..Counter::default() }]);
                Ok::<_, Error>(())
            });
            write!(store, |conn| throttle::clear(conn, &keys));
            assert!(throttle::find(&mut read(store).await, &[1; 16]).await.unwrap().is_none());
            assert!(write!(store, |conn| throttle::note_wrong_value(conn, &[5; 8], NOW)));
            assert!(!write!(store, |conn| throttle::note_wrong_value(conn, &[5; 8], NOW)));
            let later = NOW.plus(Span::days(3));
            let spread: Vec<[u8; 16]> = (0..=255).map(|first| [first; 16]).collect();
            let kept = Counter { updated_at: later, ..Counter::default() };
            for keys in spread.chunks_exact(2) {
                let keys = [keys[0], keys[1]];
                write!(store, |conn| async move {
                    throttle::lock(conn, &keys[..1], NOW).await?;
                    throttle::lock(conn, &keys[1..], later).await.map(drop)
                });
            }
            let mut gone = 0;
            for portion in 0..throttle::PORTIONS {
                gone += write!(store, |conn| throttle::sweep(conn, portion, later));
            }
            assert_eq!(gone, 128, "every old counter, none of today's");
            assert_eq!(throttle::find(&mut read(store).await, &[255; 16]).await.unwrap(), Some(kept));
            write!(store, |conn| throttle::sweep_wrong_values(conn, later));
            assert!(write!(store, |conn| throttle::note_wrong_value(conn, &[5; 8], NOW)), "forgotten after a day");
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn flows_and_codes_are_used_once() {
    on_both(|store| {
        async move {
            let f = flow::Flow {
                id: Uuid::new_v4(),
                browser_key: Some(vec![1; 16]),
                created_at: NOW.0,
                expires_at: NOW.plus(Span::minutes(10)).0,
                lang: "ja".into(),
                typed: "hana@example.jp".into(),
                skeleton: Some("hana".into()),
                sent_at: Some(NOW.0),
                ..flow::Flow::of(FlowKind::SignUp)
            };
            let (id, row) = (f.id, f.clone());
            write!(store, |conn| flow::insert(conn, &row));
            let mut conn = read(store).await;
            assert_eq!(flow::find(&mut conn, id).await.unwrap().unwrap().typed, "hana@example.jp");
            assert_eq!(
                flow::latest_of_browser(&mut conn, &[1; 16], FlowKind::SignUp, NOW).await.unwrap().unwrap().id,
                id
            );
            assert!(flow::latest_of_browser(&mut conn, &[2; 16], FlowKind::SignUp, NOW).await.unwrap().is_none());
            assert!(flow::sign_up_for(&mut conn, "hana", Uuid::nil(), NOW).await.unwrap().is_some());
            assert!(flow::sign_up_for(&mut conn, "hana", id, NOW).await.unwrap().is_none());
            let over = NOW.plus(Span::minutes(11));
            assert!(
                flow::sign_up_for(&mut conn, "hana", Uuid::nil(), over).await.unwrap().is_none(),
                "reserves no longer"
            );
            drop(conn);
            for _ in 0..2 {
                assert!(write!(store, |conn| flow::count_try(conn, id, 2, NOW)).is_some());
            }
            assert!(write!(store, |conn| flow::count_try(conn, id, 2, NOW)).is_none());
            let later = NOW.plus(Span::minutes(2));
            let end = later.plus(Span::minutes(10));
            assert!(!write!(store, |conn| flow::ask_again(conn, id, NOW.minus(Span::minutes(1)), end, NOW)));
            assert!(write!(store, |conn| flow::ask_again(conn, id, later.minus(Span::minutes(1)), end, later)));
            assert!(write!(store, |conn| flow::count_try(conn, id, 2, later)).is_some());
            let owner = Uuid::new_v4();
            let account = Some(owner);
            write!(store, |conn| flow::set_subject(conn, id, account, &[7; 16]));
            write!(store, |conn| flow::extend(conn, id, end.plus(Span::minutes(1))));
            assert!(write!(store, |conn| flow::prove(conn, id, end, later)));
            assert!(!write!(store, |conn| flow::prove(conn, id, end, later)));
            assert!(write!(store, |conn| flow::finish(conn, id, later)));
            assert!(!write!(store, |conn| flow::finish(conn, id, later)));
            let attempt = Uuid::new_v4();
            let confirm = flow::Flow {
                id: Uuid::new_v4(),
                kind: FlowKind::Confirm,
                attempt_id: Some(attempt),
                account_id: account,
                ..f
            };
            let confirm_id = confirm.id;
            write!(store, |conn| flow::insert(conn, &confirm));
            assert!(!flow::confirmed(&mut read(store).await, attempt, &[1; 16], NOW).await.unwrap());
            write!(store, |conn| flow::prove(conn, confirm_id, end, NOW));
            assert!(flow::confirmed(&mut read(store).await, attempt, &[1; 16], NOW).await.unwrap());
            write!(store, |conn| flow::end_all(conn, owner, Uuid::nil(), NOW));
            assert_eq!(write!(store, |conn| flow::sweep(conn, end.plus(Span::days(1)))), 2);

            let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
            write!(store, |conn| code::insert(conn, first, &[7; 16], id, Some(&[4; 16]), &[1; 16], NOW, end));
            write!(store, |conn| code::insert(conn, second, &[7; 16], id, None, &[2; 16], later, end));
            let codes = code::of_subject(&mut read(store).await, &[7; 16], NOW.minus(Span::seconds(1))).await.unwrap();
            assert_eq!(codes.iter().map(|c| c.id).collect::<Vec<_>>(), [second, first]);
            assert!(write!(store, |conn| code::spend(conn, second, later)));
            assert!(!write!(store, |conn| code::spend(conn, second, later)));
            assert_eq!(code::sent_since(&mut read(store).await, &[7; 16], NOW).await.unwrap(), 1);
            write!(store, |conn| code::count_elsewhere(conn, &[7; 16], Uuid::nil(), NOW));
            let counted =
                code::of_subject(&mut read(store).await, &[7; 16], NOW.minus(Span::seconds(1))).await.unwrap();
            assert_eq!(counted.iter().map(|code| code.tries_elsewhere).collect::<Vec<_>>(), [0, 1]);
            assert_eq!(write!(store, |conn| code::sweep(conn, end.plus(Span::days(1)))), 2);
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn attempts_mails_and_answers() {
    on_both(|store| {
        async move {
            let account = member(store, "hana").await;
            let row = move |n: u128, outcome: &str| attempt::Attempt {
                id: Uuid::from_u128(n),
                reference: format!("AAAA-{n:04}"),
                created_at: NOW.0,
                kind: Act::SignIn,
                outcome: outcome.into(),
                account_id: Some(account),
                subject_key: Some(vec![3; 16]),
                browser_key: Some(vec![u8::try_from(n % 2).unwrap(); 16]),
                network: "203.0.113.0/24".into(),
                browser: "{}".into(),
                evidence: "[]".into(),
                cause: "credential.password".into(),
                told: "credential.password".into(),
                repairs: String::new(),
                slices: "browser:Chrome".into(),
                advised: "retype".into(),
                pending_until: Some(NOW.0),
                resolved_at: None,
                resolved_by: None,
            };
            for n in 1..=5 {
                let row = row(n, "refused");
                write!(store, |conn| attempt::insert(conn, &row));
            }
            let twin = row(1, "refused");
            let again = store.write(move |conn| async move { attempt::insert(conn, &twin).await }.boxed()).await;
            assert!(again.is_err_and(|error| error.is_taken()), "a reference is given once");
            let since = NOW.minus(Span::hours(1));
            let mut conn = read(store).await;
            assert_eq!(attempt::find(&mut conn, "AAAA-0003").await.unwrap().unwrap().id, Uuid::from_u128(3));
            let mut origins = attempt::failures_by_origin(&mut conn, &[3; 16], since).await.unwrap();
            origins.sort();
            assert_eq!(origins.iter().map(|o| o.2).collect::<Vec<_>>(), [2, 3]);
            assert_eq!(attempt::failures_of_browser(&mut conn, &[3; 16], &[1; 16], since).await.unwrap(), 3);
            assert_eq!(attempt::of_browser(&mut conn, &[1; 16], since, NOW).await.unwrap().len(), 3);
            assert_eq!(attempt::of_account(&mut conn, account, 2).await.unwrap().len(), 2);
            drop(conn);
            let waits = write!(store, |conn| attempt::reopen(conn, Uuid::from_u128(1), false)).unwrap();
            assert!(waits.pending_until.is_some(), "who only adds to it leaves it to who looks");
            let whole = write!(store, |conn| attempt::reopen(conn, Uuid::from_u128(1), true)).unwrap();
            assert_eq!(whole.pending_until, None);
            write!(store, |conn| attempt::set_evidence(conn, Uuid::from_u128(1), "[1]", "credential.old_password"));
            let found = attempt::find_by_id(&mut read(store).await, Uuid::from_u128(1)).await.unwrap().unwrap();
            assert_eq!((found.evidence.as_str(), found.pending_until), ("[1]", None));
            write!(store, |conn| attempt::resolve(conn, account, Some(&[1; 16]), since, "password", NOW));
            let resolved = attempt::of_account(&mut read(store).await, account, 10).await.unwrap();
            assert_eq!(resolved.iter().filter(|a| a.resolved_by.as_deref() == Some("password")).count(), 3);
            write!(store, |conn| attempt::resolve(conn, account, None, since, "recover", NOW));
            assert_eq!(write!(store, |conn| attempt::sweep(conn, NOW.plus(Span::days(1)), 3)), 3);

            let mail = |n: u128| outbox::NewMail {
                id: Uuid::from_u128(n),
                kind: MailKind::Recover,
                account_id: None,
                flow_id: Some(Uuid::nil()),
                address: Some("hana@example.jp".into()),
                data: "{}".into(),
                lang: "ja".into(),
                patience: Span::minutes(10),
                network: Some([3; 16]),
                behind: Span(if n == 3 { -1 } else { 0 }),
                wait: Span(0),
            };
            for n in 1..=3 {
                let mail = mail(n);
                write!(store, |conn| outbox::enqueue(conn, &mail, NOW));
            }
            assert_eq!(outbox::waiting(&mut read(store).await).await.unwrap(), (Some(NOW), 3));
            let until = NOW.plus(Span::minutes(2));
            let first = write!(store, |conn| outbox::lease(conn, 1, NOW, NOW));
            assert_eq!(
                first.iter().map(|mail| mail.id).collect::<Vec<_>>(),
                [Uuid::from_u128(3)],
                "whoever stands ahead"
            );
            assert_eq!(first[0].network.as_deref(), Some(&[3; 16][..]));
            let leases = (0..4)
                .map(|_| store.write(move |conn| async move { outbox::lease(conn, 2, until, NOW).await }.boxed()));
            let leased: Vec<_> =
                futures_util::future::join_all(leases).await.into_iter().flat_map(Result::unwrap).collect();
            let mut ids: Vec<_> = leased.iter().map(|m| m.id).collect();
            ids.sort();
            ids.dedup();
            assert_eq!((ids.len(), leased.len()), (3, 3), "each mail is leased once");
            // What its receiver's server puts off is not late by our fault.
            write!(store, |conn| outbox::done(conn, Uuid::from_u128(2), true, NOW));
            write!(store, |conn| outbox::done(conn, Uuid::from_u128(3), false, NOW));
            write!(store, |conn| outbox::retry_at(conn, Uuid::from_u128(1), NOW, 0));
            assert_eq!(outbox::oldest(&mut read(store).await).await.unwrap(), (Some(NOW), None));
            write!(store, |conn| outbox::retry_at(conn, Uuid::from_u128(1), NOW, 451));
            assert_eq!(outbox::oldest(&mut read(store).await).await.unwrap(), (None, None));
            assert_eq!(outbox::next_due(&mut read(store).await).await.unwrap(), Some(NOW));
            write!(store, |conn| outbox::done(conn, Uuid::from_u128(1), false, NOW));
            assert_eq!(write!(store, |conn| outbox::sweep(conn, NOW.plus(Span::days(1)))), 3);

            let answer = |outcome: &str, at: i64| delivery::Delivery {
                at,
                kind: "recover".into(),
                outcome: outcome.into(),
                status: 250,
                answer: "ok".into(),
            };
            for (n, outcome) in [(1, "refused"), (2, "delivered")] {
                let row = answer(outcome, NOW.0 + n);
                let id = Uuid::new_v4();
                write!(store, |conn| delivery::insert(conn, id, "hana@example.jp", "example.jp", &row));
            }
            let mut conn = read(store).await;
            assert_eq!(delivery::last_of(&mut conn, "hana@example.jp").await.unwrap().unwrap().outcome, "delivered");
            assert_eq!(delivery::of_address(&mut conn, "hana@example.jp", 5).await.unwrap().len(), 2);
            drop(conn);
            assert_eq!(write!(store, |conn| delivery::sweep(conn, NOW.plus(Span::days(1)))), 2);
            let line = Line::new(Actor::CommandLine, Event::Locked, NOW).about("why");
            let kept = line.clone();
            write!(store, |conn| audit::note(conn, Uuid::new_v4(), Some(account), &kept));
            let mut conn = read(store).await;
            assert_eq!(audit::of_account(&mut conn, account, 5).await.unwrap(), [line]);
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn a_write_that_fails_leaves_nothing_and_hurts_no_neighbour() {
    on_both(|store| {
        async move {
            let writes = (0..30_u8).map(|n| {
                store.write(move |conn| {
                    async move {
                        throttle::note_wrong_value(conn, &[n; 8], NOW).await?;
                        if n % 3 == 0 { Err(Error::Undone) } else { Ok(n) }
                    }
                    .boxed()
                })
            });
            let done = futures_util::future::join_all(writes).await;
            assert_eq!(done.iter().filter(|d| d.is_ok()).count(), 20);
            for n in 0..30_u8 {
                let fresh = write!(store, |conn| throttle::note_wrong_value(conn, &[n; 8], NOW));
                assert_eq!(fresh, n % 3 == 0, "{n}");
            }
            store.ping().await.unwrap();
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn postgres_syncs_what_is_acknowledged_whatever_it_was_told() {
    let base = std::env::var("KAGIYA_TEST_POSTGRES").expect("KAGIYA_TEST_POSTGRES is not set: run ./test");
    let name = format!("s{}", Uuid::new_v4().simple());
    let mut admin = sqlx::PgConnection::connect(&format!("{base}/postgres")).await.unwrap();
    for sql in [format!("CREATE DATABASE {name}"), format!("ALTER DATABASE {name} SET synchronous_commit = off")] {
        admin.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
    }
    let url = format!("{base}/{name}");
    let mut other = sqlx::PgConnection::connect(&url).await.unwrap();
    let show = "SHOW synchronous_commit";
    assert_eq!(sqlx::query_scalar::<_, String>(show).fetch_one(&mut other).await.unwrap(), "off");
    let store = Store::open(&Location::Postgres(url), true, kagiya_store::PoolSize::default()).await.unwrap();
    let Conn::Postgres(mut conn) = read(&store).await else { panic!("not PostgreSQL") };
    assert_eq!(sqlx::query_scalar::<_, String>(show).fetch_one(&mut *conn).await.unwrap(), "on");
    drop(conn);
    store.close().await;
}

//! The platform's side on both databases: what one does, the other does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::let_and_return, missing_docs)]
#![allow(clippy::too_many_lines)]

use crate::both::{NOW, member, on_both, read, write};
use futures_util::FutureExt;
use kagiya_domain::{
    Span,
    component::Level,
    notice::{Door, Impact, Kind, Notice, Stage, Update},
};
use kagiya_store::{component, device, notice, outbox, server, subscriber, throttle, waiting};
use uuid::Uuid;

fn incident(id: &str) -> Notice {
    Notice {
        id: id.into(),
        kind: Kind::Incident,
        stage: Stage::Investigating,
        title: "t".into(),
        title_en: "e".into(),
        impact: Impact::Major,
        door: Door::Open,
        components: vec!["mail".into(), "password".into()],
        slice: "key:aa".into(),
        begins_at: NOW,
        ends_at: None,
        next_update_at: Some(NOW.plus(Span::hours(1))),
        created_at: NOW,
        updated_at: NOW,
        ended_at: None,
        merged_into: None,
        updates: Vec::new(),
    }
}

#[tokio::test]
async fn notices_keep_their_history_and_are_moved_once() {
    on_both(|store| {
        async move {
            let mut kept = incident("one");
            let update =
                Update {
                    id: String::new(), at: NOW, stage: kept.stage, body: "調査中".into(), body_en: String::new()
                };
            let (first, line) = (kept.clone(), update.clone());
            write!(store, |conn| notice::save(conn, &first));
            write!(store, |conn| notice::add_update(conn, Uuid::from_u128(1), "one", &line, "cli"));
            let all = notice::list(&mut read(store).await, NOW, 10).await.unwrap();
            assert_eq!(all.len(), 1);
            assert_eq!((all[0].updates.len(), all[0].updates[0].body.as_str()), (1, "調査中"));
            assert_eq!(all[0].components, kept.components);
            assert!(write!(store, |conn| notice::claim(conn, "one", NOW, NOW)));
            assert!(!write!(store, |conn| notice::claim(conn, "one", NOW, NOW)), "of two that saw the same one wins");
            (kept.stage, kept.ended_at) = (Stage::Resolved, Some(NOW));
            write!(store, |conn| notice::save(conn, &kept));
            assert_eq!(notice::find(&mut read(store).await, "one").await.unwrap().unwrap().stage, Stage::Resolved);
            assert!(notice::list(&mut read(store).await, NOW, 10).await.unwrap().is_empty(), "history has an end");
            // Two servers that find the same trouble propose it once; when it is over, it may be again.
            let proposal = |id: &str| Notice { slice: "component:mail".into(), ..incident(id) };
            let mut two = proposal("two");
            let (first, second) = (two.clone(), proposal("three"));
            write!(store, |conn| notice::save(conn, &first));
            let said = store.write(move |conn| async move { notice::save(conn, &second).await }.boxed()).await;
            assert!(said.is_err_and(|error| error.is_taken()));
            (two.stage, two.ended_at) = (Stage::Dismissed, Some(NOW));
            write!(store, |conn| notice::save(conn, &two));
            let third = proposal("three");
            write!(store, |conn| notice::save(conn, &third));
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn components_are_seen_by_servers_and_remembered_by_day() {
    on_both(|store| {
        async move {
            let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
            write!(store, |conn| component::observe(conn, one, "mail", Level::MajorOutage, NOW, NOW));
            write!(store, |conn| component::observe(conn, one, "mail", Level::Operational, NOW, NOW));
            let before = NOW.minus(Span::seconds(1));
            let seen = component::others(&mut read(store).await, two, before).await.unwrap();
            assert_eq!((seen.len(), seen[0].level.as_str()), (1, "operational"));
            assert!(component::others(&mut read(store).await, one, before).await.unwrap().is_empty());
            write!(store, |conn| component::forget_servers(conn, NOW.plus(Span::hours(1))));
            for _ in 0..2 {
                write!(store, |conn| component::add_day(conn, "mail", 7, Level::Operational, 40));
            }
            let days = component::days(&mut read(store).await, 0).await.unwrap();
            assert_eq!(days, [("mail".to_owned(), 7, "operational".to_owned(), 80)]);
            write!(store, |conn| component::forget_days(conn, 8));
            assert!(component::days(&mut read(store).await, 0).await.unwrap().is_empty());
            let usual = component::Usual { component: "mail".into(), hour: 3, tries: 5, good: 4, slow_us: 9 };
            write!(store, |conn| component::set_usual(conn, &usual));
            assert_eq!(component::usual(&mut read(store).await).await.unwrap().len(), 1);
            write!(store, |conn| server::beat(conn, Uuid::from_u128(9), &[1; 16], NOW));
            write!(store, |conn| server::beat(conn, Uuid::from_u128(3), &[1; 16], NOW));
            assert_eq!(server::first(&mut read(store).await, before).await.unwrap(), Some(Uuid::from_u128(3)));
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn who_asked_is_told_once() {
    on_both(|store| {
        async move {
            let id = Uuid::from_u128(1);
            let new = subscriber::Subscriber {
                id,
                way: "webhook".into(),
                target: "https://example.jp/".into(),
                lang: "ja".into(),
                secret: Some("sealed".into()),
                confirmed_at: None,
                failures: 0,
            };
            let again = subscriber::Subscriber { id: Uuid::from_u128(2), ..new.clone() };
            let third = subscriber::Subscriber { id: Uuid::from_u128(3), ..new.clone() };
            let of_mail = subscriber::Subscriber { way: "mail".into(), ..new.clone() };
            write!(store, |conn| subscriber::insert(conn, &new, &[1; 16], NOW));
            write!(store, |conn| subscriber::insert(conn, &again, &[1; 16], NOW));
            assert_eq!(subscriber::for_place(&mut read(store).await, &[1; 16]).await.unwrap(), (2, 0));
            assert!(subscriber::confirmed(&mut read(store).await).await.unwrap().is_empty());
            // The oldest wish that nobody confirmed makes room for another, when it is old enough.
            write!(store, |conn| subscriber::insert(conn, &third, &[3; 16], NOW));
            assert!(!write!(store, |conn| subscriber::make_room(conn, &[3; 16], NOW)));
            assert!(write!(store, |conn| subscriber::make_room(conn, &[3; 16], NOW.plus(Span(1)))));
            assert!(!write!(store, |conn| subscriber::make_room(conn, &[3; 16], NOW.plus(Span(1)))));
            assert!(write!(store, |conn| subscriber::confirm(conn, id, NOW)));
            assert_eq!(subscriber::confirmed(&mut read(store).await).await.unwrap().len(), 1);
            // Of one mailbox's wishes the one that was confirmed last stays.
            for n in 11..=12_u128 {
                let wish = subscriber::Subscriber { id: Uuid::from_u128(n), ..of_mail.clone() };
                write!(store, |conn| subscriber::insert(conn, &wish, &[2; 16], NOW));
                assert!(write!(store, |conn| subscriber::confirm(conn, Uuid::from_u128(n), NOW)));
            }
            assert_eq!(subscriber::for_place(&mut read(store).await, &[2; 16]).await.unwrap(), (1, 1));
            assert!(write!(store, |conn| subscriber::remove(conn, Uuid::from_u128(12))));
            write!(store, |conn| subscriber::enqueue(conn, Uuid::from_u128(5), id, "{}", Span::hours(1), NOW));
            let until = NOW.plus(Span::seconds(30));
            assert_eq!(write!(store, |conn| subscriber::lease(conn, 9, until, NOW)).len(), 1);
            assert!(write!(store, |conn| subscriber::lease(conn, 9, until, NOW)).is_empty());
            write!(store, |conn| subscriber::retry_at(conn, Uuid::from_u128(5), NOW));
            assert_eq!(write!(store, |conn| subscriber::lease(conn, 9, until, NOW))[0].tries, 2);
            write!(store, |conn| subscriber::done(conn, Uuid::from_u128(5), NOW));
            write!(store, |conn| subscriber::note_call(conn, id, true));
            assert_eq!(subscriber::find(&mut read(store).await, id).await.unwrap().unwrap().failures, 1);
            write!(store, |conn| subscriber::sweep(conn, NOW.plus(Span::days(1))));
            assert!(write!(store, |conn| subscriber::remove(conn, id)));

            for n in 1..=2_u128 {
                let wish = waiting::Waiting {
                    id: Uuid::from_u128(n),
                    component: "mail".into(),
                    address: "hana@example.jp".into(),
                    lang: "ja".into(),
                    created_at: NOW.0,
                };
                write!(store, |conn| waiting::insert(conn, &wish, &[7; 16]));
            }
            assert_eq!(waiting::components(&mut read(store).await).await.unwrap(), ["mail"]);
            assert!(write!(store, |conn| waiting::take(conn, "mail", NOW, 9)).is_empty(), "not at once");
            let later = NOW.plus(Span::seconds(1));
            assert_eq!(write!(store, |conn| waiting::take(conn, "mail", later, 9)).len(), 1);
            assert!(write!(store, |conn| waiting::take(conn, "mail", later, 9)).is_empty());
            write!(store, |conn| waiting::sweep(conn, later));
            assert_eq!(outbox::oldest(&mut read(store).await).await.unwrap(), (None, None));
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn figures_of_the_crowd_and_locks_that_are_undone() {
    on_both(|store| {
        async move {
            use kagiya_store::{attempt, authorization_session, delivery};
            let account = member(store, "hana").await;
            write!(store, |conn| device::remember(conn, account, &[5; 16], NOW));
            assert_eq!(device::of_account(&mut read(store).await, account).await.unwrap(), [vec![5; 16]]);
            write!(store, |conn| attempt::note_me_too(conn, &[1; 16], "platform.outage", NOW));
            write!(store, |conn| attempt::note_me_too(conn, &[1; 16], "platform.outage", NOW));
            let before = NOW.minus(Span::hours(1));
            assert_eq!(attempt::me_too(&mut read(store).await, before).await.unwrap().len(), 1);
            write!(store, |conn| attempt::sweep_me_too(conn, NOW.plus(Span::days(1))));
            let mut conn = read(store).await;
            assert!(attempt::lately(&mut conn, before, 9).await.unwrap().is_empty());
            assert!(attempt::by_hour(&mut conn, before).await.unwrap().is_empty());
            assert!(attempt::by_browser(&mut conn, before).await.unwrap().is_empty());
            assert!(kagiya_store::flow::by_kind(&mut conn, before).await.unwrap().is_empty());
            assert!(attempt::by_advice(&mut conn, before).await.unwrap().is_empty());
            assert!(attempt::refused_accounts(&mut conn, before, NOW, 9).await.unwrap().is_empty());
            assert!(delivery::by_domain(&mut conn, before).await.unwrap().is_empty());
            assert!(authorization_session::by_outcome(&mut conn, before).await.unwrap().is_empty());
            drop(conn);
            write!(store, |conn| attempt::forget_successes(conn, account));
            let key = [9; 16];
            write!(store, |conn| async move {
                let mut counters = throttle::lock(conn, &[key], NOW).await?;
                counters[0].locked_until = NOW.plus(Span::hours(1));
                throttle::save(conn, &[key], &counters).await
            });
            assert!(!write!(store, |conn| throttle::clear_locked(conn, &[key], NOW.plus(Span::hours(1)), NOW)));
            assert!(write!(store, |conn| throttle::clear_locked(conn, &[key], before, NOW)));
            assert!(!write!(store, |conn| throttle::clear_locked(conn, &[key], before, NOW)));
        }
        .boxed()
    })
    .await;
}

//! Ways to providers, links, refresh tokens and pushed events, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::let_and_return, missing_docs)]

use crate::both::{NOW, member, new_session, on_both, read, write};
use futures_util::FutureExt;
use kagiya_domain::{
    Span,
    link::{LinkEvent, LinkSource, LinkState},
    session::EndReason,
};
use kagiya_store::{
    Conn,
    authorization_session::{self, AuthorizationSession},
    device,
    link::{self, NewLink},
    password, permission, pushed, session,
};
use uuid::Uuid;

const ISSUER: &str = "https://accounts.example.com";

fn new_link(n: u128, token: Option<&str>) -> NewLink {
    NewLink {
        id: Uuid::from_u128(n),
        provider: "google".into(),
        issuer: ISSUER.into(),
        subject: format!("s{n}"),
        shown: format!("h•••{n}"),
        email_key: None,
        refresh_token: token.map(str::to_owned),
    }
}

async fn own(conn: &mut Conn, account: Uuid) -> Vec<u128> {
    link::of_account(conn, account).await.unwrap().iter().map(|link| link.id.as_u128()).collect()
}

#[tokio::test]
async fn an_identity_is_tied_once_and_says_whose_it_was() {
    on_both(|store| {
        async move {
            let (hana, taro) = (member(store, "hana").await, member(store, "taro").await);
            let provider = new_link(1, None).provider;
            assert!(!link::is_used(&mut read(store).await, &provider).await.unwrap());
            assert!(write!(store, |conn| link::insert(conn, hana, &new_link(1, None), NOW)));
            assert!(link::is_used(&mut read(store).await, &provider).await.unwrap());
            assert!(!write!(store, |conn| link::insert(conn, taro, &new_link(1, None), NOW)), "it is hana's");
            assert!(write!(store, |conn| link::insert(conn, hana, &new_link(2, None), NOW.plus(Span(1)))));
            let mut conn = read(store).await;
            assert_eq!(own(&mut conn, hana).await, [1, 2]);
            assert_eq!(link::find_identity(&mut conn, ISSUER, "s1").await.unwrap().unwrap().account_id, hana);
            assert!(link::find_identity(&mut conn, "https://other.example", "s1").await.unwrap().is_none());
            drop(conn);

            let (id, later) = (Uuid::from_u128(1), NOW.plus(Span::minutes(1)));
            let (lapsed, told) = (LinkState::ReauthNeeded, LinkEvent::Lapsed);
            write!(store, |conn| link::set_state(conn, id, lapsed, told, LinkSource::Check, later));
            let found = link::find_identity(&mut read(store).await, ISSUER, "s1").await.unwrap().unwrap();
            assert_eq!((found.state(), found.state_since), (LinkState::ReauthNeeded, later.0));
            write!(store, |conn| link::note_use(conn, id, "shown anew", None, later.plus(Span(5))));
            let found = link::find_identity(&mut read(store).await, ISSUER, "s1").await.unwrap().unwrap();
            assert_eq!((found.state(), found.shown.as_str()), (LinkState::Ok, "shown anew"), "it works");
            assert_eq!((found.state_since, found.last_used_at), (later.0 + 5, Some(later.0 + 5)));

            write!(store, |conn| device::remember(conn, hana, &[9; 16], NOW));
            let of = |key: u8| async move { link::of_device(&mut read(store).await, &[key; 16], "google").await };
            assert_eq!((of(9).await.unwrap().len(), of(8).await.unwrap().len()), (2, 0));

            assert!(!write!(store, |conn| link::remove(conn, taro, id, later)), "another's");
            assert!(write!(store, |conn| link::remove(conn, hana, id, later)));
            assert!(!write!(store, |conn| link::remove(conn, hana, id, later)));
            let mut conn = read(store).await;
            assert_eq!(own(&mut conn, hana).await, [2]);
            assert_eq!(link::find_removed(&mut conn, ISSUER, "s1").await.unwrap().unwrap().account_id, hana);
            assert!(link::find_removed(&mut conn, ISSUER, "s2").await.unwrap().is_none());
            assert!(link::has_password(&mut conn, hana).await.unwrap());
            drop(conn);
            let new = NewLink { id: Uuid::from_u128(3), ..new_link(1, None) };
            assert!(write!(store, |conn| link::insert(conn, taro, &new, later)), "free again");
            assert_eq!(write!(store, |conn| link::sweep(conn, later)), 0);
            assert_eq!(write!(store, |conn| link::sweep(conn, later.plus(Span(1)))), 1);
            write!(store, |conn| link::forget(conn, hana));
            assert_eq!(own(&mut read(store).await, hana).await, []);
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn links_follow_an_app_to_another_team() {
    on_both(|store| {
        async move {
            let hana = member(store, "hana").await;
            for n in 1..=3 {
                write!(store, |conn| link::insert(conn, hana, &new_link(n, None), NOW));
            }
            let due = |after: u128| async move {
                let found = link::to_transfer(&mut read(store).await, "google", "T2", Uuid::from_u128(after), 2).await;
                found.unwrap().iter().map(|link| link.id.as_u128()).collect::<Vec<_>>()
            };
            assert_eq!((due(0).await, due(2).await), (vec![1, 2], vec![3]));
            write!(store, |conn| link::set_transfer(conn, Uuid::from_u128(1), "T2", "t1"));
            assert_eq!(due(0).await, [2, 3]);
            let moved = write!(store, |conn| link::take_over(conn, ISSUER, "t1", "new1")).unwrap();
            assert_eq!((moved.id.as_u128(), moved.subject.as_str()), (1, "new1"));
            assert!(write!(store, |conn| link::take_over(conn, ISSUER, "t1", "new1")).is_none(), "once");
            assert!(link::find_identity(&mut read(store).await, ISSUER, "s1").await.unwrap().is_none());
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_is_used_by_one_server_at_a_time() {
    on_both(|store| {
        async move {
            let hana = member(store, "hana").await;
            write!(store, |conn| link::insert(conn, hana, &new_link(1, Some("sealed 1")), NOW));
            write!(store, |conn| link::insert(conn, hana, &new_link(2, None), NOW));
            let day = NOW.plus(Span::days(1));
            let due = |now: kagiya_domain::Timestamp| async move {
                permission::to_ask(&mut read(store).await, "google", day, now, 9).await.unwrap()
            };
            let kept = due(day).await.remove(0);
            assert_eq!((kept.id.as_u128(), due(day).await.len()), (1, 1));
            let mine = kept.clone();
            assert!(write!(store, |conn| permission::claim(conn, &mine, day)));
            let theirs = kept.clone();
            assert!(!write!(store, |conn| permission::claim(conn, &theirs, day)), "another server has it");
            assert_eq!(due(day).await.len(), 0);
            let back = kept.clone();
            write!(store, |conn| permission::put_back(conn, &back));
            assert_eq!(due(day).await.len(), 1, "it stays due");
            let mine = kept.clone();
            assert!(write!(store, |conn| permission::claim(conn, &mine, day)));
            let done = kept.clone();
            write!(store, |conn| permission::release(conn, &done, Some("sealed 2"), day));
            assert_eq!(due(day).await.len(), 0, "it was asked with");
            assert_eq!(permission::last_ended(&mut read(store).await, "google", 9).await.unwrap(), [false]);
            let (lapsed, why) = (LinkState::ReauthNeeded, LinkEvent::Lapsed);
            write!(store, |conn| link::set_state(conn, Uuid::from_u128(1), lapsed, why, LinkSource::Check, day));
            assert_eq!(permission::last_ended(&mut read(store).await, "google", 9).await.unwrap(), [true]);

            write!(store, |conn| device::remember(conn, hana, &[9; 16], NOW));
            assert!(permission::is_kept_for(&mut read(store).await, &[9; 16], "google").await.unwrap());
            let old = kept.clone();
            assert!(write!(store, |conn| permission::drop_token(conn, &old)).is_none(), "there is a newer one");
            let newest = permission::Kept { refresh_token: "sealed 2".into(), ..kept };
            assert_eq!(write!(store, |conn| permission::drop_token(conn, &newest)).unwrap().id.as_u128(), 1);
            assert!(!permission::is_kept_for(&mut read(store).await, &[9; 16], "google").await.unwrap());
        }
        .boxed()
    })
    .await;
}

fn way(n: u8) -> AuthorizationSession {
    AuthorizationSession {
        id: Uuid::from_u128(u128::from(n)),
        state_key: vec![n; 16],
        provider: "google".into(),
        purpose: "sign_in".into(),
        browser_key: vec![7; 16],
        started_at: NOW.0 + i64::from(n),
        expires_at: NOW.plus(Span::hours(1)).0,
        ..AuthorizationSession::default()
    }
}

#[tokio::test]
async fn a_way_comes_back_once_and_ends_once() {
    on_both(|store| {
        async move {
            for n in 1..=2 {
                write!(store, |conn| authorization_session::insert(conn, &way(n)));
            }
            let mut conn = read(store).await;
            assert_eq!(authorization_session::find_state(&mut conn, &[1; 16]).await.unwrap(), Some(way(1)));
            assert_eq!(authorization_session::find_state(&mut conn, &[3; 16]).await.unwrap(), None);
            let latest =
                authorization_session::latest_of_browser(&mut conn, &[7; 16], "google", NOW).await.unwrap().unwrap();
            assert_eq!(latest.id.as_u128(), 2);
            let late = authorization_session::latest_of_browser(&mut conn, &[7; 16], "google", NOW.plus(Span(9)))
                .await
                .unwrap();
            assert!(late.is_none());
            drop(conn);
            let (id, later) = (Uuid::from_u128(1), NOW.plus(Span::minutes(1)));
            write!(store, |conn| authorization_session::keep_posted(conn, id, "code=1"));
            let found = |id: Uuid| async move {
                authorization_session::find(&mut read(store).await, id).await.unwrap().unwrap()
            };
            assert_eq!(found(id).await.posted.as_deref(), Some("code=1"));
            assert!(write!(store, |conn| authorization_session::take(conn, id, later)));
            assert!(!write!(store, |conn| authorization_session::take(conn, id, later)), "of two answers one wins");
            write!(store, |conn| authorization_session::keep_posted(conn, id, "code=2"));
            assert_eq!(found(id).await.posted, None, "it came back already");
            let expires = later.plus(Span::hours(1));
            write!(store, |conn| authorization_session::settle(conn, id, "unlinked", Some("sealed"), expires));
            write!(store, |conn| authorization_session::set_reference(conn, id, "K7Q4-9XMD"));
            write!(store, |conn| authorization_session::note_saw(conn, id, "blocked"));
            let now = found(id).await;
            assert_eq!((now.outcome.as_str(), now.identity.as_deref()), ("unlinked", Some("sealed")));
            assert_eq!((now.reference.as_deref(), now.saw.as_deref()), (Some("K7Q4-9XMD"), Some("blocked")));
            assert!(write!(store, |conn| authorization_session::finish(conn, id, later)));
            assert!(!write!(store, |conn| authorization_session::finish(conn, id, later)));
            assert_eq!(found(id).await.identity, None, "who it was is kept no longer");
            let by = authorization_session::by_outcome(&mut read(store).await, NOW).await.unwrap();
            let counted = |outcome: &str| ("google".to_owned(), outcome.to_owned(), 1);
            assert_eq!(by, [counted(""), counted("unlinked")]);
            assert!(
                !write!(store, |conn| authorization_session::finish(conn, Uuid::from_u128(2), expires)),
                "too late"
            );
            assert_eq!(write!(store, |conn| authorization_session::sweep(conn, expires)), 1);

            assert!(write!(store, |conn| pushed::note(conn, &[1; 16], NOW)));
            assert!(!write!(store, |conn| pushed::note(conn, &[1; 16], NOW)), "it came before");
            assert_eq!(write!(store, |conn| pushed::sweep(conn, later)), 1);
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn sessions_that_a_link_began_end_with_it() {
    on_both(|store| {
        async move {
            let hana = member(store, "hana").await;
            write!(store, |conn| link::insert(conn, hana, &new_link(1, None), NOW));
            let id = Uuid::from_u128(1);
            for (n, by) in [(1, Some(id)), (2, Some(id)), (3, None)] {
                let new = session::NewSession { link_id: by, ..new_session(hana, n) };
                write!(store, |conn| session::insert(conn, &new, NOW));
            }
            let (keep, why) = (Uuid::from_u128(2), EndReason::ProviderEnded);
            let ended = write!(store, |conn| session::end_of_link(conn, id, Some(keep), why, NOW));
            assert_eq!(ended.tokens(), [[1; 32]]);
            let mut conn = read(store).await;
            let mut running = Vec::new();
            for n in 1..=3 {
                running.push(session::is_running(&mut conn, Uuid::from_u128(n)).await.unwrap());
            }
            assert_eq!(running, [false, true, true]);
            assert_eq!(session::token_since(&mut conn, keep).await.unwrap(), Some(NOW));
            assert_eq!(session::token_since(&mut conn, Uuid::from_u128(1)).await.unwrap(), None);
            drop(conn);
            let other = member(store, "taro").await;
            write!(store, |conn| async move {
                let id = Uuid::new_v4();
                kagiya_store::account::insert(conn, id, "jiro", "jiro", "ja", NOW).await?;
                password::insert(conn, id, "phc", NOW).await
            });
            assert!(link::has_password(&mut read(store).await, other).await.unwrap());
        }
        .boxed()
    })
    .await;
}

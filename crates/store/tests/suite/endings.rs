//! The log of what has ended, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::let_and_return, missing_docs)]

use crate::both::{NOW, member, new_session, on_both, read, write};
use futures_util::FutureExt;
use kagiya_domain::{Span, Timestamp, session::EndReason};
use kagiya_store::{ending, session};
use tokio::sync::mpsc;
use uuid::Uuid;

const WHY: EndReason = EndReason::SignedOut;

/// The tokens of the log, by the first byte of each.
async fn logged(store: &kagiya_store::Store, after: i64) -> Vec<u8> {
    ending::after(&mut read(store).await, after).await.unwrap().iter().map(|line| line.token[0]).collect()
}

#[tokio::test]
async fn whatever_ends_a_token_is_in_the_log() {
    on_both(|store| {
        async move {
            let id = member(store, "hana").await;
            for n in 1..=6 {
                write!(store, |conn| session::insert(conn, &new_session(id, n), NOW));
            }
            assert_eq!(ending::newest(&mut read(store).await).await.unwrap(), 0);
            let ever = Timestamp(i64::MAX);
            let _ = write!(store, |conn| session::end(conn, id, Uuid::from_u128(1), WHY, NOW));
            let _ = write!(store, |conn| session::end_token(conn, &[2; 32], WHY, NOW));
            // The token, not the session.
            let _ = write!(store, |conn| session::renew_token(conn, Uuid::from_u128(3), &[33; 32], ever, NOW));
            assert_eq!(logged(store, 0).await, [1, 2, 3]);
            let before = ending::newest(&mut read(store).await).await.unwrap();
            let later = NOW.plus(Span::minutes(1));
            let all = write!(store, |conn| session::end_all(conn, id, Some(Uuid::from_u128(6)), WHY, later));
            assert_eq!(all.len(), 3);
            let mut new = logged(store, before).await;
            new.sort_unstable();
            assert_eq!(new, [4, 5, 33]);
            // What changes nothing is no ending.
            for again in [
                write!(store, |conn| session::end(conn, id, Uuid::from_u128(1), WHY, NOW)),
                write!(store, |conn| session::end_token(conn, &[2; 32], WHY, NOW)),
                write!(store, |conn| session::renew_token(conn, Uuid::from_u128(3), &[34; 32], ever, NOW)),
                write!(store, |conn| session::renew_token(conn, Uuid::from_u128(6), &[34; 32], NOW, NOW)),
            ] {
                assert!(again.is_empty());
            }
            assert_eq!(logged(store, 0).await.len(), 6);
            // Of what is old the newest stays, so that a number that is missing after it can be told.
            assert_eq!(write!(store, |conn| ending::sweep(conn, later)), 2);
            assert_eq!(logged(store, 0).await.len(), 4);
            assert_eq!(write!(store, |conn| ending::sweep(conn, later)), 0);
            let found = ending::between(&mut read(store).await, 1, 3).await.unwrap();
            assert_eq!(found.iter().map(|line| (line.id, line.token[0])).collect::<Vec<_>>(), [(3, 3)]);
        }
        .boxed()
    })
    .await;
}

/// PostgreSQL gives numbers before it commits: one that is missing may come.
#[tokio::test]
async fn a_number_that_was_given_first_may_be_seen_last() {
    on_both(|store| {
        async move {
            if store.kind() != "postgres" {
                return;
            }
            let id = member(store, "hana").await;
            for n in 1..=2 {
                write!(store, |conn| session::insert(conn, &new_session(id, n), NOW));
            }
            let ((said, mut heard), (go, wait)) = (mpsc::channel(1), mpsc::channel::<()>(1));
            let wait = std::sync::Arc::new(tokio::sync::Mutex::new(wait));
            let slow = store.write(move |conn| {
                async move {
                    let ended = session::end_token(conn, &[1; 32], WHY, NOW).await?;
                    said.send(()).await.unwrap();
                    wait.lock().await.recv().await;
                    Ok(ended)
                }
                .boxed()
            });
            let fast = async {
                heard.recv().await.unwrap();
                let _ = write!(store, |conn| session::end_token(conn, &[2; 32], WHY, NOW));
                let lines = ending::after(&mut read(store).await, 0).await.unwrap();
                assert_eq!(lines.iter().map(|line| line.token[0]).collect::<Vec<_>>(), [2]);
                let missing = lines[0].id - 1;
                assert_eq!(ending::between(&mut read(store).await, missing, missing).await.unwrap(), []);
                go.send(()).await.unwrap();
                missing
            };
            let (ended, missing) = tokio::join!(slow, fast);
            assert_eq!(ended.unwrap().len(), 1);
            let lines = ending::between(&mut read(store).await, missing, missing).await.unwrap();
            assert_eq!((lines.len(), lines[0].token), (1, [1; 32]));
        }
        .boxed()
    })
    .await;
}

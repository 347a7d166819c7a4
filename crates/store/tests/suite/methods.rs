//! What was proven in a session, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::let_and_return, missing_docs)]

use crate::both::{NOW, member, new_session, on_both, read, write};
use futures_util::FutureExt;
use kagiya_domain::{Span, Timestamp, session::EndReason, sign_in::Method};
use kagiya_store::session;
use uuid::Uuid;

#[tokio::test]
async fn what_was_proven_outlives_the_token_and_ends_with_the_session() {
    on_both(|store| {
        async move {
            let account = member(store, "hana").await;
            let id = Uuid::from_u128(1);
            write!(store, |conn| session::insert(conn, &new_session(account, 1), NOW));
            let later = NOW.plus(Span::minutes(2));
            // What is noted late makes nothing older.
            for (method, at) in [(Method::MailedCode, NOW), (Method::Password, later), (Method::Password, NOW)] {
                write!(store, |conn| session::note_method(conn, id, method, at));
            }
            let proven = session::methods(&mut read(store).await, id).await.unwrap();
            assert_eq!(proven, [(Method::Password, later), (Method::MailedCode, NOW)]);
            let ever = Timestamp(i64::MAX);
            let old = write!(store, |conn| session::renew_token(conn, id, &[11; 32], ever, later));
            assert_eq!(old.tokens(), [[1; 32]]);
            assert_eq!(session::methods(&mut read(store).await, id).await.unwrap(), proven, "the token is another");
            // Nothing is noted of a session that nobody has.
            write!(store, |conn| session::note_method(conn, Uuid::from_u128(9), Method::Provider, NOW));
            assert_eq!(write!(store, |conn| session::end(conn, account, id, EndReason::SignedOut, later)).len(), 1);
            assert_eq!(session::methods(&mut read(store).await, id).await.unwrap(), [], "it has ended");
            write!(store, |conn| session::note_method(conn, id, Method::Provider, later));
            assert_eq!(write!(store, |conn| session::sweep(conn, NOW.plus(Span::days(1)))), 1);
            assert_eq!(session::methods(&mut read(store).await, id).await.unwrap(), []);
        }
        .boxed()
    })
    .await;
}

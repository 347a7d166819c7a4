//! A sign-in that is not complete, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::let_and_return, missing_docs)]

use crate::both::{NOW, member, on_both, read, write};
use futures_util::FutureExt;
use kagiya_domain::{Span, act::FlowKind, sign_in::Method};
use kagiya_store::{
    flow::{self, Flow},
    pending::{self, Pending},
    stored_request,
};
use uuid::Uuid;

#[tokio::test]
async fn what_was_proven_waits_with_its_flow_and_goes_with_it() {
    on_both(|store| {
        async move {
            let account = member(store, "hana").await;
            let (id, link) = (Uuid::from_u128(1), Uuid::from_u128(2));
            let proven = [(Method::Password, NOW), (Method::Provider, NOW.plus(Span::minutes(1)))];
            write!(store, |conn| async move {
                let row = Flow { id, account_id: Some(account), expires_at: NOW.0, ..Flow::of(FlowKind::SignIn) };
                flow::insert(conn, &row).await?;
                let row = Pending { flow_id: id, credential_version: 3, remember: 1, link_id: Some(link) };
                pending::insert(conn, &row, &proven).await
            });
            let found = pending::find(&mut read(store).await, id).await.unwrap().unwrap();
            assert_eq!((found.credential_version, found.remember, found.link_id), (3, 1, Some(link)));
            assert_eq!(pending::methods(&mut read(store).await, id).await.unwrap(), proven);
            assert!(pending::find(&mut read(store).await, link).await.unwrap().is_none());
            // What ends of one kind ends nothing of another.
            for (kind, over) in [(FlowKind::Recover, false), (FlowKind::SignIn, true)] {
                write!(store, |conn| flow::end_kind(conn, account, kind, NOW));
                let found = flow::find(&mut read(store).await, id).await.unwrap().unwrap();
                assert_eq!(found.finished_at.is_some(), over, "{kind:?}");
            }
            assert_eq!(write!(store, |conn| flow::sweep(conn, NOW.plus(Span::days(1)))), 1);
            assert!(pending::find(&mut read(store).await, id).await.unwrap().is_none());
            assert_eq!(pending::methods(&mut read(store).await, id).await.unwrap(), []);
        }
        .boxed()
    })
    .await;
}

#[tokio::test]
async fn a_long_destination_is_kept_until_its_end() {
    on_both(|store| {
        async move {
            let (id, until) = (Uuid::from_u128(1), NOW.plus(Span::hours(2)));
            write!(store, |conn| stored_request::insert(conn, id, "/long", until));
            let found = stored_request::find(&mut read(store).await, id, NOW).await.unwrap();
            assert_eq!(found.as_deref(), Some("/long"));
            assert_eq!(stored_request::find(&mut read(store).await, id, until).await.unwrap(), None);
            assert_eq!(stored_request::find(&mut read(store).await, Uuid::nil(), NOW).await.unwrap(), None);
            assert_eq!(write!(store, |conn| stored_request::sweep(conn, until)), 0);
            assert_eq!(write!(store, |conn| stored_request::sweep(conn, until.plus(Span(1)))), 1);
        }
        .boxed()
    })
    .await;
}

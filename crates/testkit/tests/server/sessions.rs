//! How a server follows what other servers end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![allow(clippy::too_many_lines)]

use futures_util::FutureExt;
use kagiya_domain::{Span, session::EndReason};
use kagiya_flows::session::token_hash;
use kagiya_store as store;
use kagiya_testkit::{Browser, TestServer};
use tokio::sync::{Mutex, oneshot};

const PASSWORD: &str = "correct horse battery";
/// A little longer than memory vouches.
const LAPSED: Span = Span(100);

async fn on_both(test: impl AsyncFn(&TestServer)) {
    for server in [Some(TestServer::start().await), TestServer::start_on_postgres().await] {
        let server = server.expect("KAGIYA_TEST_POSTGRES names no server: ./test starts one");
        server.member("hana", PASSWORD).await;
        test(&server).await;
        server.end().await;
    }
}

async fn signed_in(server: &TestServer) -> Browser {
    let mut browser = server.browser();
    assert_eq!(browser.sign_in("hana", PASSWORD).await.status, 303);
    browser
}

fn hash(browser: &Browser) -> [u8; 32] {
    let cookie = browser.cookies.iter().find(|(name, _)| name.contains("session")).unwrap().1;
    token_hash(cookie).unwrap()
}

/// Ends a session as another server would: this one is not told.
async fn end_elsewhere(server: &TestServer, hash: [u8; 32]) {
    let now = server.app.now();
    let end = server.app.store.write(move |conn| {
        async move { store::session::end_token(conn, &hash, EndReason::SignedOut, now).await }.boxed()
    });
    assert_eq!(end.await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_another_server_ends_is_over_when_the_lease_has_lapsed() {
    on_both(async |server| {
        let (mut one, mut other) = (signed_in(server).await, signed_in(server).await);
        assert_eq!((one.check().await, other.check().await), (200, 200));
        assert_eq!(server.app.sessions.len(), 2);
        end_elsewhere(server, hash(&one)).await;
        server.advance(LAPSED);
        assert_eq!((one.check().await, other.check().await), (401, 200));
        assert_eq!(server.app.sessions.len(), 1, "the other was not forgotten");
    })
    .await;
}

#[tokio::test]
async fn who_was_away_for_long_begins_anew() {
    on_both(async |server| {
        let mut browser = signed_in(server).await;
        assert_eq!(browser.check().await, 200);
        server.advance(LAPSED);
        assert_eq!(browser.check().await, 200, "the log was read");
        end_elsewhere(server, hash(&browser)).await;
        // What it would have read is gone.
        end_elsewhere(server, hash(&signed_in(server).await)).await;
        let later = server.app.now().plus(Span(1));
        let sweep = server.app.store.write(move |conn| async move { store::ending::sweep(conn, later).await }.boxed());
        assert_eq!(sweep.await.unwrap(), 1);
        server.advance(Span::minutes(6));
        assert_eq!(browser.check().await, 401);
    })
    .await;
}

/// PostgreSQL gives numbers before it commits: a line may come to be seen after a younger one.
#[tokio::test]
async fn an_ending_that_is_committed_late_is_not_passed_over() {
    let server = TestServer::start_on_postgres().await;
    let server = server.expect("KAGIYA_TEST_POSTGRES names no server: ./test starts one");
    server.member("hana", PASSWORD).await;
    // Before the first reading of the log, and after it.
    for begun in [false, true] {
        let (mut slow, mut fast) = (signed_in(&server).await, signed_in(&server).await);
        if begun {
            assert_eq!((slow.check().await, fast.check().await), (200, 200));
        }
        let ((said, heard), (go, wait)) = (oneshot::channel(), oneshot::channel::<()>());
        let channels = std::sync::Arc::new(Mutex::new(Some((said, wait))));
        let (token, now) = (hash(&slow), server.app.now());
        let ending = server.app.store.write(move |conn| {
            async move {
                let _ = store::session::end_token(conn, &token, EndReason::SignedOut, now).await?;
                let (said, wait) = channels.lock().await.take().unwrap();
                said.send(()).unwrap();
                wait.await.unwrap();
                Ok(())
            }
            .boxed()
        });
        let meanwhile = async {
            heard.await.unwrap();
            end_elsewhere(&server, hash(&fast)).await;
            server.advance(LAPSED);
            assert_eq!((slow.check().await, fast.check().await), (200, 401), "not committed, committed");
            server.advance(LAPSED);
            assert_eq!(slow.check().await, 200);
            go.send(()).unwrap();
        };
        let (ended, ()) = tokio::join!(ending, meanwhile);
        ended.unwrap();
        server.advance(LAPSED);
        assert_eq!(slow.check().await, 401, "begun: {begun}");
    }
    server.end().await;
}

/// However many sessions one act ends, none of them is passed over for an act that is committed first.
#[tokio::test]
async fn a_long_row_of_endings_is_not_passed_over() {
    let server = TestServer::start_on_postgres().await;
    let server = server.expect("KAGIYA_TEST_POSTGRES names no server: ./test starts one");
    server.member("hana", PASSWORD).await;
    server.member("taro", PASSWORD).await;
    let mut own = signed_in(&server).await;
    let mut other = server.browser();
    assert_eq!(other.sign_in("taro", PASSWORD).await.status, 303);
    let mut conn = server.app.store.reader().await.unwrap();
    let account = store::session::find(&mut conn, &hash(&own)).await.unwrap().unwrap().account_id;
    drop(conn);
    let now = server.app.now();
    let many = server.app.store.write(move |conn| {
        async move {
            for n in 0..1_500_u128 {
                let mut token_hash = [0; 32];
                token_hash[..16].copy_from_slice(&(n + 1).to_be_bytes());
                let new = store::session::NewSession {
                    id: uuid::Uuid::from_u128(n + 1),
                    token_hash,
                    account_id: account,
                    expires_at: now.plus(Span::days(1)),
                    idle_ms: Span::days(1).0,
                    browser: String::new(),
                    system: String::new(),
                    network: String::new(),
                    link_id: None,
                };
                store::session::insert(conn, &new, now).await?;
            }
            Ok(())
        }
        .boxed()
    });
    many.await.unwrap();
    server.advance(LAPSED);
    assert_eq!((own.check().await, other.check().await), (200, 200));
    server.advance(LAPSED);
    assert_eq!(own.check().await, 200, "the log was read");
    let ((said, heard), (go, wait)) = (oneshot::channel(), oneshot::channel::<()>());
    let channels = std::sync::Arc::new(Mutex::new(Some((said, wait))));
    let ending = server.app.store.write(move |conn| {
        async move {
            let ended = store::session::end_all(conn, account, None, EndReason::AccountState, now).await?;
            let (said, wait) = channels.lock().await.take().unwrap();
            said.send(()).unwrap();
            wait.await.unwrap();
            Ok(ended.len())
        }
        .boxed()
    });
    let meanwhile = async {
        heard.await.unwrap();
        end_elsewhere(&server, hash(&other)).await;
        server.advance(LAPSED);
        assert_eq!((own.check().await, other.check().await), (200, 401), "not committed, committed");
        go.send(()).unwrap();
    };
    let (ended, ()) = tokio::join!(ending, meanwhile);
    assert_eq!(ended.unwrap(), 1_501);
    server.advance(LAPSED);
    assert_eq!(own.check().await, 401);
    server.end().await;
}

/// After a failover, or from a restored copy, numbers are given anew that were read already.
#[tokio::test]
async fn a_database_that_went_back_is_noticed() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    let mut browser = signed_in(&server).await;
    assert_eq!(browser.check().await, 200);
    end_elsewhere(&server, hash(&signed_in(&server).await)).await;
    server.advance(LAPSED);
    assert_eq!(browser.check().await, 200, "the log was read to its first line");
    let file = rusqlite::Connection::open(server.file()).unwrap();
    file.execute_batch("DELETE FROM ending; UPDATE sqlite_sequence SET seq = 0 WHERE name = 'ending'").unwrap();
    end_elsewhere(&server, hash(&browser)).await;
    server.advance(LAPSED);
    assert_eq!(browser.check().await, 401);
    server.end().await;
}

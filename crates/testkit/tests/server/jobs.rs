//! What runs by itself is begun anew when it breaks, told while it is broken, and ends before the store does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use kagiya_domain::Span;
use kagiya_flows::jobs::runner;
use kagiya_testkit::TestServer;

async fn until(met: impl Fn() -> bool) {
    for _ in 0..500 {
        if met() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came");
}

#[tokio::test]
async fn a_job_that_breaks_is_begun_anew_and_told() {
    let server = TestServer::start().await;
    let begun = Arc::new(AtomicUsize::new(0));
    let (count, mut browser) = (Arc::clone(&begun), server.browser());
    assert_eq!(browser.get("/readyz").await.status, 200);
    runner::spawn(&server.app, "odd job", move |app| {
        let turn = count.fetch_add(1, Ordering::SeqCst);
        async move {
            assert!(turn > 1, "as the test wants it");
            app.jobs.stopping().await;
        }
        .boxed()
    });
    until(|| begun.load(Ordering::SeqCst) >= 1).await;
    until(|| server.app.jobs.broken(server.app.clock.monotonic_ms()).is_some()).await;
    let told = browser.get("/readyz").await;
    assert_eq!((told.status, told.text.contains("odd job")), (503, true));
    assert_eq!(server.app.jobs.broken(server.app.clock.monotonic_ms()), Some("odd job"));
    // Twice broken, it runs the third time, and is well again after a while.
    until(|| begun.load(Ordering::SeqCst) == 3).await;
    server.advance(Span::seconds(31));
    assert_eq!(browser.get("/readyz").await.status, 200);
    server.app.jobs.stop().await;
    assert_eq!(begun.load(Ordering::SeqCst), 3, "it ended by itself");
    server.end().await;
}

#[tokio::test]
async fn what_a_job_had_in_hand_ends_with_it() {
    let server = TestServer::start().await;
    let (begun, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    struct Last(Arc<AtomicUsize>);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let (first, last) = (Arc::clone(&begun), Arc::clone(&ended));
    // One that never ends by itself.
    runner::spawn(&server.app, "deaf job", move |_| {
        let last = Last(Arc::clone(&last));
        first.fetch_add(1, Ordering::SeqCst);
        async move {
            let _last = last;
            std::future::pending::<()>().await;
        }
        .boxed()
    });
    until(|| begun.load(Ordering::SeqCst) == 1).await;
    server.app.jobs.stop().await;
    until(|| ended.load(Ordering::SeqCst) == 1).await;
    server.end().await;
}

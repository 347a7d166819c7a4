//! What one browser, one mailbox and one page went through, told by the time that passed.

use futures_util::FutureExt;
use kagiya_domain::{Cause, Evidence, Span};
use kagiya_store::{self as store, delivery::Delivery};
use kagiya_testkit::TestServer;

const PASSWORD: &str = "correct horse battery";

async fn on_both() -> Vec<TestServer> {
    let mut servers = vec![TestServer::start().await];
    servers.extend(TestServer::start_on_postgres().await);
    servers
}

#[tokio::test]
async fn a_page_that_stood_in_a_cache_is_told_apart_from_blocked_cookies() {
    for server in on_both().await {
        server.member("hana", PASSWORD).await;
        for (hours, via, cause) in [
            (9, Some("1.1 cache.example.jp"), "browser.cache"),
            // A tab that was left open, and a proxy that hands out what is new.
            (9, None, "browser.cookie_blocked"),
            (1, Some("1.1 cache.example.jp"), "browser.cookie_blocked"),
        ] {
            let page = server.browser().get("/sign-in").await;
            server.advance(Span::minutes(60 * hours + 1));
            let mut browser = server.browser();
            browser.headers.extend(via.map(|via| ("via".to_owned(), via.to_owned())));
            let answer = browser.fill(&page, "/sign-in", &[("login", "hana"), ("password", PASSWORD)]).await;
            assert_eq!(answer.cause(), cause, "{hours} h, {via:?}");
        }
        server.end().await;
    }
}

#[tokio::test]
async fn what_was_put_off_before_says_nothing_of_the_mail_of_now() {
    for server in on_both().await {
        server.member("hana", PASSWORD).await;
        let put_off = async |minutes: i64| {
            let (id, at) = (uuid::Uuid::new_v4(), server.app.now().minus(Span::minutes(minutes)).0);
            let write = server.app.store.write(move |conn| {
                async move {
                    let (kind, answer) = ("recover".to_owned(), "4.2.2 full".to_owned());
                    let row = Delivery { at, kind, outcome: "deferred".to_owned(), status: 452, answer };
                    store::delivery::insert(conn, id, "hana@example.jp", "example.jp", &row).await
                }
                .boxed()
            });
            write.await.unwrap();
        };
        let mut browser = server.browser();
        for (minutes, held_back) in [(60 * 24 * 30, false), (0, true)] {
            let sent = browser.submit("/recover", &[("email", "hana")]).await;
            let page = browser.get(&sent.location.unwrap()).await;
            put_off(minutes).await;
            let refused = browser.fill(&page, "/recover/code", &[("code", "000000")]).await;
            let report = server.why(&refused.reference()).await;
            let found = report.evidence.contains(&Evidence::MailDeferred { status: 452 });
            let expected = if held_back { Cause::CodeUndelivered } else { Cause::CodeWrong };
            assert_eq!((found, report.verdict.cause), (held_back, expected), "{minutes} minutes ago");
            server.advance(Span::minutes(30));
        }
        server.end().await;
    }
}

//! A sign-in that is not complete waits on the server: in another tab, in another language, for one browser, once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use kagiya_domain::{Span, login_id::Skeleton, sign_in::Method};
use kagiya_store as store;
use kagiya_testkit::{Answer, Browser, TestServer};

const PASSWORD: &str = "correct horse battery";
const REOPEN: &str = "/sign-in/reopen";

async fn on_both() -> Vec<TestServer> {
    let mut servers = vec![TestServer::start().await];
    servers.extend(TestServer::start_on_postgres().await);
    servers
}

/// A member who has left.
async fn closed(server: &TestServer) {
    server.member("hana", PASSWORD).await;
    let mut browser = server.browser();
    browser.sign_in("hana", PASSWORD).await;
    assert_eq!(browser.submit("/account/close", &[("password", PASSWORD)]).await.status, 303);
}

/// Signs in on the way to a page, and is offered to come back.
async fn offered(browser: &mut Browser) -> Answer {
    let page = browser.get("/sign-in?return_to=/account/sessions").await;
    let offer = browser.fill(&page, "/sign-in", &[("login", "hana"), ("password", PASSWORD), ("remember", "1")]).await;
    assert_eq!(offer.status, 200);
    assert_eq!(browser.check().await, 401, "nobody is in yet");
    offer
}

#[tokio::test]
async fn whoever_comes_back_is_in_and_goes_where_they_wanted() {
    for server in on_both().await {
        closed(&server).await;
        let mut browser = server.browser();
        let offer = offered(&mut browser).await;
        let flow = offer.hidden(REOPEN)["flow"].clone();
        // Another tab, another language, a reload: the same offer, without a word of it in the address.
        for (path, words) in [
            (REOPEN.to_owned(), "退会したアカウントです"),
            (format!("{REOPEN}?flow={flow}&lang=en"), "This account is closed"),
        ] {
            let page = browser.get(&path).await;
            assert!(page.text.contains(words), "{path}: {}", page.text);
            assert_eq!(page.hidden(REOPEN)["flow"], flow);
        }
        assert_eq!(offer.hidden("/language")["from"], format!("{REOPEN}?flow={flow}"));
        server.advance(Span::minutes(3));
        let back = browser.fill(&offer, REOPEN, &[]).await;
        assert_eq!(back.status, 303);
        assert_eq!(browser.check().await, 200, "what was proven was not asked again");
        assert_eq!(browser.get(&back.location.unwrap()).await.location.as_deref(), Some("/account/sessions"));
        // When it was proven, not when it was confirmed; and for as long as was ticked.
        let mut conn = server.app.store.reader().await.unwrap();
        let account =
            store::account::find_by_skeleton(&mut conn, Skeleton::of("hana").as_str()).await.unwrap().unwrap();
        let session = store::session::of_account(&mut conn, account.id, server.app.now()).await.unwrap().remove(0);
        assert_eq!(session.idle_ms, Span::days(30).0);
        let proven = store::session::methods(&mut conn, session.id).await.unwrap();
        assert_eq!(proven, [(Method::Password, server.app.now().minus(Span::minutes(3)))]);
        drop(conn);
        // Once; a second press of a moment ago had the answer of the first.
        server.advance(Span::minutes(1));
        let again = browser.fill(&offer, REOPEN, &[]).await;
        assert_eq!((again.status, again.cause().as_str()), (410, "browser.flow_expired"));
        server.end().await;
    }
}

#[tokio::test]
async fn an_offer_is_for_the_browser_that_had_it_and_for_a_while() {
    for server in on_both().await {
        closed(&server).await;
        let (mut browser, mut other) = (server.browser(), server.browser());
        let offer = offered(&mut browser).await;
        let page = other.get("/sign-in").await;
        let mut stolen = page.hidden("/sign-in");
        stolen.insert("flow".into(), offer.hidden(REOPEN)["flow"].clone());
        assert_eq!(other.post(REOPEN, &stolen).await.status, 410);
        assert_eq!(other.get(REOPEN).await.location.as_deref(), Some("/sign-in"));
        assert_eq!(other.check().await, 401);
        server.advance(Span::minutes(11));
        assert_eq!(browser.fill(&offer, REOPEN, &[]).await.status, 410, "too late");
        assert_eq!(browser.check().await, 401);
        // The account is closed as before; two at once make one session.
        let offer = offered(&mut browser).await;
        let mut twin = server.browser();
        twin.cookies.clone_from(&browser.cookies);
        let (one, two) = tokio::join!(browser.fill(&offer, REOPEN, &[]), twin.fill(&offer, REOPEN, &[]));
        assert_eq!((one.status, two.status), (303, 303));
        let mut conn = server.app.store.reader().await.unwrap();
        let account =
            store::account::find_by_skeleton(&mut conn, Skeleton::of("hana").as_str()).await.unwrap().unwrap();
        assert_eq!(store::session::of_account(&mut conn, account.id, server.app.now()).await.unwrap().len(), 1);
        drop(conn);
        server.end().await;
    }
}

#[tokio::test]
async fn what_was_proven_of_a_former_password_completes_nothing() {
    for server in on_both().await {
        closed(&server).await;
        let mut browser = server.browser();
        let offer = offered(&mut browser).await;
        let done = server.app.store.write(|conn| {
            Box::pin(async move {
                let found = store::account::find_by_skeleton(conn, Skeleton::of("hana").as_str()).await?;
                store::account::bump_version(conn, found.map(|found| found.id).unwrap_or_default()).await
            })
        });
        done.await.unwrap();
        assert_eq!(browser.fill(&offer, REOPEN, &[]).await.status, 410);
        assert_eq!(browser.check().await, 401);
        server.end().await;
    }
}

/// Whoever has no password comes in by a mailed code for once, and that is spent by the offer already.
#[tokio::test]
async fn a_way_in_for_once_is_spent_by_the_offer() {
    for server in on_both().await {
        let command_line = kagiya_flows::staff::agent::Agent::command_line();
        kagiya_flows::staff::operator::create(&server.app, "hana", "hana@example.jp", None, &command_line)
            .await
            .unwrap();
        let now = server.app.now();
        let done = server.app.store.write(move |conn| {
            Box::pin(async move {
                let found = store::account::find_by_skeleton(conn, Skeleton::of("hana").as_str()).await?;
                let id = found.map(|found| found.id).unwrap_or_default();
                let new = store::link::NewLink {
                    id: uuid::Uuid::from_u128(7),
                    provider: "google".into(),
                    issuer: "https://accounts.google.com".into(),
                    subject: "1".into(),
                    shown: "h***".into(),
                    email_key: None,
                    refresh_token: None,
                };
                store::link::insert(conn, id, &new, now).await?;
                store::account::set_state(conn, id, kagiya_domain::account::AccountState::Closed, now).await
            })
        });
        done.await.unwrap();
        let mut browser = server.browser();
        let sent = browser.submit("/recover", &[("email", "hana@example.jp")]).await;
        let code = server.code("hana@example.jp").await;
        let page = browser.get(&sent.location.unwrap()).await;
        let proven = browser.fill(&page, "/recover/code", &[("code", &code)]).await;
        let page = browser.get(&proven.location.unwrap()).await;
        let offer = browser.fill(&page, "/recover/password", &[("once", "1")]).await;
        assert_eq!(offer.status, 200, "{}", offer.text);
        let again = browser.fill(&page, "/recover/password", &[("once", "1")]).await;
        assert_eq!(again.status, 410, "the code is spent");
        assert_eq!(browser.fill(&offer, REOPEN, &[]).await.status, 303);
        assert_eq!(browser.check().await, 200);
        server.deliver().await;
        server.end().await;
    }
}

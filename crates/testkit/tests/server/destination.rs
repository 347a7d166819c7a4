//! What goes on after a sign-in, when it is longer than a query may carry: kept through every act.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use kagiya_domain::{Span, destination::Destination};
use kagiya_flows::{Visitor, sign_in::destination};
use kagiya_testkit::{Answer, Browser, TestServer};
use kagiya_text::Lang;

const PASSWORD: &str = "correct horse battery";

fn long() -> String {
    format!("/app/search?q={}", "a".repeat(5_000))
}

/// What an endpoint of ours does that accepts a long request: keeps it, and sends the browser to sign in.
async fn set_out(server: &TestServer, browser: &mut Browser) -> Answer {
    let kept = destination::keep(&server.app, &Visitor::nobody(Lang::Ja), &long()).await.unwrap();
    let page = browser.get(&format!("/sign-in?return_to={}", kept.carried())).await;
    assert_eq!(page.hidden("/sign-in")["return_to"], kept.carried());
    page
}

#[tokio::test]
async fn a_long_destination_survives_whatever_happens_on_the_way() {
    let mut servers = vec![TestServer::start().await];
    servers.extend(TestServer::start_on_postgres().await);
    for server in servers {
        server.member("hana", PASSWORD).await;
        let mut browser = server.browser();
        let page = set_out(&server, &mut browser).await;
        // A mistake, another language, and the sign-in.
        let wrong = browser.fill(&page, "/sign-in", &[("login", "hana"), ("password", "wrong one")]).await;
        assert_eq!(wrong.status, 401);
        assert!(wrong.hidden("/language")["from"].contains("return_to=request."), "{}", wrong.text);
        let right = browser.fill(&wrong, "/sign-in", &[("login", "hana"), ("password", PASSWORD)]).await;
        assert_eq!(right.status, 303);
        assert_eq!(browser.get(&right.location.unwrap()).await.location, Some(long()));
        // The same by a recovery, in the row of its flow.
        let mut lost = server.browser();
        let carried = set_out(&server, &mut lost).await.hidden("/sign-in")["return_to"].clone();
        let page = lost.get(&format!("/recover?return_to={carried}")).await;
        let sent = lost.fill(&page, "/recover", &[("email", "hana@example.jp")]).await;
        let code = server.code("hana@example.jp").await;
        let page = lost.get(&sent.location.unwrap()).await;
        let proven = lost.fill(&page, "/recover/code", &[("code", &code)]).await;
        let page = lost.get(&proven.location.unwrap()).await;
        let reset = lost.fill(&page, "/recover/password", &[("password", "a new pass phrase")]).await;
        assert!(reset.location.as_ref().unwrap().contains(&format!("return_to={carried}")), "{:?}", reset.location);
        let page = lost.get(&reset.location.unwrap()).await;
        let right = lost.fill(&page, "/sign-in", &[("login", "hana"), ("password", "a new pass phrase")]).await;
        assert_eq!(lost.get(&right.location.unwrap()).await.location, Some(long()));
        // It has an end, and then leads to the front page; so does one that nobody kept.
        server.advance(Span::minutes(121));
        for key in [carried.as_str(), "request.00000000000000000000000000000000"] {
            let mut late = server.browser();
            let page = late.get(&format!("/sign-in?return_to={key}")).await;
            let login = [("login", "hana"), ("password", "a new pass phrase")];
            let right = late.fill(&page, "/sign-in", &login).await;
            let shown = late.get(&right.location.unwrap()).await;
            assert_eq!((shown.status, shown.location.as_deref()), (200, None), "{key}");
            assert!(shown.text.contains("<a class=\"button\" href=\"/\">"), "the way on leads on: {}", shown.text);
        }
        server.deliver().await;
        server.end().await;
    }
}

#[tokio::test]
async fn what_leads_elsewhere_is_kept_no_more_than_it_is_carried() {
    let server = TestServer::start().await;
    let visitor = Visitor::nobody(Lang::Ja);
    let long = "a".repeat(3_000);
    for target in
        [format!("//evil.example/{long}"), format!("https://evil.example/{long}"), format!("/sign-out?{long}")]
    {
        assert_eq!(destination::keep(&server.app, &visitor, &target).await.unwrap(), Destination::Home, "{target}");
    }
    // A network keeps so many a minute; then people are led to the front page.
    let mut kept = 0;
    for n in 0..80 {
        let one = destination::keep(&server.app, &visitor, &format!("/a{n}?{long}")).await.unwrap();
        kept += usize::from(one != Destination::Home);
    }
    assert_eq!(kept, 60);
    server.end().await;
}

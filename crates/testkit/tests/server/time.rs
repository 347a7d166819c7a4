//! What only time shows: expiry, waits, grace, sleep.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use kagiya_domain::{Cause, Evidence, Span, login_id::Skeleton, sign_in::Method};
use kagiya_store as store;
use kagiya_testkit::{Answer, Browser, TestServer};

const PASSWORD: &str = "correct horse battery";

#[tokio::test]
async fn cookies_are_bound_to_the_host_and_the_session_runs_out_unused() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    let mut browser = server.browser();
    assert_eq!(browser.sign_in("hana", PASSWORD).await.status, 303);
    assert!(browser.cookies.keys().all(|name| name.starts_with("__Host-")), "{:?}", browser.cookies);
    server.advance(Span::minutes(119));
    assert_eq!(browser.check().await, 200);
    kagiya_flows::session::endings::write_uses(&server.app).await.unwrap();
    server.advance(Span::minutes(119));
    assert_eq!(browser.check().await, 200, "a use counts");
    server.advance(Span::minutes(121));
    assert_eq!(browser.check().await, 401);
    assert!(browser.get("/sign-in").await.text.contains("しばらくご利用がなかった"));
    assert!(!browser.get("/sign-in").await.text.contains("しばらくご利用がなかった"), "told once");
    server.end().await;
}

#[tokio::test]
async fn a_sign_in_of_long_ago_hands_out_no_keys_and_takes_none_away() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    let mut browser = server.browser();
    browser.sign_in("hana", PASSWORD).await;
    let link = "/account/links/00000000-0000-7000-8000-000000000000";
    for (minutes, fresh) in [(14, true), (2, false)] {
        server.advance(Span::minutes(minutes));
        let form = browser.get("/account/security").await.hidden("/account/security");
        for path in ["/account/links/google".to_owned(), format!("{link}/relink"), format!("{link}/remove")] {
            let answer = browser.post(&path, &form).await;
            let asked = answer.status == 422 && answer.text.contains("ログインし直してから");
            assert_eq!(asked, !fresh, "{path} {}", answer.status);
        }
        assert_eq!(browser.post(&format!("{link}/test"), &form).await.status, 303);
        let mut others = form.clone();
        others.insert("others".into(), "1".into());
        let answer = browser.post("/account/sessions", &others).await;
        assert_eq!(answer.status == 303, fresh, "ending the others: {}", answer.status);
    }
    server.end().await;
}

#[tokio::test]
async fn a_password_that_is_typed_once_more_is_a_proof_of_its_own() {
    let mut servers = vec![TestServer::start().await];
    servers.extend(TestServer::start_on_postgres().await);
    for server in servers {
        server.member("hana", PASSWORD).await;
        let mut browser = server.browser();
        browser.sign_in("hana", PASSWORD).await;
        server.advance(Span::minutes(16));
        let form = browser.get("/account/security").await.hidden("/account/security");
        let unlink = "/account/links/00000000-0000-7000-8000-000000000000/remove";
        // What is refused is asked for again with the password: wrong ones change nothing.
        for (password, asked) in [("wrong", 422), (PASSWORD, 303)] {
            let page = browser.get("/account/security").await;
            let add = [("email", "more@example.jp"), ("password", password)];
            let answer = browser.fill(&page, "/account/emails", &add).await;
            assert_eq!(answer.status, if asked == 303 { 303 } else { 401 }, "{}", answer.text);
            assert_eq!(browser.post(unlink, &form).await.status, asked, "{password}");
        }
        // For a quarter of an hour, and not by being there: a page that is opened proves nothing.
        server.advance(Span::minutes(14));
        assert_eq!(browser.get("/account/security").await.status, 200);
        assert_eq!(browser.post(unlink, &form).await.status, 303);
        server.advance(Span::minutes(2));
        assert_eq!(browser.post(unlink, &form).await.status, 422);
        server.end().await;
    }
}

#[tokio::test]
async fn a_session_keeps_what_was_proven_in_it() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    server.browser().sign_in("hana", PASSWORD).await;
    let mut browser = server.browser();
    let typed = [("login_id", "taro"), ("email", "taro@example.jp"), ("password", PASSWORD)];
    let started = browser.submit("/sign-up", &typed).await;
    let page = browser.get(&started.location.unwrap()).await;
    let code = server.code("taro@example.jp").await;
    assert_eq!(browser.fill(&page, "/sign-up/verify", &[("code", &code)]).await.status, 303);
    let mut conn = server.app.store.reader().await.unwrap();
    for (login_id, method) in [("hana", Method::Password), ("taro", Method::MailedCode)] {
        let skeleton = Skeleton::of(login_id);
        let account = store::account::find_by_skeleton(&mut conn, skeleton.as_str()).await.unwrap().unwrap();
        let session = store::session::of_account(&mut conn, account.id, server.app.now()).await.unwrap().remove(0);
        let methods = store::session::methods(&mut conn, session.id).await.unwrap();
        assert_eq!(methods, [(method, server.app.now())], "{login_id}");
    }
    drop(conn);
    server.end().await;
}

#[tokio::test]
async fn remembered_sessions_live_for_thirty_days() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    let mut browser = server.browser();
    browser.submit("/sign-in", &[("login", "hana"), ("password", PASSWORD), ("remember", "1")]).await;
    server.advance(Span::days(29));
    assert_eq!(browser.check().await, 200);
    server.advance(Span::days(2));
    assert_eq!(browser.check().await, 401);
    server.end().await;
}

#[tokio::test]
async fn waits_double_and_end_by_themselves() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    for minutes in [5, 10, 20] {
        let mut browser = server.browser();
        for n in 0..3 {
            assert_eq!(browser.sign_in("hana", &format!("wrong {minutes} {n}")).await.status, 401);
        }
        let refused = browser.sign_in("hana", PASSWORD).await;
        assert_eq!((refused.status, refused.cause().as_str()), (429, "credential.locked"));
        assert_eq!(refused.retry_after, Some(minutes * 60));
        server.advance(Span::minutes(minutes));
    }
    assert_eq!(server.browser().sign_in("hana", PASSWORD).await.status, 303);
    server.end().await;
}

/// A recovery of `hana`: the page that takes the code, and the code.
async fn recovery(server: &TestServer, browser: &mut Browser) -> (Answer, String) {
    let started = browser.submit("/recover", &[("email", "hana")]).await;
    let page = browser.get(&started.location.unwrap()).await;
    (page, server.code("hana@example.jp").await)
}

#[tokio::test]
async fn a_code_runs_out_and_says_so() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    let mut browser = server.browser();
    let (page, code) = recovery(&server, &mut browser).await;
    server.advance(Span::minutes(11));
    let refused = browser.fill(&page, "/recover/code", &[("code", &code)]).await;
    assert_eq!(refused.status, 401);
    assert!(refused.text.contains("data-because=\"code_expired\""), "{}", refused.text);
    // Sending it again is possible, and gives five new tries.
    let again = browser.fill(&page, "/recover/code", &[("resend", "1")]).await;
    assert_eq!(again.status, 303);
    let code = server.code("hana@example.jp").await;
    assert_eq!(browser.fill(&page, "/recover/code", &[("code", &code)]).await.status, 303);
    server.end().await;
}

#[tokio::test]
async fn what_can_be_no_code_is_said_and_uses_up_no_try() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    let mut browser = server.browser();
    let (page, code) = recovery(&server, &mut browser).await;
    for typed in ["abcdef", "12345", "1234567", "https://example.jp/", "not a code", "１２３"] {
        let refused = browser.fill(&page, "/recover/code", &[("code", typed)]).await;
        assert_eq!((refused.status, refused.cause().as_str()), (401, "credential.code_wrong"), "{typed}");
        assert!(refused.text.contains("6桁の数字です"), "{typed}");
    }
    // As it was copied, with the letter that looks like it.
    let typed = format!("確認コード: {}", code.replace('0', "O"));
    let typed = if code.contains('0') { code.replace('0', "O") } else { typed };
    assert_eq!(browser.fill(&page, "/recover/code", &[("code", &typed)]).await.status, 303);
    server.end().await;
}

#[tokio::test]
async fn a_code_allows_five_tries_and_resending_waits() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    let mut browser = server.browser();
    let (page, code) = recovery(&server, &mut browser).await;
    for n in 0..5 {
        assert_eq!(browser.fill(&page, "/recover/code", &[("code", &format!("00000{n}"))]).await.status, 401);
    }
    let spent = browser.fill(&page, "/recover/code", &[("code", &code)]).await;
    assert!(spent.text.contains("data-because=\"code_tries_spent\""), "{}", spent.text);
    let early = browser.fill(&page, "/recover/code", &[("resend", "1")]).await;
    assert_eq!((early.status, early.retry_after), (429, Some(60)));
    server.advance(Span::seconds(61));
    assert_eq!(browser.fill(&page, "/recover/code", &[("resend", "1")]).await.status, 303);
    server.end().await;
}

#[tokio::test]
async fn slow_mail_is_ours_and_everyone_may_know() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    let mut browser = server.browser();
    let started = browser.submit("/recover", &[("email", "hana")]).await;
    let page = browser.get(&started.location.unwrap()).await;
    server.advance(Span::minutes(4));
    browser.fill(&page, "/recover/code", &[("resend", "1")]).await;
    let refused = browser.fill(&page, "/recover/code", &[("resend", "1")]).await;
    assert_eq!(refused.cause(), "platform.mail_delay");
    let report = server.why(&refused.reference()).await;
    assert_eq!(report.verdict.cause, Cause::PlatformMailDelay);
    assert!(report.evidence.contains(&Evidence::MailQueueSlow { minutes: 4 }));
    server.end().await;
}

#[tokio::test]
async fn an_unfinished_sign_up_reserves_nothing_for_long() {
    let server = TestServer::start().await;
    let form = |email: &'static str| [("login_id", "hana"), ("email", email), ("password", PASSWORD)];
    let mut first = server.browser();
    assert_eq!(first.submit("/sign-up", &form("first@example.jp")).await.status, 303);
    let mut second = server.browser();
    assert_eq!(second.submit("/sign-up", &form("second@example.jp")).await.status, 409);
    // Until then its owner is told what is missing.
    let unverified = server.browser().sign_in("hana", PASSWORD).await;
    assert_eq!((unverified.status, unverified.cause().as_str()), (403, "credential.account_state"));
    server.advance(Span::minutes(11));
    assert_eq!(second.submit("/sign-up", &form("second@example.jp")).await.status, 303);
    server.end().await;
}

#[tokio::test]
async fn a_closed_account_comes_back_for_thirty_days_then_its_data_is_gone() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    let mut browser = server.browser();
    browser.sign_in("hana", PASSWORD).await;
    let page = browser.get("/account/close").await;
    assert_eq!(browser.fill(&page, "/account/close", &[("password", PASSWORD)]).await.status, 303);
    server.advance(Span::days(29));
    let offered = browser.sign_in("hana", PASSWORD).await;
    assert_eq!(offered.status, 200);
    kagiya_flows::jobs::clean_up(&server.app).await.unwrap();
    server.advance(Span::days(2));
    assert_eq!(server.browser().sign_in("hana", PASSWORD).await.status, 401);
    kagiya_flows::jobs::clean_up(&server.app).await.unwrap();
    let taken = server
        .browser()
        .submit("/sign-up", &[("login_id", "hana"), ("email", "x@example.jp"), ("password", PASSWORD)])
        .await;
    assert_eq!(taken.status, 409, "an ID is never used twice");
    let account = kagiya_flows::staff::operator::find(&server.app, "hana").await.unwrap();
    let overview = kagiya_flows::account::overview(&server.app, account.id).await.unwrap().unwrap();
    assert!(overview.emails.is_empty() && overview.password_set_at.is_none());
    server.end().await;
}

#[tokio::test]
async fn a_sleeping_account_wakes_by_mail() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    server.advance(Span::days(366));
    kagiya_flows::jobs::clean_up(&server.app).await.unwrap();
    let mut browser = server.browser();
    let refused = browser.sign_in("hana", PASSWORD).await;
    assert_eq!((refused.status, refused.cause().as_str()), (403, "credential.account_state"));
    let started = browser.submit("/unlock", &[("login", "hana")]).await;
    let page = browser.get(&started.location.unwrap()).await;
    let code = server.code("hana@example.jp").await;
    assert_eq!(browser.fill(&page, "/unlock/code", &[("code", &code)]).await.status, 303);
    assert_eq!(browser.sign_in("hana", PASSWORD).await.status, 303);
    server.end().await;
}

#[tokio::test]
async fn the_owner_is_told_what_a_stranger_is_not() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    let mut browser = server.browser();
    let refused = browser.sign_in("hana", "CORRECT HORSE BATTERY").await;
    assert_eq!(refused.cause(), "credential.password");
    let page = browser.get("/sign-in").await;
    drop(page);
    let started = browser.fill(&refused, &format!("/why/{}/confirm", refused.reference()), &[]).await;
    let page = browser.get(&started.location.unwrap()).await;
    let code = server.code("hana@example.jp").await;
    let action = format!("/why/{}/confirm", refused.reference());
    assert_eq!(browser.fill(&page, &action, &[("code", &code)]).await.status, 303);
    server.why(&refused.reference()).await;
    let told = browser.get(&format!("/why/{}", refused.reference())).await;
    assert_eq!(told.cause(), "credential.input_form");
    assert_eq!(told.attribute("data-audience").as_deref(), Some("owner"));
    assert!(told.text.contains("data-because=\"slip_all_case\""));
    // What worked is learnt.
    assert_eq!(browser.sign_in("hana", PASSWORD).await.status, 303);
    assert!(server.why(&refused.reference()).await.attempt.resolved_by.is_some());
    server.end().await;
}

#[tokio::test]
async fn what_was_only_measured_undoes_no_lock_when_it_ends() {
    use kagiya_domain::{
        notice::{Impact, Stage},
        role::Role,
    };
    use kagiya_flows::{
        staff::{
            agent::Agent,
            operator::{self, RoleChange},
        },
        status::notices::{self, Change, Report, Text},
    };
    for (who, expected) in [("system", 429), ("operator", 429), ("cli", 303)] {
        let server = TestServer::start().await;
        server.member("hana", PASSWORD).await;
        let by = match who {
            "system" => Agent::system(),
            "cli" => Agent::command_line(),
            _ => {
                // Whoever may tell of an incident, and not end a pause, ends none by it.
                server.member("ito", PASSWORD).await;
                let grant = RoleChange::Grant(Role::Operator);
                let ito = operator::change_roles(&server.app, "ito", grant, &Agent::command_line()).await.unwrap();
                kagiya_flows::staff::agent_of(&ito).unwrap()
            }
        };
        let since = Some(server.app.now());
        server.advance(Span::minutes(1));
        let mut browser = server.browser();
        for n in 0..12 {
            browser.sign_in("hana", &format!("wrong {n}")).await;
        }
        let report = Report {
            text: Text { message: "調べています".into(), ..Text::default() },
            impact: Impact::Major,
            stage: Stage::Investigating,
            components: vec!["password".into()],
            since,
            next_update: None,
        };
        // As the server publishes one by itself, where the settings let it.
        let told = notices::open(&server.app, report, "component:password", &Agent::system()).await.unwrap().unwrap();
        let over = Change { stage: Some(Stage::Resolved), ..Change::default() };
        notices::change(&server.app, told, over, &by).await.unwrap().unwrap();
        assert_eq!(server.browser().sign_in("hana", PASSWORD).await.status, expected, "{who}");
        server.end().await;
    }
}

#[tokio::test]
async fn addresses_are_changed_by_whoever_signed_in_lately() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    let mut browser = server.browser();
    assert_eq!(browser.sign_in("hana", PASSWORD).await.status, 303);
    let page = browser.get("/account/security").await;
    let begun = browser.fill(&page, "/account/emails", &[("email", "zwei@example.jp"), ("password", PASSWORD)]).await;
    let page = browser.get(&begun.location.unwrap()).await;
    let code = server.code("zwei@example.jp").await;
    assert_eq!(browser.fill(&page, "/account/emails/verify", &[("code", &code)]).await.status, 303);
    let page = browser.get("/account/security").await;
    server.advance(Span::minutes(20));
    // A borrowed phone is not enough.
    let late = browser.fill(&page, "/account/emails/change", &[("primary", "1")]).await;
    assert_eq!((late.status, late.location), (422, None));
    let account = kagiya_flows::staff::operator::find(&server.app, "hana").await.unwrap();
    let primary = || async {
        let overview = kagiya_flows::account::overview(&server.app, account.id).await.unwrap().unwrap();
        overview.emails.into_iter().find(|email| email.primary_since.is_some()).unwrap().address
    };
    assert_eq!(primary().await, "hana@example.jp");
    assert_eq!(browser.sign_in("hana", PASSWORD).await.status, 303);
    let page = browser.get("/account/security").await;
    assert_eq!(browser.fill(&page, "/account/emails/change", &[("primary", "1")]).await.status, 303);
    assert_eq!(primary().await, "zwei@example.jp");
    server.end().await;
}

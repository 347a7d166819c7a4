//! What each role of staff may do, on pages and by the API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;

use kagiya_domain::{
    Span,
    role::{Permission, Role, Roles},
};
use kagiya_flows::staff::{
    agent::Agent,
    operator::{self, RoleChange},
};
use kagiya_testkit::{Browser, TestServer};
use serde_json::json;

const PASSWORD: &str = "correct horse battery";

async fn with_roles(server: &TestServer, login_id: &str, roles: &[Role]) -> Browser {
    server.member(login_id, PASSWORD).await;
    for role in roles {
        operator::change_roles(&server.app, login_id, RoleChange::Grant(*role), &Agent::command_line()).await.unwrap();
    }
    let mut browser = server.browser();
    assert_eq!(browser.sign_in(login_id, PASSWORD).await.status, 303);
    browser
}

/// As [`Browser::post`], with the hidden part of a form of a page that is open to all.
async fn post(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> u16 {
    let page = browser.get("/sign-out").await;
    let mut all: BTreeMap<String, String> = page.hidden("/sign-out");
    all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    browser.post(path, &all).await.status
}

#[tokio::test]
async fn each_door_of_staff_opens_for_its_roles() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    let all: [&[Role]; 5] =
        [&[], &[Role::Support], &[Role::Operator], &[Role::Support, Role::Operator], &[Role::Admin]];
    for (number, roles) in all.into_iter().enumerate() {
        let held = roles.iter().fold(Roles::default(), |all, role| all.with(*role));
        let mut browser = with_roles(&server, &format!("staff-{number}"), roles).await;
        // Without a role there is no such page; a program is told that it has none.
        let refused = if roles.is_empty() { 404 } else { 403 };
        let expected = |permission, good| if held.permit(permission) { good } else { refused };
        let pages = [
            ("/staff", Permission::Overview),
            ("/staff/look", Permission::LookUp),
            ("/staff/notices", Permission::Announce),
        ];
        for (path, permission) in pages {
            assert_eq!(browser.get(path).await.status, expected(permission, 200), "{roles:?} {path}");
        }
        let notice = [("kind", "incident"), ("message", "調べています"), ("impact", "minor")];
        let look = [("q", "hana"), ("reason", "case 12")];
        for (path, fields, permission, good) in [
            ("/staff/look", &look[..], Permission::LookUp, 200),
            ("/staff/locks", &look[..], Permission::EndLocks, 200),
            ("/staff/notices", &notice[..], Permission::Announce, 303),
            ("/staff/notices/none", &notice[..], Permission::Announce, 404),
        ] {
            let status = post(&mut browser, path, fields).await;
            assert_eq!(status, expected(permission, good), "{roles:?} {path}");
        }
        let told = browser.json("/api/v1/staff/notices", &json!({ "message": "調べています" })).await.status;
        assert_eq!(told, if held.permit(Permission::Announce) { 201 } else { 403 }, "{roles:?}");
        // What is not offered is not shown either.
        let overview = browser.get("/staff").await.text;
        assert_eq!(overview.contains("/staff/look"), held.permit(Permission::LookUp), "{roles:?}");
        assert_eq!(overview.contains("/staff/notices"), held.permit(Permission::Announce), "{roles:?}");
    }
    server.end().await;
}

#[tokio::test]
async fn a_flow_asks_for_the_permission_itself() {
    use kagiya_domain::{account::AccountState, audit::Event};
    let server = TestServer::start().await;
    for (login_id, role) in [("sato", Role::Support), ("ito", Role::Operator), ("boss", Role::Admin)] {
        with_roles(&server, login_id, &[role]).await;
    }
    server.member("hana", PASSWORD).await;
    for (login_id, may) in [("sato", false), ("ito", false), ("boss", true)] {
        let account = operator::find(&server.app, login_id).await.unwrap();
        let by = kagiya_flows::staff::agent_of(&account).unwrap();
        let grant = operator::change_roles(&server.app, login_id, RoleChange::Grant(Role::Admin), &by).await;
        assert_eq!(grant.is_ok(), may, "{login_id} gives itself a role");
        let locked = operator::set_state(&server.app, "hana", AccountState::Locked, &by).await;
        assert_eq!(locked.is_ok(), may, "{login_id} locks");
        let made = operator::create(&server.app, &format!("{login_id}-2"), "x@example.jp", None, &by).await;
        assert_eq!(made.is_ok(), may, "{login_id} makes an account");
    }
    let hana = operator::find(&server.app, "hana").await.unwrap();
    let mut conn = server.app.store.reader().await.unwrap();
    let trail = kagiya_store::audit::of_account(&mut conn, hana.id, 9).await.unwrap();
    drop(conn);
    let locked = trail.iter().find(|line| line.event == Event::Locked).unwrap();
    assert_eq!(locked.actor.name(), "staff:boss");
    server.end().await;
}

#[tokio::test]
async fn support_ends_a_pause_and_the_trail_says_why() {
    let server = TestServer::start().await;
    let mut support = with_roles(&server, "sato", &[Role::Support]).await;
    server.member("hana", PASSWORD).await;
    let mut hana = server.browser();
    for n in 0..12 {
        hana.sign_in("hana", &format!("wrong {n}")).await;
    }
    assert_eq!(hana.sign_in("hana", PASSWORD).await.status, 429);
    let page = support.get("/staff/look").await;
    let typed = [("q", "hana"), ("reason", "case 12")];
    let found = support.fill(&page, "/staff/look", &typed).await;
    assert!(found.text.contains("data-pause"), "the pause is shown");
    let ended = support.fill(&found, "/staff/locks", &[]).await;
    assert_eq!(ended.status, 200);
    assert!(ended.text.contains("ロックを解除しました") && !ended.text.contains("data-pause"), "{}", ended.text);
    assert!(ended.text.contains("case 12"), "the trail keeps the reason");
    // A little later: the same form twice in one moment is one press.
    server.advance(Span::seconds(20));
    assert_eq!(hana.sign_in("hana", PASSWORD).await.status, 303);
    let again = support.fill(&found, "/staff/locks", &[]).await;
    assert!(again.text.contains("すでに終わっています"), "{}", again.text);
    let without = support.fill(&found, "/staff/locks", &[("reason", "")]).await;
    assert_eq!(without.status, 422);
    server.end().await;
}

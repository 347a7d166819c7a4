//! What stands in a page that refuses: the step in view leads somewhere, and what cannot be done is not offered.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use kagiya_domain::{Cause, remedy::Remedy};
use kagiya_testkit::{Answer, TestServer};

const PASSWORD: &str = "correct horse battery";
const NUMBER: &str = "class=\"reference\"";

/// Where the first step in view leads.
fn first_step(answer: &Answer) -> String {
    let now = answer.text.split("<ol class=\"steps now\">").nth(1).and_then(|rest| rest.split("</ol>").next());
    now.unwrap_or_else(|| panic!("no steps in {}", answer.text)).to_owned()
}

/// Places on the page that links of it point at and that are not there.
fn astray(answer: &Answer) -> Vec<String> {
    let links = answer.text.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next());
    links.filter(|place| !answer.text.contains(&format!("id=\"{place}\""))).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_form_with_gaps_gives_no_number_and_every_other_refusal_does() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    let mut browser = server.browser();
    let empty = browser.submit("/sign-in", &[("login", ""), ("password", "")]).await;
    assert_eq!(empty.status, 422);
    assert!(!empty.text.contains(NUMBER) && !empty.text.contains("/confirm\""), "{}", empty.text);
    assert!(!empty.reference().is_empty() && empty.text.contains("data-candidate"), "for whoever reads the marks");
    let steps = first_step(&empty);
    assert!(steps.contains("href=\"#login\"") && steps.contains("href=\"#password\""), "{steps}");
    // A field that cannot be taken for another reason is a refusal like any other.
    let fields = [("login_id", "hana"), ("email", "new@example.jp"), ("password", "a brand new pass phrase")];
    let taken = browser.submit("/sign-up", &fields).await;
    assert_eq!(taken.status, 409);
    assert!(taken.text.contains(NUMBER) && taken.text.contains("data-candidate"), "{}", taken.text);
    assert!(first_step(&taken).contains("href=\"#login_id\""), "{}", first_step(&taken));
    let wrong = browser.sign_in("hana", "not this one").await;
    assert!(wrong.text.contains(NUMBER) && first_step(&wrong).contains("href=\"#password\""), "{}", wrong.text);
    for answer in [empty, taken, wrong] {
        assert_eq!(astray(&answer), Vec::<String>::new(), "{}", answer.text);
    }
    server.end().await;
}

#[tokio::test]
async fn a_code_that_is_over_leads_to_another_one_also_where_it_was_not_begun() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    let mut browser = server.browser();
    browser.submit("/unlock", &[("login", "hana")]).await;
    server.deliver().await;
    let code = server.code("hana@example.jp").await;
    let typed = [("login", "hana"), ("code", code.as_str())];
    let mut other = server.browser();
    assert_eq!(other.submit("/unlock/code", &typed).await.status, 303);
    let used = other.submit("/unlock/code", &typed).await;
    assert_eq!(
        (used.cause().as_str(), used.attribute("data-step").as_deref()),
        ("credential.code_wrong", Some("resend"))
    );
    assert_eq!(astray(&used), Vec::<String>::new(), "{}", first_step(&used));
    server.end().await;
}

#[tokio::test]
async fn where_passwords_are_the_only_way_no_other_is_offered() {
    let server = TestServer::start().await;
    let mut browser = server.browser();
    let refused = browser.sign_in("nobody", "not this one").await;
    let report = server.why(&refused.reference()).await;
    assert_eq!(report.verdict.cause, Cause::IdUnknown);
    assert!(!report.verdict.steps.is_empty() && !report.verdict.steps.contains(&Remedy::OtherMethod));
    server.end().await;
}

#[tokio::test]
async fn a_pause_shows_when_it_ends_and_what_ends_it_now_and_folds_the_form() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    let mut browser = server.browser();
    let mut answer = browser.sign_in("hana", "wrong 0").await;
    assert!(!answer.text.contains("class=\"fold\""));
    for n in 1..20 {
        answer = browser.sign_in("hana", &format!("wrong {n}")).await;
        if answer.status == 429 {
            break;
        }
    }
    assert_eq!(answer.status, 429);
    let now = first_step(&answer);
    assert!(
        now.contains("data-step=\"wait\"") && now.contains("data-step=\"unlock\"") && now.contains("class=\"act\""),
        "{now}"
    );
    let form = answer.text.find("action=\"/sign-in\"").unwrap();
    assert!(answer.text[..form].rfind("<details class=\"fold\">") > answer.text[..form].rfind("</details>"));
    assert!(answer.text.contains("<title>エラー: "), "{}", answer.text);
    server.end().await;
}

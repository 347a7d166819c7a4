//! What a page hands out and takes back: no changed byte of it is believed, and nothing that comes instead breaks us.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kagiya_testkit::TestServer;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

const PASSWORD: &str = "correct horse battery";

/// Plain scripts send no origin: the hidden part alone says that the page is ours.
#[tokio::test]
async fn a_form_with_any_changed_byte_is_not_ours() {
    let server = TestServer::start().await;
    server.member("hana", PASSWORD).await;
    let mut browser = server.browser();
    let form = browser.get("/sign-in").await.hidden("/sign-in");
    let bytes = URL_SAFE_NO_PAD.decode(&form["form"]).unwrap();
    let typed = |token: &[u8]| -> BTreeMap<String, String> {
        let mut fields = form.clone();
        fields.insert("form".into(), URL_SAFE_NO_PAD.encode(token));
        fields.extend([("login".into(), "hana".into()), ("password".into(), PASSWORD.into())]);
        fields
    };
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1 << (place % 8);
        let answer = browser.post("/sign-in", &typed(&changed)).await;
        assert_eq!((answer.status, answer.cause().as_str()), (400, "browser.flow_expired"), "byte {place}");
    }
    for length in [0, 1, bytes.len() - 1] {
        assert_eq!(browser.post("/sign-in", &typed(&bytes[..length])).await.status, 400, "{length} bytes");
    }
    let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
    assert_eq!(browser.post("/sign-in", &typed(&longer)).await.status, 400);
    assert_eq!(browser.post("/sign-in", &typed(&bytes)).await.status, 303, "the form itself is taken");
    server.end().await;
}

/// Whatever stands in our cookies and in the hidden part is answered, and nobody is let in by it.
#[tokio::test]
async fn nothing_that_is_made_up_breaks_us_or_lets_anybody_in() {
    let server = TestServer::start().await;
    let names: Vec<String> = {
        server.member("hana", PASSWORD).await;
        let mut browser = server.browser();
        browser.sign_in("hana", PASSWORD).await;
        browser.cookies.keys().cloned().collect()
    };
    assert!(names.len() > 1, "{names:?}");
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let value = prop_oneof!["[!-~&&[^;,\"\\\\ ]]{0,90}", "[A-Za-z0-9_-]{20,100}", "[A-Za-z0-9_-]{43}"];
    for _ in 0..150 {
        let mut make = || value.new_tree(&mut runner).unwrap().current();
        let mut browser = server.browser();
        for name in &names {
            browser.cookies.insert(name.clone(), make());
        }
        assert_ne!(browser.check().await, 200);
        let page = browser.get("/sign-in").await;
        assert_eq!(page.status, 200);
        let mut fields = page.hidden("/sign-in");
        fields.insert("form".into(), make());
        fields.extend([("login".into(), make()), ("password".into(), make())]);
        let status = browser.post("/sign-in", &fields).await.status;
        assert!((400..500).contains(&status), "{status}");
    }
    server.end().await;
}

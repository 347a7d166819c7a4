//! The parsers that face strangers, each as a function of bytes that stops at the first broken promise: for `fuzz/` and
//! for the run from its corpus in the tests.

use std::sync::OnceLock;

use axum::http::{Method, Request, header};
use kagiya_domain::{
    browser::Browser, code::Code, destination::Destination, email::EmailAddress, login::Login, login_id::LoginId,
    reference::Reference,
};
use kagiya_oidc::{Kind, Overrides, Plan, Provider};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::TestServer;

/// Reads bytes, and panics where a promise is broken.
pub type Target = fn(&[u8]);

/// Each by its name in `fuzz/`.
pub const ALL: [(&str, Target); 6] = [
    ("destination", destination),
    ("login", login),
    ("code", code),
    ("headers", headers),
    ("event_token", event_token),
    ("request", request),
];

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What stands in `return_to` leads to this origin or nowhere, and is read back as it is carried.
pub fn destination(bytes: &[u8]) {
    let read = Destination::parse(&text(bytes));
    let place = read.place("/home").into_owned();
    let base = "https://login.example.jp";
    assert!(place.is_ascii() && place.starts_with('/') && !place.starts_with("//"), "{place}");
    assert!(!place.contains(['\\', '\r', '\n', '\t', ' ', '#']), "{place}");
    let url = url::Url::parse(base).and_then(|base| base.join(&place)).expect("a place of this origin");
    assert_eq!(url.origin().ascii_serialization(), base, "{place}");
    assert_eq!(Destination::parse(&read.carried()), read);
    assert_eq!(Destination::from(read.kept()), read);
}

/// What is typed for a login, an address, a reference: reading again what was read changes nothing.
pub fn login(bytes: &[u8]) {
    let typed = text(bytes);
    let (login, signs) = Login::parse(&typed);
    // What stands for a login in counters and rows is short and has one spelling.
    assert!(signs.impossible || !login.canonical().chars().any(char::is_control), "{typed:?}");
    assert_eq!(login.canonical(), Login::parse(&format!(" {typed}\u{200b}")).0.canonical(), "{typed:?}");
    if let Ok(email) = EmailAddress::parse(&typed) {
        let again = EmailAddress::parse(&email.as_string()).expect("an address that was read");
        assert_eq!(again.key(), email.key(), "{typed:?}");
    }
    if let Ok(id) = LoginId::parse(&typed) {
        assert_eq!(LoginId::parse(id.as_str()).map(|id| id.skeleton()), Ok(id.skeleton()), "{typed:?}");
    }
    if let Some(reference) = Reference::parse(&typed) {
        assert_eq!(Reference::parse(reference.as_str()), Some(reference), "{typed:?}");
    }
}

/// What is typed for a code is six digits or none.
pub fn code(bytes: &[u8]) {
    if let Some(code) = Code::parse(&text(bytes)) {
        assert!(code.as_str().len() == 6 && code.as_str().bytes().all(|b| b.is_ascii_digit()));
        assert_eq!(Code::parse(code.as_str()), Some(code));
    }
}

/// What browsers say of themselves and of their language.
pub fn headers(bytes: &[u8]) {
    let line = text(bytes);
    let browser = Browser::parse(&line);
    assert!(browser.name().len() <= 200, "{line:?}");
    let _ = kagiya_text::Lang::accepted(&line);
    let _ = kagiya_text::Lang::parse(&line);
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("a runtime"))
}

/// A token that a provider pushes: none is believed that its keys did not sign, and here it has none.
pub fn event_token(bytes: &[u8]) {
    static PROVIDER: OnceLock<Provider> = OnceLock::new();
    let provider = PROVIDER.get_or_init(|| {
        let url = |path: &str| url::Url::parse(&format!("http://127.0.0.1:9/{path}")).ok();
        let urls = Overrides {
            issuer: url(""),
            authorize_url: url("authorize"),
            token_url: url("token"),
            jwks_url: url("jwks"),
            ..Overrides::default()
        };
        let named = |text: &str| text.to_owned();
        let plan = Plan { id: named("any"), kind: Kind::Oidc, name: named("Any"), urls, ..Plan::default() };
        let issuer = Some(named("http://127.0.0.1:9/"));
        Provider::new(Plan { client_id: named("client"), issuer, ..plan }).expect("a provider")
    });
    assert!(runtime().block_on(provider.read_events(&text(bytes), 1_760_000_000)).is_err());
}

/// A request: first line and headers, an empty line, and what is sent. Whatever comes, it is answered, nobody is let in
/// by it, and no fault of ours shows.
pub fn request(bytes: &[u8]) {
    static SERVER: OnceLock<axum::Router> = OnceLock::new();
    let router = SERVER.get_or_init(|| {
        let server = runtime().block_on(TestServer::start());
        let router = server.router.clone();
        // It lives as long as the process.
        std::mem::forget(server);
        router
    });
    let (head, body) = bytes.split_at(bytes.windows(2).position(|two| two == b"\n\n").unwrap_or(bytes.len()));
    let head = text(head);
    let mut lines = head.lines();
    let (method, path) = lines.next().and_then(|line| line.split_once(' ')).unwrap_or(("GET", "/"));
    let mut built = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap_or_default()).uri(path);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        built = built.header(name, value);
    }
    let body = body.get(2..).unwrap_or_default().to_vec();
    // What is no request never reaches us.
    let Ok(request) = built.body(axum::body::Body::from(body)) else {
        return;
    };
    let response = runtime().block_on(router.clone().oneshot(request)).expect("an answer");
    assert!(response.status().as_u16() < 500, "{head}");
    let session = |value: &header::HeaderValue| {
        value.as_bytes().starts_with(b"__Host-kagiya_session=")
            && !value.as_bytes().starts_with(b"__Host-kagiya_session=;")
    };
    assert!(!response.headers().get_all(header::SET_COOKIE).iter().any(session), "{head}");
}

//! What the shops push to the client.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use kagiya_oidc::Kind;
use serde_json::{Value, json};

use crate::{
    CLIENT_ID, Fault, Town,
    pages::{escape, page},
    shops::shop,
    token::subject,
};

const RISC: &str = "https://schemas.openid.net/secevent/risc/event-type/";
const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What can be pushed, with its words.
pub(crate) const PUSHES: [(&str, &str, &str); 7] = [
    ("sessions", "すべての端末からログアウトした", "signed out everywhere"),
    ("revoked", "許可を取り消した", "permission taken back"),
    ("disabled", "停止された", "suspended"),
    ("hijacked", "乗っ取りの疑いで停止された", "suspended, somebody else may be in"),
    ("enabled", "また使えるようになった", "can be used again"),
    ("purged", "削除された", "deleted"),
    ("logout", "ログアウトした", "signed out"),
];

/// The token of an event about a person, and the content type and body it travels in.
fn event(town: &Town, id: &str, kind: Kind, what: &str, person: &str) -> (&'static str, String) {
    let sub = subject(id, person);
    let iss = format!("{}/{id}", town.origin);
    let has = |fault: Fault| town.has(id, fault);
    let age = if has(Fault::Future) {
        -3_600
    } else if has(Fault::Expired) {
        7 * 24 * 3_600
    } else {
        0
    };
    let mut claims = json!({
        "iss": if has(Fault::WrongIssuer) { format!("{iss}/other") } else { iss.clone() },
        "aud": if has(Fault::WrongAudience) { "somebody-else" } else { CLIENT_ID },
        "iat": town.now() - age,
        "jti": town.token(),
    });
    if what == "logout" {
        claims["sub"] = json!(sub);
        claims["events"] = json!({ LOGOUT: {} });
        let token = town.sign(id, &claims, "logout+jwt");
        let form = form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", &token).finish();
        return ("application/x-www-form-urlencoded", form);
    }
    if kind == Kind::Apple {
        let word = match what {
            "purged" => "account-delete",
            "email-disabled" => "email-disabled",
            _ => "consent-revoked",
        };
        let inner = json!({ "type": word, "sub": sub, "event_time": town.now() * 1_000 });
        claims["events"] = json!(inner.to_string());
        let token = town.sign(id, &claims, "JWT");
        return ("application/json", json!({ "payload": token }).to_string());
    }
    let (name, reason) = match what {
        "hijacked" => ("account-disabled", Some("hijacking")),
        "disabled" => ("account-disabled", Some("bulk-account")),
        "enabled" => ("account-enabled", None),
        "purged" => ("account-purged", None),
        "revoked" => ("tokens-revoked", None),
        _ => ("sessions-revoked", None),
    };
    let mut body = json!({ "subject": { "subject_type": "iss-sub", "iss": iss, "sub": sub } });
    if let Some(reason) = reason {
        body["reason"] = json!(reason);
    }
    let mut events = serde_json::Map::new();
    events.insert(format!("{RISC}{name}"), body);
    claims["events"] = Value::Object(events);
    ("application/secevent+jwt", town.sign(id, &claims, "secevent+jwt"))
}

/// Makes an event. With `dry` it is shown instead of being sent: for tests that change it first.
pub(crate) async fn send(State(town): State<Arc<Town>>, Path(id): Path<String>, body: Body) -> Response {
    let Some(shop) = shop(&id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(body) = Limited::new(body, 16 * 1_024).collect().await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let body = body.to_bytes();
    let get = |name: &str| {
        form_urlencoded::parse(&body).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    };
    let (what, person) = (get("what").unwrap_or_default(), get("person").unwrap_or_default());
    let (kind, text) = event(&town, &id, shop.kind, &what, &person);
    if get("dry").is_some() {
        return ([(http::header::CONTENT_TYPE, kind)], text).into_response();
    }
    let to = format!("{}/sign-in/{id}/events", town.client);
    match deliver(&town.client, &format!("/sign-in/{id}/events"), kind, &text).await {
        Some(status) if (200..300).contains(&status) => {
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs([("pushed", what.as_str()), ("shop", &id), ("person", &person)])
                .finish();
            Redirect::to(&format!("/?{query}")).into_response()
        }
        status => {
            let words = format!("<p>{} → {status:?}</p><p><a href=\"/\">←</a></p>", escape(&to));
            page(StatusCode::BAD_GATEWAY, shop.name, &words)
        }
    }
}

/// One plain request to the client, which is on loopback.
async fn deliver(client: &str, path: &str, kind: &str, text: &str) -> Option<u16> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let host = client.strip_prefix("http://")?;
    let mut stream = tokio::net::TcpStream::connect(host).await.ok()?;
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    String::from_utf8_lossy(answer.get(9..12)?).parse().ok()
}

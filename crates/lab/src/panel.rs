//! The fault panel.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde_json::json;

use crate::{
    Fault, Town,
    pages::{escape, page as render},
    push::PUSHES,
    shops::{MEMBERS, SHOPS},
};

/// Faults of the server itself, which whoever runs the demo can switch.
pub trait Switches: Send + Sync {
    /// Name, words, and whether it is on.
    fn list(&self) -> Vec<(&'static str, String, bool)>;
    /// Switches one.
    fn set(&self, name: &str, on: bool);
}

/// What was done a moment ago, in words.
fn done(query: &str) -> String {
    let get = |name: &str| {
        form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    };
    let name = |id: &str| SHOPS.iter().find(|shop| shop.id == id).map_or_else(String::new, |shop| escape(shop.name));
    let words = match (get("pushed"), get("set")) {
        (Some(what), _) => {
            let found = PUSHES.iter().find(|(id, _, _)| *id == what);
            let (shop, person) = (name(&get("shop").unwrap_or_default()), escape(&get("person").unwrap_or_default()));
            found
                .map(|(_, ja, en)| format!("{shop} から通知しました: {person} は{ja} / Told by {shop}: {person}, {en}"))
        }
        (None, Some(id)) => Some(format!("{} を切り替えました / Changed", name(&id))),
        (None, None) => None,
    };
    words.map_or_else(String::new, |words| format!("<p role=\"status\"><strong>{words}</strong></p>"))
}

pub(crate) async fn page(State(town): State<Arc<Town>>, RawQuery(query): RawQuery) -> Response {
    let mut body = done(&query.unwrap_or_default());
    body.push_str(&format!(
        "<p>壊したいものを選んでから、<a href=\"{0}/sign-in\">{0}/sign-in</a> を開いてください。<br>\
         Choose what to break, then open the sign-in page.</p>",
        escape(&town.client)
    ));
    if let Some(switches) = &town.switches {
        body.push_str("<h2>Kagiya</h2><table>");
        for (name, words, on) in switches.list() {
            let (next, label) = if on { ("off", "戻す / Mend") } else { ("on", "壊す / Break") };
            let mark = if on { "●" } else { "○" };
            body.push_str(&format!(
                "<tr><td>{mark} {}</td><td><form method=\"post\"><input type=\"hidden\" name=\"switch\" value=\"{name}\">\
                 <button name=\"turn\" value=\"{next}\">{label}</button></form></td></tr>",
                escape(&words)
            ));
        }
        body.push_str("</table>");
    }
    for shop in SHOPS {
        let faults = town.faults(shop.id);
        let options: String = Fault::ALL
            .iter()
            .map(|fault| {
                let (ja, en) = fault.words();
                let chosen = if faults.contains(fault) { " selected" } else { "" };
                format!("<option value=\"{}\"{chosen}>{ja} / {en}</option>", fault.id())
            })
            .collect();
        let people: String = MEMBERS.iter().map(|member| format!("<option>{}</option>", member.id)).collect();
        let events: String =
            PUSHES.iter().map(|(id, ja, en)| format!("<option value=\"{id}\">{ja} / {en}</option>")).collect();
        body.push_str(&format!(
            "<h2>{name}</h2><form method=\"post\"><input type=\"hidden\" name=\"shop\" value=\"{id}\">\
             <label>故障 / Fault <select name=\"fault\"><option value=\"\">– なし / none –</option>{options}</select></label>\
             <button>切り替える / Set</button> <button name=\"rotate\" value=\"1\">鍵を替える / Rotate keys</button></form>\
             <form method=\"post\" action=\"/push/{id}\"><label>通知 / Push <select name=\"what\">{events}</select></label>\
             <label>誰 / Who <select name=\"person\">{people}</select></label><button>送る / Send</button></form>",
            name = escape(shop.name),
            id = shop.id,
        ));
    }
    render(StatusCode::OK, "故障パネル / Fault panel", &body)
}

pub(crate) async fn set(State(town): State<Arc<Town>>, body: Body) -> Response {
    let Ok(body) = Limited::new(body, 16 * 1_024).collect().await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let body = body.to_bytes();
    let all = |name: &str| -> Vec<String> {
        form_urlencoded::parse(&body).filter(|(found, _)| found == name).map(|(_, value)| value.into_owned()).collect()
    };
    let first = |name: &str| all(name).into_iter().next().unwrap_or_default();
    let mut response = Redirect::to("/").into_response();
    if let (Some(switches), name) = (&town.switches, first("switch"))
        && !name.is_empty()
    {
        switches.set(&name, first("turn") == "on");
        // Cookies know no ports: what is set here reaches the server next door.
        let cookie = match (name.as_str(), first("turn") == "on") {
            ("stale_cookie", true) => Some("kagiya_session=stale-from-the-fault-panel; Path=/sign-in"),
            ("stale_cookie", false) => Some("kagiya_session=; Path=/sign-in; Max-Age=0"),
            _ => None,
        };
        if let Some(cookie) = cookie {
            response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(cookie));
        }
        return response;
    }
    let shop = first("shop");
    if SHOPS.iter().any(|known| known.id == shop) {
        response = Redirect::to(&format!("/?set={shop}")).into_response();
    }
    if all("rotate").iter().any(|value| value == "1") {
        town.rotate_keys(&shop);
    } else {
        town.set_faults(&shop, all("fault").iter().filter_map(|id| Fault::parse(id)).collect());
    }
    response
}

/// A status feed in the shape of Statuspage's.
pub(crate) async fn status(State(town): State<Arc<Town>>, Path(id): Path<String>) -> Response {
    let faults = town.faults(&id);
    let down = [Fault::Down, Fault::TokenDown, Fault::SaysTrouble].iter().any(|fault| faults.contains(fault));
    let (indicator, status) = if down { ("major", "major_outage") } else { ("none", "operational") };
    let told = json!({
        "status": { "indicator": indicator, "description": "practice" },
        "components": [{ "name": "Login", "status": status }],
    });
    ([(header::CONTENT_TYPE, "application/json")], told.to_string()).into_response()
}

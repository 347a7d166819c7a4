//! The authorization endpoint of each stand-in, with the ways in which the real one differs.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use axum::{
    body::Body,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use kagiya_oidc::Kind;
use url::Url;

use crate::{
    CLIENT_ID, Fault, Town,
    grants::Grant,
    pages::{escape, page as render},
    refresh,
    shops::{MEMBERS, Shop, person, shop},
};

type Fields = BTreeMap<String, String>;

fn get<'f>(fields: &'f Fields, name: &str) -> &'f str {
    fields.get(name).map_or("", String::as_str)
}

/// What the request does wrong: these errors are shown there and never come back.
fn check(town: &Town, shop: &Shop, fields: &Fields) -> Result<(), &'static str> {
    let expected = format!("{}/sign-in/", town.client);
    if get(fields, "client_id") != CLIENT_ID {
        return Err("invalid_client");
    }
    let uri = get(fields, "redirect_uri");
    if !uri.starts_with(&expected) || !uri.ends_with("/callback") {
        return Err("redirect_uri_mismatch");
    }
    if get(fields, "response_type") != "code" || get(fields, "state").is_empty() {
        return Err("invalid_request");
    }
    let scopes = get(fields, "scope");
    let asks_person = scopes.contains("name") || scopes.contains("email");
    if shop.kind == Kind::Apple && asks_person && get(fields, "response_mode") != "form_post" {
        return Err("invalid_request: response_mode must be form_post when name or email scope is requested.");
    }
    let s256 = get(fields, "code_challenge_method") == "S256" && !get(fields, "code_challenge").is_empty();
    if shop.kind == Kind::X && !s256 {
        return Err("Something went wrong. You weren't able to give access to the App.");
    }
    Ok(())
}

/// The page where a person decides. Faults that are pages stop here.
pub(crate) async fn page(
    State(town): State<Arc<Town>>,
    Path(id): Path<String>,
    Query(fields): Query<Fields>,
) -> Response {
    let Some(shop) = shop(&id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if town.has(&id, Fault::Down) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if let Err(words) = check(&town, shop, &fields) {
        return render(StatusCode::BAD_REQUEST, shop.name, &format!("<p>{}</p>", escape(words)));
    }
    let stop = |words: &str| render(StatusCode::FORBIDDEN, shop.name, &format!("<p>{words}</p>"));
    if town.has(&id, Fault::Frozen) {
        return stop("アカウントが停止されています / Your account is suspended. (F001)");
    }
    if town.has(&id, Fault::AdminBlocked) {
        return stop("組織の管理者がブロックしています / Blocked by your organisation (admin_policy_enforced)");
    }
    if town.has(&id, Fault::SomethingWrong) {
        return stop("問題が発生しました / Something went wrong");
    }
    if town.has(&id, Fault::NeverReturn) {
        return stop("…");
    }
    let prompt = get(&fields, "prompt");
    if prompt == "none" {
        // Nobody is shown anything: whoever was here last is still signed in.
        let last = town.grants.lock().unwrap_or_else(PoisonError::into_inner).last.get(&id).cloned();
        return match last {
            Some(person) => answer(&town, shop, &fields, Decision::Allow(person)),
            None => answer(&town, shop, &fields, Decision::Error("login_required", "")),
        };
    }
    let hidden: String = fields
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value)))
        .collect();
    let people: String = MEMBERS
        .iter()
        .map(|member| {
            let email = member.email.unwrap_or("–");
            format!("<p><button name=\"person\" value=\"{}\">{} ({email})</button></p>", member.id, member.name)
        })
        .collect();
    let chooser = if prompt.contains("select_account") {
        "アカウントの選択 / Choose an account"
    } else {
        "ログイン / Sign in"
    };
    let body = format!(
        "<h2>{chooser}</h2><form method=\"post\" action=\"/{id}/decide\">{hidden}{people}\
         <p><button name=\"deny\" value=\"1\">同意しない / Do not agree</button></p></form>"
    );
    render(StatusCode::OK, shop.name, &body)
}

pub(crate) enum Decision {
    Allow(String),
    Error(&'static str, &'static str),
    Nothing,
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the usual answer; a few providers differ")]
pub(crate) async fn decide(State(town): State<Arc<Town>>, Path(id): Path<String>, body: Body) -> Response {
    let Some(shop) = shop(&id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(body) = Limited::new(body, 64 * 1_024).collect().await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let fields: Fields = form_urlencoded::parse(&body.to_bytes()).into_owned().collect();
    if let Err(words) = check(&town, shop, &fields) {
        return render(StatusCode::BAD_REQUEST, shop.name, &format!("<p>{}</p>", escape(words)));
    }
    let denied = fields.contains_key("deny") || town.has(&id, Fault::Deny);
    let told = [
        (Fault::SaysTrouble, "server_error", "come again"),
        (Fault::SaysOurFault, "invalid_scope", "unknown scope"),
        (Fault::SaysLogin, "login_required", ""),
        (Fault::SaysConsent, "consent_required", ""),
        (Fault::SaysPolicy, "admin_policy_enforced", ""),
        (Fault::SaysSuspended, "account_suspended", ""),
        (Fault::SaysUnknown, "moon_phase_unsuitable", ""),
        (
            Fault::SaysAdminConsent,
            "access_denied",
            "AADSTS90094: The grant requires admin permission. Ask an administrator to grant it before you can use it.",
        ),
    ];
    let fault = told.iter().find(|(fault, ..)| town.has(&id, *fault));
    let decision = match fault {
        Some((_, code, words)) => Decision::Error(code, words),
        None if denied => {
            if shop.kind == Kind::YahooJapan && get(&fields, "bail") != "1" {
                // Without bail=1 nobody comes back.
                return Redirect::to("/yahoo_japan/top").into_response();
            }
            match shop.kind {
                Kind::Apple => Decision::Error("user_cancelled_authorize", ""),
                Kind::Line => Decision::Error("ACCESS_DENIED", "User denied the access"),
                _ => Decision::Error("access_denied", ""),
            }
        }
        None if town.has(&id, Fault::NoCode) => Decision::Nothing,
        None => Decision::Allow(get(&fields, "person").to_owned()),
    };
    answer(&town, shop, &fields, decision)
}

/// The shop's own front page, where Yahoo! JAPAN leaves people who do not agree.
pub(crate) async fn top(Path(id): Path<String>) -> Response {
    let name = shop(&id).map_or("?", |shop| shop.name);
    render(StatusCode::OK, name, "<p>トップページ / Front page</p>")
}

#[expect(clippy::too_many_lines, reason = "a provider's answers, one case after the other")]
fn answer(town: &Town, shop: &Shop, fields: &Fields, decision: Decision) -> Response {
    let mut told: Vec<(&str, String)> = vec![("state", get(fields, "state").to_owned())];
    match decision {
        Decision::Allow(name) => {
            let code = town.token();
            let text = |name: &str| Some(get(fields, name).to_owned()).filter(|text| !text.is_empty());
            let grant = Grant {
                shop: shop.id.to_owned(),
                redirect_uri: get(fields, "redirect_uri").to_owned(),
                nonce: text("nonce"),
                challenge: text("code_challenge"),
                person: name.clone(),
                given_at: town.now(),
                offline: refresh::is_asked_for(
                    shop.kind,
                    get(fields, "scope"),
                    get(fields, "prompt"),
                    get(fields, "access_type"),
                ),
            };
            let mut grants = town.grants.lock().unwrap_or_else(PoisonError::into_inner);
            grants.trim();
            grants.codes.insert(code.clone(), grant);
            grants.last.insert(shop.id.to_owned(), name.clone());
            let times = grants.agreed.entry(format!("{} {name}", shop.id)).or_default();
            *times += 1;
            if shop.kind == Kind::Apple && *times == 1 {
                let person = person(&name);
                let user = serde_json::json!({ "name": { "firstName": person.name, "lastName": "" } });
                told.push(("user", user.to_string()));
            }
            told.push(("code", code));
        }
        Decision::Error(code, words) => {
            told.push(("error", code.to_owned()));
            if shop.kind == Kind::YahooJapan {
                told.push(("error_code", "1000".to_owned()));
            }
            if !words.is_empty() {
                told.push(("error_description", words.to_owned()));
            }
        }
        Decision::Nothing => {}
    }
    let uri = get(fields, "redirect_uri");
    if get(fields, "response_mode") == "form_post" {
        let inputs: String = told
            .iter()
            .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value)))
            .collect();
        let body = format!(
            "<form method=\"post\" action=\"{}\" id=\"f\">{inputs}<button>続ける / Continue</button></form>\
             <script>document.getElementById('f').submit()</script>",
            escape(uri)
        );
        return render(StatusCode::OK, shop.name, &body);
    }
    let Ok(mut url) = Url::parse(uri) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    url.query_pairs_mut().extend_pairs(told.iter().map(|(name, value)| (*name, value.as_str())));
    Redirect::to(url.as_str()).into_response()
}

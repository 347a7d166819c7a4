//! A browser that keeps cookies and fills forms by field name.
#![allow(clippy::expect_used, clippy::panic, reason = "tests stop at the first surprise")]

use std::collections::BTreeMap;

use axum::{
    Router,
    body::Body,
    http::{Request, header},
};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Where it leads.
    pub location: Option<String>,
    /// Seconds to wait.
    pub retry_after: Option<i64>,
    /// All headers, by name.
    pub headers: Vec<(String, String)>,
    /// The page.
    pub text: String,
}

impl Answer {
    /// The value of the first such attribute.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let mark = format!("{name}=\"");
        let rest = self.text.split(&mark).nth(1)?;
        rest.split('"').next().map(str::to_owned)
    }

    /// The leading cause.
    pub fn cause(&self) -> String {
        self.attribute("data-cause").unwrap_or_default()
    }

    /// The reference.
    pub fn reference(&self) -> String {
        self.attribute("data-reference").unwrap_or_default()
    }

    /// The hidden inputs of the form that posts to `action`.
    pub fn hidden(&self, action: &str) -> BTreeMap<String, String> {
        let mark = format!("action=\"{action}\"");
        let form = self
            .text
            .split("<form")
            .find(|form| form.contains(&mark))
            .unwrap_or_else(|| panic!("no form {action} in {}", self.text));
        let form = form.split("</form>").next().unwrap_or_default();
        let mut fields = BTreeMap::new();
        for input in form.split("<input").skip(1) {
            let tag = input.split('>').next().unwrap_or_default();
            let value = |name: &str| tag.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
            if let (Some("hidden"), Some(name)) = (value("type"), value("name")) {
                fields.insert(name.to_owned(), value("value").unwrap_or_default().replace("&#x2f;", "/"));
            }
        }
        fields
    }
}

/// A browser.
pub struct Browser {
    router: Router,
    /// Its cookies.
    pub cookies: BTreeMap<String, String>,
    /// Headers that come with every request.
    pub headers: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn new(router: Router) -> Self {
        Self { router, cookies: BTreeMap::new(), headers: BTreeMap::new() }
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: String) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let request = request.header(header::COOKIE, cookies.join("; ")).body(Body::from(body)).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        for line in response.headers().get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("a cookie");
            let (pair, rest) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').expect("a pair");
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let text =
            |name: header::HeaderName| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let (status, location) = (response.status().as_u16(), text(header::LOCATION));
        let retry_after = text(header::RETRY_AFTER).and_then(|seconds| seconds.parse().ok());
        let mut headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        headers.sort();
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        Answer { status, location, retry_after, headers, text: String::from_utf8_lossy(&body).into_owned() }
    }

    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), String::new()).await
    }

    /// Submits fields as they are.
    pub async fn post(&mut self, path: &str, fields: &BTreeMap<String, String>) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"), body).await
    }

    /// Posts JSON.
    pub async fn json(&mut self, path: &str, body: &serde_json::Value) -> Answer {
        self.send(Request::post(path).header(header::CONTENT_TYPE, "application/json"), body.to_string()).await
    }

    /// Fills the form of a page that posts to `action` and submits it.
    pub async fn fill(&mut self, page: &Answer, action: &str, typed: &[(&str, &str)]) -> Answer {
        let mut fields = page.hidden(action);
        fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(action, &fields).await
    }

    /// Opens a page, fills its form, submits it.
    pub async fn submit(&mut self, path: &str, typed: &[(&str, &str)]) -> Answer {
        let page = self.get(path).await;
        self.fill(&page, path, typed).await
    }

    /// Signs in.
    pub async fn sign_in(&mut self, login: &str, password: &str) -> Answer {
        self.submit("/sign-in", &[("login", login), ("password", password)]).await
    }

    /// The status of `/auth/check`.
    pub async fn check(&mut self) -> u16 {
        self.get("/auth/check").await.status
    }
}

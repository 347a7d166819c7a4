//! The status page as files that can live on another host: there when we are not.

use std::sync::Arc;

use axum::extract::State;
use http_body_util::BodyExt;

use super::{feed, json, page};
use crate::{Web, request::context::Context};

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Where it lies, below the folder.
    pub path: &'static str,
    /// What it is.
    pub kind: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

fn context(web: &Arc<Web>, lang: &str) -> Context {
    let request = http::Request::builder().uri(format!("/status?lang={lang}")).body(()).unwrap_or_default();
    Context::open(Arc::clone(web), &request.into_parts().0)
}

/// Everything, as it is now: pages in Japanese and English, JSON, feed, style.
pub async fn export(web: &Arc<Web>) -> Vec<Exported> {
    let html = "text/html; charset=utf-8";
    let style = web.assets.text("app.css").into_bytes();
    let mut files = vec![
        Exported { path: "index.html", kind: html, bytes: page::fixed(&context(web, "ja")).into_bytes() },
        Exported { path: "index.en.html", kind: html, bytes: page::fixed(&context(web, "en")).into_bytes() },
        Exported { path: "status.css", kind: "text/css; charset=utf-8", bytes: style },
    ];
    let state = || State(Arc::clone(web));
    let json = "application/json";
    for (path, kind, response) in [
        ("api/v2/summary.json", json, json::summary(state(), context(web, "ja")).await),
        ("api/v2/status.json", json, json::overview(state(), context(web, "ja")).await),
        ("api/v2/components.json", json, json::components(state(), context(web, "ja")).await),
        ("api/v2/incidents.json", json, json::incidents(state(), context(web, "ja")).await),
        ("api/v2/scheduled-maintenances.json", json, json::maintenances(state(), context(web, "ja")).await),
        ("feed.atom", "application/atom+xml", feed::feed(state(), context(web, "ja")).await),
    ] {
        if let Ok(body) = response.into_body().collect().await {
            files.push(Exported { path, kind, bytes: body.to_bytes().to_vec() });
        }
    }
    files
}

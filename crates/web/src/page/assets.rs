//! Style and script, named by their content so that no cache serves an old one.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use kagiya_flows::keys::sha256;

use crate::Web;

const STYLE: &str = include_str!("../../assets/app.css");
const SCRIPT: &str = include_str!("../../assets/app.js");
const ICON: &str = include_str!("../../assets/icon.svg");

struct Asset {
    kind: &'static str,
    text: String,
}

/// Every asset under its content-addressed name.
pub(crate) struct Assets {
    by_name: HashMap<String, Asset>,
    paths: HashMap<&'static str, String>,
}

impl Assets {
    pub(crate) fn new(accent: &str) -> Self {
        let theme = format!("{STYLE}\n:root{{--accent:{accent}}}\n");
        let icon = ICON.replace("#0f766e", accent);
        let mut assets = Self { by_name: HashMap::new(), paths: HashMap::new() };
        assets.add("app.css", "text/css; charset=utf-8", theme);
        assets.add("app.js", "text/javascript; charset=utf-8", SCRIPT.to_owned());
        assets.add("icon.svg", "image/svg+xml", icon);
        assets
    }

    fn add(&mut self, name: &'static str, kind: &'static str, text: String) {
        let hash: String = sha256(text.as_bytes())[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
        let full = format!("{stem}-{hash}.{ending}");
        self.paths.insert(name, format!("/assets/{full}"));
        self.by_name.insert(full, Asset { kind, text });
    }

    /// What tells this build's pages from another's.
    pub(crate) fn build(&self) -> [u8; 4] {
        let mut names: Vec<&str> = self.by_name.keys().map(String::as_str).collect();
        names.sort_unstable();
        let digest = sha256(format!("{} {}", env!("CARGO_PKG_VERSION"), names.join(" ")).as_bytes());
        [digest[0], digest[1], digest[2], digest[3]]
    }

    /// Today's asset for a name of an earlier build.
    fn current(&self, name: &str) -> Option<&Asset> {
        let (stem, rest) = name.rsplit_once('-')?;
        let (_, ending) = rest.split_once('.')?;
        let path = self.paths.get(format!("{stem}.{ending}").as_str())?;
        self.by_name.get(path.trim_start_matches("/assets/"))
    }

    /// The text of an asset.
    pub(crate) fn text(&self, name: &str) -> String {
        let full = self.path(name).trim_start_matches("/assets/");
        self.by_name.get(full).map(|asset| asset.text.clone()).unwrap_or_default()
    }

    /// The path of an asset.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.paths.get(name).map_or("/assets/missing", String::as_str)
    }
}

pub(crate) async fn serve(State(web): State<Arc<Web>>, Path(name): Path<String>) -> Response {
    match web.assets.by_name.get(&name) {
        Some(asset) => (
            [
                (header::CONTENT_TYPE, asset.kind),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ],
            asset.text.clone(),
        )
            .into_response(),
        None => match web.assets.current(&name) {
            // A page from before an update asks for what it knew: it gets today's, and keeps nothing.
            Some(asset) => ([(header::CONTENT_TYPE, asset.kind)], asset.text.clone()).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
    }
}

pub(crate) async fn icon(State(web): State<Arc<Web>>) -> Response {
    serve(State(Arc::clone(&web)), Path(web.assets.path("icon.svg").trim_start_matches("/assets/").to_owned())).await
}

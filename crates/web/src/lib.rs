//! Turns requests into flows and outcomes into pages and JSON. Holds no rules.

mod account;
mod api;
mod auth_check;
mod check;
mod external;
mod mail;
mod maintenance;
mod page;
mod recover;
mod request;
mod routes;
mod server;
mod sign_in;
mod sign_up;
mod staff;
mod status;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use ipnet::IpNet;
use kagiya_flows::App;
use kagiya_text::Lang;
use metrics_exporter_prometheus::PrometheusHandle;

pub use routes::router;
pub use server::lines::Limits;
pub use server::{Running, serve};
pub use status::export::{Exported, export};

/// What the web layer is given.
pub struct Web {
    /// The flows' side.
    pub app: Arc<App>,
    /// Whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// From where `/metrics` may be read, directly and not through a proxy.
    pub metrics_from: Vec<IpNet>,
    /// Renders `/metrics`; `None` when another in this process records.
    pub metrics: Option<PrometheusHandle>,
    pub(crate) assets: page::assets::Assets,
    /// How long requests take: those that read, the others.
    pub(crate) times: [metrics::Histogram; 2],
    /// Messages that need nothing but the settings, Japanese and English.
    pub(crate) fixed: [std::collections::HashMap<String, String>; 2],
    /// Whether the database took a write a moment ago.
    pub(crate) writes: server::health::Writes,
    /// Forms that were sent a moment ago.
    pub(crate) presses: request::single_flight::Presses<kagiya_flows::sign_in::Entered>,
    /// Ways back from providers that were taken a moment ago.
    pub(crate) returns: request::single_flight::Presses<kagiya_flows::external::callback::Returned>,
    /// Sign-ups that were finished a moment ago.
    pub(crate) sign_ups: request::single_flight::Presses<kagiya_flows::sign_up::Created>,
    /// Offers to come back that were taken a moment ago.
    pub(crate) reopened: request::single_flight::Presses<kagiya_flows::sign_in::reopen::Reopened>,
    /// What every answer says.
    pub(crate) sealed: http::HeaderMap,
    /// What a check says that lets somebody through.
    pub(crate) accepted: http::HeaderMap,
    /// What pages may load and where their forms may lead.
    policy: http::HeaderValue,
    /// Which build a form came from.
    pub(crate) build: [u8; 4],
    /// The same, to be read out.
    pub(crate) build_name: String,
    /// For practice: no cookie comes in and none goes out.
    pub(crate) no_cookies: AtomicBool,
}

impl Web {
    /// Puts the web layer together.
    pub fn new(
        app: Arc<App>,
        trusted_proxies: Vec<IpNet>,
        metrics_from: Vec<IpNet>,
        metrics: Option<PrometheusHandle>,
    ) -> Arc<Self> {
        let assets = page::assets::Assets::new(&app.settings.accent);
        let build = assets.build();
        let policy = page::policy(&app);
        let sealed = page::sealed(&app.settings);
        let fixed = Lang::ALL.map(|lang| app.words.fixed(lang, &app.settings.in_every_message(lang)));
        Arc::new(Self {
            app,
            trusted_proxies,
            metrics_from,
            metrics,
            assets,
            times: ["GET", "POST"].map(|method| metrics::histogram!("kagiya_request_seconds", "method" => method)),
            fixed,
            writes: server::health::Writes::default(),
            presses: request::single_flight::Presses::default(),
            returns: request::single_flight::Presses::default(),
            sign_ups: request::single_flight::Presses::default(),
            reopened: request::single_flight::Presses::default(),
            accepted: auth_check::accepted(sealed.clone()),
            sealed,
            policy,
            build,
            build_name: build.iter().map(|byte| format!("{byte:02x}")).collect(),
            no_cookies: AtomicBool::new(false),
        })
    }

    /// What pages may load, and where their forms may lead. A provider that describes itself may be known only later.
    pub(crate) fn policy(&self) -> http::HeaderValue {
        if self.app.providers.is_empty() { self.policy.clone() } else { page::policy(&self.app) }
    }

    /// Practises with browsers that keep no cookies. For the demo.
    pub fn practise_without_cookies(&self, on: bool) {
        self.no_cookies.store(on, Ordering::Relaxed);
    }

    /// Whether [`Web::practise_without_cookies`] is on.
    pub fn is_without_cookies(&self) -> bool {
        self.no_cookies.load(Ordering::Relaxed)
    }
}

//! Turns requests into flows and outcomes into pages and JSON. Holds no rules.

mod account;
mod api;
mod assets;
mod auth_check;
mod check;
mod context;
mod cookies;
mod fault;
mod form;
mod headers;
mod health;
mod help;
mod in_app;
mod language;
mod nowhere;
mod old_ways;
mod once;
mod overflow;
mod page;
mod recover;
mod repair;
mod server;
mod setup;
mod sign_in;
mod sign_out;
mod sign_up;
mod signs;
mod turns;
mod verdict;
mod why;

use std::sync::Arc;

use axum::{Router, routing::get};
use ipnet::IpNet;
use kagiya_flows::App;
use metrics_exporter_prometheus::PrometheusHandle;

pub use server::{Running, serve};

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
    pub(crate) assets: assets::Assets,
    /// Forms that were sent a moment ago.
    pub(crate) presses: once::Presses,
    /// Which build a form came from.
    pub(crate) build: [u8; 4],
}

impl Web {
    /// Puts the web layer together.
    pub fn new(
        app: Arc<App>,
        trusted_proxies: Vec<IpNet>,
        metrics_from: Vec<IpNet>,
        metrics: Option<PrometheusHandle>,
    ) -> Arc<Self> {
        let assets = assets::Assets::new(&app.settings.accent);
        let build = assets.build();
        Arc::new(Self { app, trusted_proxies, metrics_from, metrics, assets, presses: once::Presses::default(), build })
    }
}

/// Every path of the contract that exists so far.
pub fn router(web: Arc<Web>) -> Router {
    let mut router = Router::new();
    for path in old_ways::WORKERS {
        router = router.route(path, get(old_ways::worker));
    }
    router
        .route("/", get(account::home))
        .route("/check", get(check::page).post(check::submit))
        .route("/check/{code}", get(check::join))
        .route("/repair", get(repair::page).post(repair::submit))
        .route("/sign-in", get(sign_in::page).post(sign_in::submit))
        .route("/sign-in/reopen", axum::routing::post(sign_in::reopen))
        .route("/sign-out", get(sign_out::ask).post(sign_out::submit))
        .route("/sign-up", get(sign_up::page).post(sign_up::submit))
        .route("/sign-up/verify", get(sign_up::code_page).post(sign_up::verify))
        .route("/recover", get(recover::page).post(recover::submit))
        .route("/recover/code", get(recover::code_page).post(recover::type_code))
        .route("/recover/password", get(recover::password_page).post(recover::choose_password))
        .route("/unlock", get(recover::unlock_page).post(recover::unlock_submit))
        .route("/unlock/code", get(recover::unlock_code_page).post(recover::unlock_type_code))
        .route("/account", get(account::home))
        .route("/account/sessions", get(account::sessions).post(account::revoke))
        .route("/account/security", get(account::security).post(account::change_password))
        .route("/account/emails", axum::routing::post(account::add_email))
        .route("/account/emails/verify", get(account::email_code_page).post(account::verify_email))
        .route("/account/emails/change", axum::routing::post(account::change_email))
        .route("/account/close", get(account::close_page).post(account::close))
        .route("/why/{reference}", get(why::page))
        .route("/why/{reference}/confirm", get(why::confirm_page).post(why::confirm))
        .route("/help", get(help::index))
        .route("/help/{cause}", get(help::page))
        .route("/language", axum::routing::post(language::choose))
        .route("/.well-known/change-password", get(account::change_password_redirect))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/auth/check", get(auth_check::handle))
        .route("/assets/{name}", get(assets::serve))
        .route("/favicon.ico", get(assets::icon))
        .nest("/api/v1", api::router())
        .fallback(nowhere::not_found)
        .method_not_allowed_fallback(nowhere::wrong_method)
        .with_state(web)
}

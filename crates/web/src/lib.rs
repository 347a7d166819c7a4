//! Turns requests into flows and outcomes into pages and JSON. Holds no rules.

mod account;
mod api;
mod auth_check;
mod check;
mod external;
mod maintenance;
mod page;
mod recover;
mod request;
mod server;
mod sign_in;
mod sign_up;
mod staff;
mod status;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Router, routing::get};
use ipnet::IpNet;
use kagiya_flows::App;
use kagiya_text::Lang;
use metrics_exporter_prometheus::PrometheusHandle;

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
        let fixed = Lang::ALL.map(|lang| app.words.fixed(lang, &page::view::always(&app.settings, lang)));
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

/// Every path of the contract that exists so far.
pub fn router(web: Arc<Web>) -> Router {
    let mut router = Router::new();
    for path in sign_in::old_ways::WORKERS {
        router = router.route(path, get(sign_in::old_ways::worker));
    }
    router
        .route("/", get(account::home))
        .route("/check", get(check::page).post(check::submit))
        .route("/check/{code}", get(check::join))
        .route("/repair", get(check::repair::page).post(check::repair::submit))
        .route("/sign-in", get(sign_in::page).post(sign_in::submit))
        .route("/sign-in/reopen", get(sign_in::reopen::page).post(sign_in::reopen::submit))
        .route("/sign-in/{provider}", axum::routing::post(external::begin))
        .route("/sign-in/{provider}/callback", get(external::callback).post(external::callback_form))
        .route("/sign-in/{provider}/seen", axum::routing::post(external::saw))
        .route("/sign-in/{provider}/choose", get(external::choose::page).post(external::choose::submit))
        .route("/sign-in/{provider}/prove", get(external::choose::prove_page).post(external::choose::prove))
        .route("/sign-in/{provider}/events", axum::routing::post(external::events::receive))
        .route("/sign-out", get(sign_in::sign_out::ask).post(sign_in::sign_out::submit))
        .route("/sign-up", get(sign_up::page).post(sign_up::submit))
        .route("/sign-up/verify", get(sign_up::code_page).post(sign_up::verify))
        .route("/recover", get(recover::page).post(recover::submit))
        .route("/recover/code", get(recover::code_page).post(recover::type_code))
        .route("/recover/password", get(recover::password_page).post(recover::choose_password))
        .route("/unlock", get(recover::unlock_page).post(recover::unlock_submit))
        .route("/unlock/code", get(recover::unlock_code_page).post(recover::unlock_type_code))
        .route("/account", get(account::home))
        .route("/account/trouble", get(account::trouble))
        .route("/account/sessions", get(account::sessions).post(account::revoke))
        .route("/account/security", get(account::security).post(account::change_password))
        .route("/account/emails", axum::routing::post(account::add_email))
        .route("/account/emails/verify", get(account::email_code_page).post(account::verify_email))
        .route("/account/emails/change", axum::routing::post(account::change_email))
        .route("/account/links", get(account::links::page))
        .route("/account/links/{id}", axum::routing::post(account::links::add))
        .route("/account/links/{id}/remove", axum::routing::post(account::links::remove))
        .route("/account/links/{id}/relink", axum::routing::post(account::links::relink))
        .route("/account/links/{id}/test", axum::routing::post(account::links::test))
        .route("/account/methods", get(account::links::methods))
        .route("/account/close", get(account::close_page).post(account::close))
        .route("/why/{reference}", get(check::why::page))
        .route("/why/{reference}/confirm", get(check::why::confirm_page).post(check::why::confirm))
        .route("/why/{reference}/me-too", axum::routing::post(check::why::me_too))
        .route("/help", get(page::help::index))
        .route("/help/{cause}", get(page::help::page))
        .route("/staff", get(staff::overview::show))
        .route("/staff/look", get(staff::look::page).post(staff::look::search))
        .route("/staff/locks", axum::routing::post(staff::look::end_locks))
        .route("/staff/notices", get(staff::notices::page).post(staff::notices::create))
        .route("/staff/notices/{id}", axum::routing::post(staff::notices::update))
        .route("/api/v1/staff/notices", get(staff::api::list).post(staff::api::create))
        .route("/api/v1/staff/notices/{id}", axum::routing::post(staff::api::update))
        .route("/status", get(status::show))
        .route("/status/subscribe", axum::routing::post(status::subscribe::subscribe))
        .route("/status/subscribed", get(status::subscribe::subscribed))
        .route("/status/confirm", get(status::subscribe::confirm_page).post(status::subscribe::confirm))
        .route("/status/unsubscribe", get(status::subscribe::unsubscribe_page).post(status::subscribe::unsubscribe))
        .route("/notify", get(status::subscribe::notify_page).post(status::subscribe::notify))
        .route("/status/feed.atom", get(status::feed))
        .route("/api/v2/summary.json", get(status::summary))
        .route("/api/v2/status.json", get(status::overview))
        .route("/api/v2/components.json", get(status::components))
        .route("/api/v2/incidents.json", get(status::incidents))
        .route("/api/v2/incidents/unresolved.json", get(status::unresolved))
        .route("/api/v2/scheduled-maintenances.json", get(status::maintenances))
        .route("/api/v2/scheduled-maintenances/upcoming.json", get(status::upcoming))
        .route("/api/v2/scheduled-maintenances/active.json", get(status::active))
        .route("/language", axum::routing::post(request::language::choose))
        .route("/.well-known/change-password", get(account::change_password_redirect))
        .route("/healthz", get(server::health::alive))
        .route("/readyz", get(server::health::ready))
        .route("/metrics", get(server::health::metrics))
        .route("/auth/check", get(auth_check::handle))
        .route("/assets/{name}", get(page::assets::serve))
        .route("/favicon.ico", get(page::assets::icon))
        .nest("/api/v1", api::router())
        .fallback(page::nowhere::not_found)
        .method_not_allowed_fallback(page::nowhere::wrong_method)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&web), maintenance::gate::guard))
        .with_state(web)
}

//! `/healthz`, `/readyz`, `/metrics`.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use kagiya_flows::App;

use crate::{Web, maintenance::closed, page::fault::not_found_page, request::context::Context};

/// The process is alive.
pub(crate) async fn alive() -> Response {
    plain(StatusCode::OK, "text/plain; charset=utf-8", "ok\n".to_owned())
}

/// People can be signed in: the database answers and takes writes. A full queue is no reason to be taken out of
/// the way: the next server would get its load, too, and sessions go on here.
pub(crate) async fn ready(State(web): State<Arc<Web>>) -> Response {
    let not = |what: &str| plain(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", format!("{what}\n"));
    if web.app.jobs.is_leaving() {
        return not("stopping");
    }
    if let Some(job) = web.app.jobs.broken(web.app.clock.monotonic_ms()) {
        return not(&format!("job {job}"));
    }
    if kagiya_flows::status::disk::of(&web.app).is_some_and(|disk| disk.is_full()) {
        return not("disk");
    }
    if !web.writes.are_taken(&web.app).await {
        return not("database");
    }
    if closed::is_shut_by_database(&web) {
        return not("database");
    }
    plain(StatusCode::OK, "text/plain; charset=utf-8", "ready\n".to_owned())
}

/// Whether the database takes writes, asked once a second at most: anybody may ask for `/readyz`.
#[derive(Debug, Default)]
pub(crate) struct Writes(tokio::sync::Mutex<(i64, bool)>);

impl Writes {
    async fn are_taken(&self, app: &App) -> bool {
        let mut last = self.0.lock().await;
        let now = app.clock.monotonic_ms();
        if last.0 == 0 || now - last.0 >= 1_000 {
            let written = app.store.probe_write(app.now()).await;
            if let Err(error) = &written {
                tracing::warn!(%error, "not ready");
            }
            *last = (now.max(1), written.is_ok());
        }
        last.1
    }
}

/// Prometheus text, for the operator's own collector only: counters by true cause would tell
/// a stranger whether an account exists.
pub(crate) async fn metrics(State(web): State<Arc<Web>>, context: Context) -> Response {
    let forwarded = ["x-forwarded-for", "forwarded", "via"].iter().any(|name| context.headers.contains_key(*name));
    let allowed = context.peer.is_none_or(|peer| web.metrics_from.iter().any(|net| net.contains(&peer)));
    if forwarded || !allowed {
        return not_found_page(&context);
    }
    let app = &web.app;
    #[allow(clippy::cast_precision_loss, reason = "gauges are floating-point numbers")]
    let gauge = |name: &'static str, value: i64| metrics::gauge!(name).set(value as f64);
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    gauge("kagiya_hash_queue", count(app.hashing.waiting()));
    if let Some(disk) = kagiya_flows::status::disk::of(app) {
        gauge("kagiya_disk_free_bytes", i64::try_from(disk.free).unwrap_or(i64::MAX));
        gauge("kagiya_disk_size_bytes", i64::try_from(disk.size).unwrap_or(i64::MAX));
    }
    gauge("kagiya_sessions_in_memory", count(app.sessions.len()));
    metrics::counter!("kagiya_hash_checks_total").absolute(app.hashing.checks());
    if let Ok(mut conn) = app.store.reader().await {
        if let Ok((oldest, waiting)) = kagiya_flows::mail::outbox::waiting(&mut conn).await {
            gauge("kagiya_mail_queue", waiting);
            gauge("kagiya_mail_oldest_seconds", oldest.map_or(0, |at| app.now().since(at).as_seconds_up()));
        }
        if let Ok(sessions) = kagiya_flows::session::count(&mut conn, app.now()).await {
            gauge("kagiya_sessions", sessions);
        }
    }
    match &web.metrics {
        Some(handle) => plain(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", handle.render()),
        None => plain(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "no recorder\n".to_owned()),
    }
}

fn plain(status: StatusCode, kind: &'static str, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], text).into_response()
}

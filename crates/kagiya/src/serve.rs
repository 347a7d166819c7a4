//! `kagiya serve`.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use kagiya_flows::{
    App,
    external::permission,
    jobs::{self, runner},
    mail::outbox::{self, Post},
};
use kagiya_web::{Limits, Running, Web};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};

use crate::{
    Failure,
    config::Config,
    export,
    mail::PostOffice,
    open,
    output::say,
    outside::{self, DIRECTLY},
};

/// A server that runs.
pub(crate) struct Served {
    pub(crate) app: Arc<App>,
    #[cfg(feature = "lab")]
    pub(crate) web: Arc<Web>,
    running: Running,
    drain: Duration,
    terminate: Signal,
    interrupt: Signal,
}

/// What stands between the server and its mail.
pub(crate) type Wrap = fn(Arc<dyn Post>) -> Arc<dyn Post>;

pub(crate) async fn run(config: Config) -> Result<(), Failure> {
    let listener = listen(&config).await?;
    let served = begin(&config, listener, |post| post).await?;
    announce(&config, &served.app.settings.public_url.origin, served.running.address);
    until_stopped(served).await
}

pub(crate) async fn listen(config: &Config) -> Result<TcpListener, Failure> {
    open::data_folder(config)?;
    TcpListener::bind(config.listen)
        .await
        .map_err(|error| Failure::Failed(format!("cannot listen on {}: {error}", config.listen)))
}

/// Opens everything and begins to serve.
pub(crate) async fn begin(config: &Config, listener: TcpListener, wrap: Wrap) -> Result<Served, Failure> {
    // Heard from the beginning: whoever reads "ready" may stop it at once.
    let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let listening = listener.local_addr()?;
    if let Some(variable) = outside::ignored_proxy() {
        tracing::warn!(variable, "a proxy is named by the environment, and ignored: {DIRECTLY}");
    }
    let store = open::store_or_later(config).await?;
    if !store.is_down()
        && let Ok(Some(room)) = store.room().await
        && let Some(words) = open::too_small(config, room)
    {
        tracing::warn!("{words}: lower database_connections, or raise max_connections or the role's limit");
    }
    let app = open::app(config, store, listening, 0)?;
    let recorder = PrometheusBuilder::new()
        .set_buckets(&[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0])
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|e| Failure::Failed(e.to_string()))?;
    let upkeep = recorder.clone();
    runner::spawn(&app, "metrics", move |app| {
        let upkeep = upkeep.clone();
        async move {
            // Samples are folded into their buckets even when nobody asks for them.
            while app.jobs.pause(std::time::Duration::from_secs(5)).await {
                upkeep.run_upkeep();
            }
        }
        .boxed()
    });
    let name = &app.settings.service_name.ja;
    let post = PostOffice::open(&config.mail, &app.settings.mail_from, name, config.mail_in_the_clear)
        .map_err(Failure::Failed)?;
    if !app.store.is_down() {
        jobs::beat(&app).await.map_err(|e| Failure::Failed(e.to_string()))?;
    }
    jobs::start(&app);
    kagiya_flows::check::heard::prepare();
    outbox::start(&app, wrap(Arc::new(post)));
    let web = Web::new(Arc::clone(&app), config.trusted_proxies.clone(), config.metrics_from.clone(), Some(recorder));
    export::start(config, &web)?;
    let running = kagiya_web::serve(Arc::clone(&web), listener, limits(config))?;
    Ok(Served {
        app,
        #[cfg(feature = "lab")]
        web,
        running,
        drain: config.drain,
        terminate,
        interrupt,
    })
}

/// The descriptors that are kept for files, the database, mail and providers.
pub(crate) const OTHER_DESCRIPTORS: u64 = 128;

/// Lets this process open as many files as the system allows; returns how many that is.
pub(crate) fn raise_descriptors() -> u64 {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let wanted = rustix::process::Rlimit { current: limit.maximum, ..limit };
        if setrlimit(Resource::Nofile, wanted).is_ok() {
            limit.current = limit.maximum;
        }
    }
    limit.current.unwrap_or(u64::MAX)
}

/// As many connections as the settings say, and the system has descriptors for.
fn limits(config: &Config) -> Limits {
    let room = raise_descriptors().saturating_sub(OTHER_DESCRIPTORS).max(16);
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    let connections = config.limits.connections.min(room);
    if connections < config.limits.connections {
        tracing::warn!(
            connections,
            "the system gives fewer descriptors than the settings want connections (ulimit -n)"
        );
    }
    Limits { connections, per_network: config.limits.per_network.min(connections) }
}

/// Serves until a signal comes, then drains.
pub(crate) async fn until_stopped(mut served: Served) -> Result<(), Failure> {
    tokio::select! {
        _ = served.terminate.recv() => {}
        _ = served.interrupt.recv() => {}
    }
    served.app.jobs.leave();
    if !served.drain.is_zero() {
        tracing::info!(seconds = served.drain.as_secs(), "about to stop: /readyz says so, requests are still answered");
        tokio::select! {
            () = tokio::time::sleep(served.drain) => {}
            // Whoever says it twice means now.
            _ = served.terminate.recv() => {}
            _ = served.interrupt.recv() => {}
        }
    }
    tracing::info!("stopping: open requests are finished first");
    served.running.stop().await;
    served.app.jobs.stop().await;
    jobs::leave(&served.app).await;
    // A token that a provider has just replaced is kept first; a call takes eight seconds at most.
    let _paused = tokio::time::timeout(Duration::from_secs(9), permission::pause(&served.app)).await;
    served.app.hashing.stop();
    served.app.store.close().await;
    Ok(())
}

fn announce(config: &Config, url: &str, listening: std::net::SocketAddr) {
    say(&format!("Kagiya is ready: {url}"));
    if url != format!("http://{listening}") {
        say(&format!("  listening on {listening}"));
    }
    say(&format!("  mail goes to {}", config.mail));
    say(&format!("  data lies in {}", config.data.display()));
    say("  the first staff account: sign up in the browser, then run");
    say(&format!("    kagiya --data {} account grant LOGIN_ID", config.data.display()));
}

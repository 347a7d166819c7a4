//! What runs by itself, looked after: a job that breaks is started again, counted and told; all end before the store does.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use kagiya_domain::setup::SetupFault;
use tokio::{sync::watch, task::JoinHandle};

use crate::{App, setup};

/// The first pause after a job broke; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A job that ran for so long since it broke is well again.
const WELL_AFTER: i64 = 30_000;
/// How long a stop waits for a job that is in the middle of something.
const PATIENCE: Duration = Duration::from_secs(9);

/// The jobs of a server.
pub struct Jobs {
    /// Whether the server is about to stop: whoever sends people here should send them elsewhere.
    leaving: AtomicBool,
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    /// Jobs that broke, and when last, in milliseconds of the clock that only goes forward.
    broken: Mutex<BTreeMap<&'static str, i64>>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self { leaving: AtomicBool::new(false), stop: watch::channel(false).0, tasks: Mutex::default(), broken: Mutex::default() }
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Jobs {
    /// Says that the server is about to stop.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Whether the server is about to stop, and still answers.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    /// Whether the server is stopping: no further round is begun.
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Resolves when the server begins to stop.
    pub async fn stopping(&self) {
        let mut stop = self.stop.subscribe();
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// Waits; `false` when the server stops meanwhile.
    pub async fn pause(&self, time: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(time) => true,
            () = self.stopping() => false,
        }
    }

    /// A job that broke of late and has not yet run for a while since.
    pub fn broken(&self, now_ms: i64) -> Option<&'static str> {
        lock(&self.broken).iter().find(|(_, at)| now_ms - **at < WELL_AFTER).map(|(name, _)| *name)
    }

    /// Tells every job to end, and waits until they have.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *lock(&self.tasks));
        let aborts: Vec<_> = tasks.iter().map(JoinHandle::abort_handle).collect();
        if tokio::time::timeout(PATIENCE, futures_util::future::join_all(tasks)).await.is_err() {
            tracing::warn!("a job did not end in time");
            aborts.iter().for_each(tokio::task::AbortHandle::abort);
        }
    }
}

/// Runs a job until the server stops. One that panics is begun anew after a pause.
pub fn spawn(app: &Arc<App>, name: &'static str, job: fn(Arc<App>) -> BoxFuture<'static, ()>) {
    let kept = Arc::clone(app);
    let task = tokio::spawn(async move {
        let mut pause = FIRST_PAUSE;
        loop {
            let begun = kept.clock.monotonic_ms();
            match tokio::spawn(job(Arc::clone(&kept))).await {
                Ok(()) => return,
                Err(error) if error.is_cancelled() => return,
                Err(error) => tell(&kept, name, &error),
            }
            if kept.clock.monotonic_ms() - begun > WELL_AFTER {
                pause = FIRST_PAUSE;
            }
            if !kept.jobs.pause(pause).await {
                return;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    });
    lock(&app.jobs.tasks).push(task);
}

fn tell(app: &Arc<App>, name: &'static str, error: &tokio::task::JoinError) {
    metrics::counter!("kagiya_job_faults_total", "job" => name).increment(1);
    tracing::error!(%error, job = name, "a job broke; it is begun anew");
    lock(&app.jobs.broken).insert(name, app.clock.monotonic_ms());
    setup::note(app, SetupFault::JobBroke, name);
}

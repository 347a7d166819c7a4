//! Runs what runs by itself: a job that breaks is begun anew, counted and told; all end before the store does.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use kagiya_domain::setup::SetupFault;
use tokio::task::JoinSet;

use crate::{App, check::setup, jobs::supervision::WELL_AFTER};

/// The first pause after a job broke; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Runs a job until the server stops. One that panics is begun anew after a pause.
pub fn spawn(app: &Arc<App>, name: &'static str, job: impl Fn(Arc<App>) -> BoxFuture<'static, ()> + Send + 'static) {
    let kept = Arc::clone(app);
    let task = tokio::spawn(async move {
        let mut pause = FIRST_PAUSE;
        // Ends with this task, whatever ends it.
        let mut running = JoinSet::new();
        loop {
            let begun = kept.clock.monotonic_ms();
            running.spawn(job(Arc::clone(&kept)));
            match running.join_next().await {
                Some(Err(error)) if !error.is_cancelled() => tell(&kept, name, &error),
                _ => return,
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
    app.jobs.keep(task);
}

fn tell(app: &Arc<App>, name: &'static str, error: &tokio::task::JoinError) {
    metrics::counter!("kagiya_job_faults_total", "job" => name).increment(1);
    tracing::error!(%error, job = name, "a job broke; it is begun anew");
    app.jobs.note_broken(name, app.clock.monotonic_ms());
    setup::note(app, SetupFault::JobBroke, name);
}

/// Rounds that fail in a row before that is told: a server that changes places fails one or two.
const STUCK: u32 = 3;

/// So many rounds of a job have failed in a row, without breaking it: told like a job that broke, for as long as they
/// fail. While the database is known not to answer, that is told already.
pub(crate) fn stuck(app: &Arc<App>, name: &'static str, failed: u32) {
    if failed < STUCK || app.store.is_down() {
        return;
    }
    metrics::counter!("kagiya_job_faults_total", "job" => name).increment(1);
    app.jobs.note_broken(name, app.clock.monotonic_ms());
    setup::note(app, SetupFault::JobBroke, name);
}

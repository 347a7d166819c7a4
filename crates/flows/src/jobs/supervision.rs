//! What is known of the jobs that run by themselves: which broke of late, and whether they are to end.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// A job that ran for so long since it broke is well again.
pub(crate) const WELL_AFTER: i64 = 30_000;
/// How long a stop waits for what is in the middle of something: as long as a mail server may take for a letter.
const PATIENCE: Duration = Duration::from_secs(13);

/// The jobs of a server.
pub struct Jobs {
    /// Whether the server is about to stop: whoever sends people here should send them elsewhere.
    leaving: AtomicBool,
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    /// What follows an answer: small, and nobody waits for it but the end.
    small: Mutex<JoinSet<()>>,
    /// Jobs that broke, and when last, in milliseconds of the clock that only goes forward.
    broken: Mutex<BTreeMap<&'static str, i64>>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            leaving: AtomicBool::new(false),
            stop: watch::channel(false).0,
            tasks: Mutex::default(),
            small: Mutex::default(),
            broken: Mutex::default(),
        }
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

    /// Keeps a job, to be waited for at the end.
    pub(crate) fn keep(&self, task: JoinHandle<()>) {
        lock(&self.tasks).push(task);
    }

    /// Notes that a job broke.
    pub(crate) fn note_broken(&self, name: &'static str, now_ms: i64) {
        lock(&self.broken).insert(name, now_ms);
    }

    /// Does something small beside the request that caused it; the store is not closed before it is done.
    pub(crate) fn soon(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut small = lock(&self.small);
        while small.try_join_next().is_some() {}
        small.spawn(work);
    }

    /// Tells every job to end, and waits until they have, and what follows the last answers is done.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *lock(&self.tasks));
        let aborts: Vec<_> = tasks.iter().map(JoinHandle::abort_handle).collect();
        let all = async {
            futures_util::future::join_all(tasks).await;
            // What a job began while it ended, and what that began, is waited for, too.
            loop {
                let mut small = std::mem::take(&mut *lock(&self.small));
                if small.is_empty() {
                    break;
                }
                while small.join_next().await.is_some() {}
            }
        };
        // What waits in a set ends with it, when the time is over.
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            tracing::warn!("a job did not end in time");
            // What a supervisor runs ends with it.
            aborts.iter().for_each(tokio::task::AbortHandle::abort);
            let mut small = std::mem::take(&mut *lock(&self.small));
            small.shutdown().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, atomic::AtomicUsize};

    use super::*;

    #[tokio::test]
    async fn what_an_ending_job_begins_is_waited_for() {
        let (jobs, done) = (Arc::new(Jobs::default()), Arc::new(AtomicUsize::new(0)));
        let (of, last) = (Arc::clone(&jobs), Arc::clone(&done));
        jobs.keep(tokio::spawn(async move {
            of.stopping().await;
            let later = Arc::clone(&of);
            of.soon(async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                later.soon(async move {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    last.fetch_add(1, Ordering::SeqCst);
                });
            });
        }));
        jobs.stop().await;
        assert_eq!(done.load(Ordering::SeqCst), 1);
    }
}

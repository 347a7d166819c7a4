//! A button pressed twice: the same form sent again while its first answer is on the way gets
//! that answer, so that one press too many makes no second session.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use kagiya_flows::{Fault, Outcome, session, sign_in::Entered};

use crate::request::context::Context;

/// For so long after it was sent, a form is the same press.
const KEEP_MS: i64 = 3_000;
/// Beyond so many at once, each press counts by itself.
const MOST: usize = 10_000;

/// An answer that several requests share.
pub(crate) type Answer<T> = Arc<Outcome<T>>;
type Running<T> = Shared<BoxFuture<'static, Answer<T>>>;

/// An answer and when its form was sent, in milliseconds.
type Sent<T> = (Running<T>, i64);

/// Forms that were sent a moment ago.
pub(crate) struct Presses<T>(Mutex<HashMap<[u8; 16], Sent<T>>>);

impl<T> Default for Presses<T> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<T: Send + Sync + 'static> Presses<T> {
    /// The same press that is already running, or this one, begun. It runs to its end even when
    /// the browser goes away: that is what a browser does with the first of two presses.
    fn join(&self, key: [u8; 16], now_ms: i64, work: impl FnOnce() -> Running<T>) -> (Running<T>, bool) {
        let mut presses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if presses.len() >= MOST / 2 {
            presses.retain(|_, (_, at)| now_ms - *at < KEEP_MS);
        }
        if let Some((running, at)) = presses.get(&key)
            && now_ms - *at < KEEP_MS
        {
            return (running.clone(), true);
        }
        let running = work();
        if presses.len() < MOST {
            presses.insert(key, (running.clone(), now_ms));
        }
        (running, false)
    }

    /// Whether this press is known already.
    pub(crate) fn holds(&self, key: &[u8; 16]) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(key)
    }

    fn forget(&self, key: &[u8; 16]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

fn begin<T, F>(work: F) -> Running<T>
where
    T: Send + Sync + 'static,
    F: Future<Output = Outcome<T>> + Send + 'static,
{
    let task = tokio::spawn(work);
    async move { Arc::new(task.await.unwrap_or(Err(Fault::Hashing))) }.boxed().shared()
}

/// Runs `work`, or waits for the same press that is already running and takes its answer; whether it did.
pub(crate) async fn share<T, F, W>(presses: &Presses<T>, context: &Context, key: [u8; 16], work: F) -> (Answer<T>, bool)
where
    T: Send + Sync + 'static,
    F: FnOnce() -> W,
    W: Future<Output = Outcome<T>> + Send + 'static,
{
    let (running, joined) = presses.join(key, context.web.app.clock.monotonic_ms(), || begin(work()));
    (running.await, joined)
}

/// As [`share`] for a password sign-in, but for answers that stand no longer.
pub(crate) async fn run<F, W>(context: &Context, key: [u8; 16], work: F) -> Answer<Entered>
where
    F: Fn() -> W,
    W: Future<Output = Outcome<Entered>> + Send + 'static,
{
    let web = &context.web;
    let (running, joined) = web.presses.join(key, web.app.clock.monotonic_ms(), || begin(work()));
    let answer = running.await;
    let stands = match &*answer {
        // Signed out in the meantime, and sent once more on purpose.
        Ok(Ok(Entered::SignedIn(signed_in))) if joined => {
            matches!(session::check(&web.app, signed_in.token.as_str(), context.now).await, Ok(session::Found::Live(_)))
        }
        Ok(Err(refusal)) => refusal.status < 500,
        Ok(Ok(_)) => true,
        Err(_) => false,
    };
    if !stands {
        web.presses.forget(&key);
        if joined {
            return begin(work()).await;
        }
    }
    answer
}

//! A button pressed twice: the same form sent again while its first answer is on the way gets
//! that answer, so that one press too many makes no second session.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use kagiya_flows::{Outcome, session, sign_in::Entered};
use tokio::sync::OnceCell;

use crate::context::Context;

/// For so long after it was sent, a form is the same press.
const KEEP_MS: i64 = 3_000;
/// Beyond so many at once, each press counts by itself.
const MOST: usize = 10_000;

/// An answer that several requests share.
pub(crate) type Shared = Arc<Outcome<Entered>>;

/// The answer of a press, and when it was first pressed, in milliseconds.
type Press = (Arc<OnceCell<Shared>>, i64);

/// Forms that were sent a moment ago.
#[derive(Default)]
pub(crate) struct Presses(Mutex<HashMap<[u8; 16], Press>>);

impl Presses {
    fn cell(&self, key: [u8; 16], now_ms: i64) -> Arc<OnceCell<Shared>> {
        let mut presses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        presses.retain(|_, (cell, at)| now_ms - *at < KEEP_MS || !cell.initialized());
        if presses.len() >= MOST {
            return Arc::default();
        }
        Arc::clone(&presses.entry(key).or_insert_with(|| (Arc::default(), now_ms)).0)
    }
}

/// Runs `work`, or waits for the same press that is already running.
pub(crate) async fn run<F>(context: &Context, key: [u8; 16], work: F) -> Shared
where
    F: Future<Output = Outcome<Entered>>,
{
    let web = &context.web;
    let cell = web.presses.cell(key, web.app.clock.monotonic_ms());
    let mut work = Some(work);
    let first = cell.get_or_init(|| async {
        match work.take() {
            Some(work) => Arc::new(work.await),
            // Never: this runs at most once, and before anything below.
            None => Arc::new(Err(kagiya_flows::Fault::Hashing)),
        }
    });
    let shared = Arc::clone(first.await);
    let Some(work) = work else {
        return shared;
    };
    // Signed out in the meantime, and sent once more on purpose.
    if let Ok(Ok(Entered::SignedIn(signed_in))) = &*shared
        && !matches!(session::check(&web.app, signed_in.token.as_str(), context.now).await, Ok(session::Found::Live(_)))
    {
        return Arc::new(work.await);
    }
    shared
}

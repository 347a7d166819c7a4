//! What a server keeps in mind of the components.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use kagiya_domain::{
    Timestamp,
    component::Level,
    health::{Detector, Tick, Usual},
};

/// What this server knows of the components.
#[derive(Debug, Default)]
pub struct Monitor(Mutex<State>);

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) detectors: HashMap<String, Detector>,
    pub(crate) usual: HashMap<(String, i64), Usual>,
    /// What was learned in the hour that runs.
    pub(crate) hour: Option<i64>,
    pub(crate) learned: HashMap<String, Tick>,
    pub(crate) loaded: bool,
    /// Whether the password of the server's own account was looked at since the start.
    pub(crate) self_known: bool,
    /// Whether the database took the last write.
    pub(crate) refuses_writes: bool,
    pub(crate) checked_at: Option<Timestamp>,
    pub(crate) written_at: Option<Timestamp>,
    pub(crate) written: HashMap<String, Level>,
    pub(crate) counted_at: Option<Timestamp>,
    pub(crate) silences: u32,
}

impl Monitor {
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    pub(crate) fn detector(&mut self, id: &str, now: Timestamp) -> &mut Detector {
        self.detectors.entry(id.to_owned()).or_insert_with(|| Detector::new(id, now))
    }
}

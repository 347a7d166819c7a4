//! The real clock and the real dice: the only place where either is read.
#![allow(clippy::disallowed_methods, reason = "this is where time and chance come in")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};
use std::{io::Write, path::Path};

use kagiya_domain::Timestamp;
use kagiya_flows::{Clock, Dice};

/// What a proxy of the environment would be for.
pub(crate) const DIRECTLY: &str = "providers, webhooks, probes and copies are asked directly";

/// The variable that names a proxy for calls to others, which are made without one: its names would be looked up where
/// nothing can be kept from leading inward.
pub(crate) fn ignored_proxy() -> Option<&'static str> {
    let names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
    names.into_iter().find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Writes to a folder and takes it away again. Bytes that reach the disk: an empty file can be made on a full one.
pub(crate) fn try_writing(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(".kagiya-probe");
    let written = std::fs::File::create(&probe).and_then(|mut file| {
        file.write_all(&[0x5a; 64 * 1_024])?;
        file.sync_all()
    });
    let _ = std::fs::remove_file(&probe);
    written
}

/// The system's clock.
pub(crate) struct SystemClock {
    start: Instant,
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic_us(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_micros()).unwrap_or(i64::MAX)
    }
}

/// The system's cryptographic generator.
pub(crate) struct SystemDice;

impl Dice for SystemDice {
    fn fill(&self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            // Without chance there are no secrets: going on would be worse than stopping.
            std::process::abort();
        }
    }
}

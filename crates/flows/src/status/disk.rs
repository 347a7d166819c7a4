//! How much room is left where the data lies.

use std::path::Path;

use crate::App;

/// Less than this share of a disk is little, and less than [`LITTLE`] bytes.
const SHARE: u64 = 20;
const LITTLE: u64 = 1_024 * 1_024 * 1_024;
/// With less than this nothing can be written for long.
const NONE: u64 = 1_024 * 1_024;

/// A file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Bytes that may still be written.
    pub free: u64,
    /// Bytes in all.
    pub size: u64,
}

impl Disk {
    /// Whether its end is near: a twentieth, and less than 1 GiB.
    pub const fn is_short(&self) -> bool {
        self.free < LITTLE && self.free < self.size / SHARE
    }

    /// Whether it is at its end.
    pub const fn is_full(&self) -> bool {
        self.free < NONE
    }
}

/// The file system of a folder; `None` when it cannot be asked.
pub fn free(folder: &Path) -> Option<Disk> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(Disk { free: stat.f_bavail.saturating_mul(stat.f_frsize), size: stat.f_blocks.saturating_mul(stat.f_frsize) })
}

/// The file system of a server's data.
pub fn of(app: &App) -> Option<Disk> {
    free(app.settings.board_file.as_deref()?.parent()?)
}

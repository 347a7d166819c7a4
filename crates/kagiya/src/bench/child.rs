//! The measured server, in a process of its own.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::Failure;

/// A running child; killed when dropped.
pub(super) struct Child {
    process: std::process::Child,
    pub(super) address: SocketAddr,
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(words: &[&str]) -> Result<(std::process::Child, String), Failure> {
    let mut process = Command::new(std::env::current_exe()?)
        .args(words)
        .env("KAGIYA_LOG", "error")
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()?;
    let mut line = String::new();
    if let Some(out) = process.stdout.take() {
        let mut out = BufReader::new(out);
        out.read_line(&mut line)?;
        // The rest is read away, so that the child never waits for us.
        std::thread::spawn(move || for _ in out.lines() {});
    }
    Ok((process, line))
}

impl Child {
    /// A bare hyper server.
    pub(super) async fn hello() -> Result<Self, Failure> {
        let (process, line) = tokio::task::spawn_blocking(|| spawn(&["bench-hello"])).await??;
        let address = line.trim().parse().map_err(|_| Failure::Failed(format!("no address in {line:?}")))?;
        Ok(Self { process, address })
    }

    /// `kagiya serve` on a data folder.
    pub(super) async fn serve(data: &Path) -> Result<Self, Failure> {
        Self::serve_with(data, &[]).await
    }

    /// The same with more flags.
    pub(super) async fn serve_with(data: &Path, flags: &[&str]) -> Result<Self, Failure> {
        let mut words = vec!["--data".to_owned(), data.display().to_string()];
        words.extend(["--listen", "127.0.0.1:0"].iter().chain(flags).map(|word| (*word).to_owned()));
        if !flags.contains(&"demo") {
            words.push("serve".to_owned());
        }
        let started = tokio::task::spawn_blocking(move || {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            spawn(&words)
        });
        let (process, line) = started.await??;
        let address = line.trim().rsplit("http://").next();
        let address = address.and_then(|text| text.split('/').next()?.parse().ok());
        let address = address.ok_or_else(|| Failure::Failed(format!("no address in {line:?}")))?;
        Ok(Self { process, address })
    }

    pub(super) async fn stop(mut self) {
        if let Ok(id) = i32::try_from(self.process.id())
            && let Some(pid) = rustix::process::Pid::from_raw(id)
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            for _ in 0..100 {
                if self.process.try_wait().is_ok_and(|done| done.is_some()) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    fn status(&self, name: &str) -> f64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kib: f64 = line.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse().ok()).unwrap_or_default();
        kib / 1_024.0
    }

    /// Resident memory now.
    pub(super) fn memory_mib(&self) -> f64 {
        self.status("VmRSS:")
    }

    /// The most that was ever resident.
    pub(super) fn peak_mib(&self) -> f64 {
        self.status("VmHWM:")
    }
}

/// From the start of the process to its first answer, with and without a data folder there.
#[allow(clippy::disallowed_methods, reason = "the bench measures real time")]
pub(super) async fn cold_starts() -> Result<(f64, f64), Failure> {
    let folder = super::seed::Folder::new()?;
    let mut times = [0.0; 2];
    for time in &mut times {
        let begun = Instant::now();
        let server = Child::serve(folder.path()).await?;
        super::load::once(server.address, b"GET /sign-in HTTP/1.1\r\nHost: bench\r\n\r\n").await?;
        *time = begun.elapsed().as_secs_f64() * 1_000.0;
        server.stop().await;
    }
    Ok((times[0], times[1]))
}

//! What a script reads goes to standard output, everything else to standard error.

use std::io::Write;

use kagiya_text::Lang;
use tracing_subscriber::EnvFilter;

/// Prints a line for scripts and people.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe is the reader's choice.
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// Says what went wrong.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "kagiya: {line}");
}

/// Standard error, when it takes what is written: a full disk behind it must not stop the server.
struct Logs(std::io::Stderr);

impl Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

/// Starts logging to standard error.
pub(crate) fn start_logs(json: bool, serving: bool) {
    let usual = if serving { "info,sqlx=warn,hyper=warn" } else { "error" };
    let filter = EnvFilter::try_from_env("KAGIYA_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Logs(std::io::stderr()));
    if json {
        builder.json().init();
    } else {
        builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init();
    }
}

/// The language of whoever sits at the terminal (POSIX 8.2: `LC_ALL`, `LC_MESSAGES`, `LANG`, in this order).
pub(crate) fn lang() -> Lang {
    let set =
        ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    if set.is_some_and(|value| value.starts_with("ja")) { Lang::Ja } else { Lang::En }
}

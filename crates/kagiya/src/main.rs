//! The binary: configuration, the real clock, network and mail, commands.

#[cfg(feature = "bench")]
mod bench;
mod cli;
mod config;
#[cfg(feature = "lab")]
mod demo;
mod doctor;
mod export;
mod keys_file;
mod links;
mod mail;
mod notice_args;
mod notices;
mod open;
mod orders;
mod output;
mod outside;
mod providers;
mod serve;
mod settings_file;
mod status;
mod values;
mod why;

use std::process::ExitCode;

use crate::cli::{Cli, Command};

/// Why a command ended badly.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was asked for makes no sense: exit code 2.
    Usage(String),
    /// It could not be done: exit code 1.
    Failed(String),
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.to_string())
    }
}

fn main() -> ExitCode {
    // Whatever this program makes is its owner's alone, whatever the shell says.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let cli = Cli::read();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::complain(&format!("the runtime could not be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(run(cli));
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(words)) => {
            output::complain(&words);
            ExitCode::FAILURE
        }
        Err(Failure::Usage(words)) => {
            output::complain(&words);
            ExitCode::from(2)
        }
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    #[cfg(feature = "lab")]
    let practice = matches!(cli.command, Command::Demo { .. });
    #[cfg(not(feature = "lab"))]
    let practice = false;
    let config = config::Config::read(&cli::Flags { practice, ..cli.settings })?;
    output::start_logs(config.log_json, practice || matches!(cli.command, Command::Serve));
    match cli.command {
        Command::Serve => serve::run(config).await,
        #[cfg(feature = "lab")]
        Command::Demo { town } => demo::run(config, town).await,
        Command::Migrate => open::migrate(&config).await,
        Command::Account { order } => orders::run(&config, order).await,
        Command::Status { order: cli::StatusOrder::Export { dir } } => export::run(&config, &dir).await,
        Command::Maintenance { order } => notices::maintenance(&config, order).await,
        Command::Incident { order } => notices::incident(&config, order).await,
        Command::Link { order: cli::LinkOrder::Transfer { provider, team } } => {
            links::transfer(&config, &provider, &team).await
        }
        Command::Link { order: cli::LinkOrder::Check { provider } } => links::check(&config, &provider).await,
        Command::Why { reference, reason, json } => why::run(&config, &reference, &reason, json).await,
        #[cfg(feature = "bench")]
        Command::Bench { what, accounts, seconds, json } => {
            bench::measure(what, bench::Plan { accounts, seconds, json }).await
        }
        #[cfg(feature = "bench")]
        Command::BenchHello => bench::run_hello().await,
        Command::Doctor { json } => doctor::run(&config, json).await,
    }
}

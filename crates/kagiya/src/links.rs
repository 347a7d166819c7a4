//! `kagiya link`.

use kagiya_flows::external::{
    permission::{self, Tally},
    transfer::{self, Progress},
};

use crate::{
    Failure,
    config::Config,
    open,
    output::{complain, say},
};

/// `kagiya link transfer PROVIDER --team TEAM`.
pub(crate) async fn transfer(config: &Config, provider: &str, team: &str) -> Result<(), Failure> {
    if team.len() != 10 || !team.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
        return Err(Failure::Usage(format!("--team: {team:?} is no team ID; expected ten capitals and digits")));
    }
    let app = open::beside(config).await?;
    let Some(entry) = app.providers.find(provider) else {
        return Err(Failure::Usage(format!("{provider}: the settings name no such provider")));
    };
    if !entry.provider.can_transfer() {
        return Err(Failure::Usage(format!("{provider}: only Apple's identities change when an app moves")));
    }
    let tell = |done: Progress, failure: Option<String>| match failure {
        Some(words) => complain(&words),
        None => complain(&format!("{} kept, {} failed so far", done.kept, done.failed)),
    };
    let done = transfer::run(&app, entry, team, tell).await?;
    let done = done
        .map_err(|words| Failure::Failed(format!("{provider} was asked in vain: {words}; what was kept stays kept")))?;
    app.store.close().await;
    say(&format!("{} transfer identifiers kept, {} failed", done.kept, done.failed));
    if done.failed > 0 {
        return Err(Failure::Failed("run this again for those that failed".to_owned()));
    }
    Ok(())
}

/// `kagiya link check PROVIDER`.
pub(crate) async fn check(config: &Config, provider: &str) -> Result<(), Failure> {
    let app = open::beside(config).await?;
    let Some(entry) = app.providers.find(provider) else {
        return Err(Failure::Usage(format!("{provider}: the settings name no such provider")));
    };
    if !entry.provider.keeps_refresh_tokens() {
        return Err(Failure::Usage(format!("{provider}: nothing to ask with; set keep_refresh_token = true first")));
    }
    let words = |done: Tally| format!("{} hold, {} ended, {} failed", done.hold, done.ended, done.failed);
    let done = permission::run(&app, entry, app.now(), |done| complain(&format!("{} so far", words(done)))).await?;
    app.store.close().await;
    let done = done.map_err(|stopped| Failure::Failed(format!("{provider}: {stopped}")))?;
    say(&format!("permissions: {}", words(done)));
    if done.failed > 0 {
        return Err(Failure::Failed("of some nothing was learnt; they are asked about again tomorrow".to_owned()));
    }
    Ok(())
}

//! `kagiya account …`.

use std::io::{IsTerminal, Read, Write};

use kagiya_domain::{Timestamp, account::AccountState, audit::Event, role::Role};
use kagiya_flows::time::rfc3339;
use kagiya_flows::{
    App,
    external::links::{self, Link},
    staff::{
        agent::Agent,
        operator::{self, OrderError, RoleChange},
    },
};
use kagiya_store::account::Account;
use serde_json::{Value, json};

use crate::{Failure, cli::Order, config::Config, open, output::say};

pub(crate) async fn run(config: &Config, order: Order) -> Result<(), Failure> {
    if matches!(order, Order::Create { .. }) {
        // The first account may come before the first start.
        open::data_folder(config)?;
        let store = open::store(config).await?;
        let app = open::app(config, store, config.listen, 1)?;
        return carry_out(&app, order).await;
    }
    carry_out(&*open::beside(config).await?, order).await
}

async fn carry_out(app: &App, order: Order) -> Result<(), Failure> {
    let (account, json) = match order {
        Order::Create { named, email, password_stdin } => {
            let password = if password_stdin { Some(read_password()?) } else { None };
            (
                operator::create(app, &named.login_id, &email, password.as_deref(), &Agent::command_line())
                    .await
                    .map_err(failure)?,
                named.json,
            )
        }
        Order::Show { named, reason } => {
            let account = operator::find(app, &named.login_id).await.map_err(failure)?;
            open::note_view(app, Some(account.id), Event::ViewedMember, reason.trim()).await;
            (account, named.json)
        }
        Order::List { after, limit, json } => return list(app, after, limit, json).await,
        Order::Grant { named, role, .. } => {
            (change_roles(app, &named.login_id, RoleChange::Grant(role.into())).await?, named.json)
        }
        Order::Revoke { named, role, .. } => {
            (change_roles(app, &named.login_id, RoleChange::Revoke(role.map(Role::from))).await?, named.json)
        }
        Order::Lock(named) => (set(app, &named.login_id, AccountState::Locked).await?, named.json),
        Order::Unlock(named) => (set(app, &named.login_id, AccountState::Active).await?, named.json),
        Order::Suspend(named) => (set(app, &named.login_id, AccountState::Suspended).await?, named.json),
        Order::Sleep(named) => (set(app, &named.login_id, AccountState::Dormant).await?, named.json),
        Order::Close { named, yes } => {
            if !yes && std::io::stdin().is_terminal() && !confirmed(&named.login_id)? {
                return Err(Failure::Failed("nothing was changed".into()));
            }
            (set(app, &named.login_id, AccountState::Closed).await?, named.json)
        }
    };
    show(app, &account, json).await
}

fn failure(error: OrderError) -> Failure {
    Failure::Failed(error.to_string())
}

async fn set(app: &App, login_id: &str, state: AccountState) -> Result<Account, Failure> {
    operator::set_state(app, login_id, state, &Agent::command_line()).await.map_err(failure)
}

async fn change_roles(app: &App, login_id: &str, change: RoleChange) -> Result<Account, Failure> {
    operator::change_roles(app, login_id, change, &Agent::command_line()).await.map_err(failure)
}

fn confirmed(login_id: &str) -> Result<bool, Failure> {
    let mut err = std::io::stderr().lock();
    write!(err, "Close {login_id}? Its sessions end now; the owner can come back for 30 days. [y/N] ")?;
    err.flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

fn read_password() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin().take(8_192).read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

pub(crate) fn account_json(account: &Account) -> Value {
    json!({
        "id": account.id.to_string(),
        "login_id": account.login_id,
        "state": account.state.as_str(),
        "state_since": rfc3339(account.state_since),
        "created_at": rfc3339(account.created_at),
        "last_sign_in_at": account.last_sign_in_at.map(rfc3339),
        "staff_since": account.staff_since.map(rfc3339),
        "roles": account.roles.iter().map(Role::as_str).collect::<Vec<_>>(),
        "lang": account.lang,
    })
}

/// A link as staff sees it: masked, with its state and how that is known.
fn link_json(link: &Link) -> Value {
    json!({
        "id": link.id.to_string(),
        "provider": link.provider,
        "identity": link.shown,
        "state": link.state,
        "state_why": link.state_why,
        "state_source": link.state_source,
        "state_since": rfc3339(Timestamp(link.state_since)),
        "created_at": rfc3339(Timestamp(link.created_at)),
        "last_used_at": link.last_used_at.map(|at| rfc3339(Timestamp(at))),
    })
}

async fn show(app: &App, account: &Account, json: bool) -> Result<(), Failure> {
    let overview = kagiya_flows::account::overview(app, account.id).await?;
    let emails: Vec<String> = overview.map(|o| o.emails.into_iter().map(|e| e.address).collect()).unwrap_or_default();
    let password = links::has_password(app, account.id).await?;
    let links = links::list(app, account.id).await?;
    if json {
        let mut value = account_json(account);
        value["emails"] = json!(emails);
        value["password"] = json!(password);
        value["links"] = links.iter().map(link_json).collect();
        say(&value.to_string());
        return Ok(());
    }
    say(&format!("login ID   {}", account.login_id));
    say(&format!("state      {} since {}", account.state.as_str(), rfc3339(account.state_since)));
    say(&format!("created    {}", rfc3339(account.created_at)));
    say(&format!("signed in  {}", account.last_sign_in_at.map_or_else(|| "never".to_owned(), rfc3339)));
    say(&format!("addresses  {}", emails.join(", ")));
    say(&format!("password   {}", if password { "set" } else { "none" }));
    for link in &links {
        let since = rfc3339(Timestamp(link.state_since));
        say(&format!("linked     {} {}: {} since {since}", link.provider, link.shown, link.state));
    }
    if let Some(since) = account.staff_since {
        let roles: Vec<&str> = account.roles.iter().map(Role::as_str).collect();
        say(&format!("staff      {} since {}", roles.join(", "), rfc3339(since)));
    }
    Ok(())
}

async fn list(app: &App, mut after: String, limit: Option<usize>, json: bool) -> Result<(), Failure> {
    let mut left = limit.unwrap_or(usize::MAX);
    let mut first = true;
    let mut out = std::io::stdout().lock();
    if json {
        write!(out, "[")?;
    }
    while left > 0 {
        let page =
            operator::list(app, &after, i64::try_from(left.min(1_000)).unwrap_or(1_000)).await.map_err(failure)?;
        let Some(last) = page.last() else {
            break;
        };
        after = last.login_id.clone();
        left -= page.len();
        for account in &page {
            if json {
                write!(out, "{}{}", if first { "" } else { ",\n" }, account_json(account))?;
            } else {
                writeln!(
                    out,
                    "{:<24} {:<10} {}",
                    account.login_id,
                    account.state.as_str(),
                    rfc3339(account.created_at)
                )?;
            }
            first = false;
        }
    }
    if json {
        writeln!(out, "]")?;
    }
    Ok(())
}

//! "Tell me when it works": once, by mail, when the component is well again. While the database
//! does not answer, wishes are kept in a file, sealed.

use std::io::Write;

use futures_util::FutureExt;
use kagiya_domain::{Span, act::Act, component::Level, email::EmailAddress, mail::MailKind};
use kagiya_store::{self as store, outbox::NewMail, waiting::Waiting};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    App, Fault, FieldError, Outcome, Visitor,
    attempt::{self, Draft},
    sign_in::starts,
    status::platform::board::Operation,
};

/// As long must it be well before it is told.
const WELL: Span = Span::seconds(20);
/// Told in one go.
const BATCH: i64 = 200;
/// Wishes of one network in a minute.
const PER_MINUTE: u32 = 60;
/// A file of wishes does not grow beyond this.
const MOST_BYTES: u64 = 8 * 1_024 * 1_024;

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Kept {
    component: String,
    address: String,
    lang: String,
    at: i64,
}

/// What became of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It will be told.
    Kept,
    /// It works: there is nothing to wait for.
    WorksNow,
}

/// Takes a wish.
///
/// # Errors
/// When it can be kept nowhere.
pub async fn ask(app: &App, visitor: &Visitor, component: &str, typed: &str) -> Outcome<Asked> {
    let mut fields = Vec::new();
    let email = EmailAddress::parse(typed).map_err(|e| fields.push(FieldError { field: "email", key: e.key() })).ok();
    if !app.component_names().iter().any(|name| name == component) {
        fields.push(FieldError { field: "component", key: "error-component" });
    }
    let (Some(email), true) = (email, fields.is_empty()) else {
        return Ok(Err(attempt::refuse(app, visitor, Draft::invalid(Act::Notify, visitor, fields)).await));
    };
    let (board, now) = (app.board.get(), app.now());
    if !app.store.is_down()
        && board.level(component, now) == Level::Operational
        && board.shut(Operation::SignIn, now).is_none()
    {
        return Ok(Ok(Asked::WorksNow));
    }
    if app.notes.take_network("ask", visitor.address, PER_MINUTE, now).is_none() {
        let draft = Draft::spent(visitor, Act::Notify, "email", app.notes.renewed_at(now));
        return Ok(Err(attempt::refuse(app, visitor, draft).await));
    }
    // Each is a mail that leaves later.
    if let Err(refusal) = starts::take(app, visitor, Act::Notify, "email").await {
        return Ok(Err(refusal));
    }
    let kept = Kept {
        component: component.to_owned(),
        address: email.as_string(),
        lang: visitor.lang.as_str().to_owned(),
        at: app.now().0,
    };
    if !app.store.is_down() && insert(app, &kept).await.is_ok() {
        return Ok(Ok(Asked::Kept));
    }
    if append(app, &kept) { Ok(Ok(Asked::Kept)) } else { Err(store::Error::Down.into()) }
}

async fn insert(app: &App, kept: &Kept) -> Result<(), Fault> {
    let row = Waiting {
        id: app.new_id(),
        component: kept.component.clone(),
        address: kept.address.clone(),
        lang: kept.lang.clone(),
        created_at: kept.at,
    };
    let person = app.keys.digest16("waiting", &[kept.address.to_lowercase().as_bytes()]);
    app.store.write(move |conn| async move { store::waiting::insert(conn, &row, &person).await }.boxed()).await?;
    Ok(())
}

fn file(app: &App) -> Option<std::path::PathBuf> {
    app.settings.board_file.as_ref().map(|board| board.with_file_name("waiting"))
}

/// Keeps a wish in the file; `false` when that fails, too.
fn append(app: &App, kept: &Kept) -> bool {
    let Some(path) = file(app) else {
        return false;
    };
    let line = app.keys.seal("waiting", &serde_json::to_vec(kept).unwrap_or_default(), app.random());
    let written = std::fs::OpenOptions::new().create(true).append(true).open(path).and_then(|mut file| {
        if file.metadata()?.len() > MOST_BYTES {
            return Err(std::io::ErrorKind::QuotaExceeded.into());
        }
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_data()
    });
    written.is_ok()
}

/// Brings in what was kept in the file, and tells whoever waits for what is well again.
///
/// # Errors
/// When the database fails; what waits goes on waiting.
#[expect(clippy::too_many_lines, reason = "one transaction, begun by what it needs")]
pub(crate) async fn run(app: &App) -> Result<(), Fault> {
    if let Some(path) = file(app) {
        // Moved first: a wish that comes meanwhile begins a file of its own. One that was not read to
        // its end is read again.
        let taken = path.with_extension("taken");
        if !taken.exists() {
            let _ = std::fs::rename(&path, &taken);
        }
        let text = std::fs::read_to_string(&taken).unwrap_or_default();
        for line in text.lines() {
            let plain = app.keys.open("waiting", line);
            if let Some(kept) = plain.and_then(|plain| serde_json::from_slice::<Kept>(&plain).ok()) {
                insert(app, &kept).await?;
            }
        }
        let _ = std::fs::remove_file(&taken);
    }
    let now = app.now();
    let board = app.board.get();
    let waited_for = store::waiting::components(&mut app.store.reader().await?).await?;
    for component in waited_for {
        let since = board.measured(&component).map(|found| found.since).unwrap_or_default();
        let well = board.level(&component, now) == Level::Operational
            && now.since(since).0 >= WELL.0
            && board.shut(Operation::SignIn, now).is_none();
        if !well {
            continue;
        }
        let ids: Vec<Uuid> = (0..BATCH).map(|_| app.new_id()).collect();
        let told = app
            .store
            .write(move |conn| {
                async move {
                    let people = store::waiting::take(conn, &component, now.minus(WELL), BATCH).await?;
                    let count = people.len();
                    for (one, id) in people.into_iter().zip(ids) {
                        let mail = NewMail {
                            id,
                            kind: MailKind::WorksAgain,
                            account_id: None,
                            flow_id: None,
                            address: Some(one.address),
                            data: crate::mail::compose::component_data(
                                &one.component,
                                kagiya_domain::Timestamp(one.created_at),
                            ),
                            lang: one.lang,
                            patience: Span::hours(12),
                            network: None,
                            behind: Span::seconds(60),
                            wait: Span(0),
                        };
                        store::outbox::enqueue(conn, &mail, now).await?;
                    }
                    Ok(count)
                }
                .boxed()
            })
            .await?;
        if told > 0 {
            app.mail_bell.notify_one();
        }
    }
    Ok(())
}

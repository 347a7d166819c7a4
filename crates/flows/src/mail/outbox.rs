//! The mail job: leases due mails, composes them, sends them, keeps what servers answered.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use kagiya_domain::{Span, Timestamp, component::MAIL, email::EmailAddress, setup::SetupFault};
use kagiya_store::{self as store, delivery::Delivery, outbox::Mail};
use tokio::task::JoinSet;

use crate::{
    App, Fault,
    check::setup,
    jobs::runner,
    mail::compose::{self, Letter},
};

/// Nobody else sends a mail that one server has in hand for this long; after a crash it is
/// how late the mail is.
const LEASE: Span = Span::seconds(30);
/// A mail server must have taken a letter within this time; RFC 5321, 4.5.3.2 allows more, but people wait.
const PATIENCE: Duration = Duration::from_secs(12);
/// Mails in hand at once.
const BATCH: i64 = 32;

/// What a mail server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// Taken.
    Accepted,
    /// Refused for good, with the status and its words.
    Refused(i64, String),
    /// Put off, or not reached (status 0).
    Deferred(i64, String),
}

/// The way mail leaves.
pub trait Post: Send + Sync {
    /// Hands one letter over.
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Posted>;
}

/// Sends mail until the server stops. Whoever is slow to take it holds only its own place.
pub fn start(app: &Arc<App>, post: Arc<dyn Post>) {
    runner::spawn(app, "mail", move |app| send_all(app, Arc::clone(&post)).boxed());
}

async fn send_all(app: Arc<App>, post: Arc<dyn Post>) {
    let (mut hands, mut failed) = (JoinSet::new(), 0);
    while !app.jobs.is_stopping() {
        let free = BATCH - i64::try_from(hands.len()).unwrap_or(BATCH);
        let leased = match lease(&app, free).await {
            Ok(mails) => {
                failed = 0;
                mails
            }
            Err(error) => {
                tracing::error!(%error, "mail waits: the database fails");
                failed += 1;
                runner::stuck(&app, "mail", failed);
                app.jobs.pause(Duration::from_secs(2)).await;
                continue;
            }
        };
        let idle = leased.is_empty();
        for mail in leased {
            let (app, post) = (Arc::clone(&app), Arc::clone(&post));
            hands.spawn(async move { take_in_hand(&app, post, mail).await });
        }
        if idle || i64::try_from(hands.len()).unwrap_or(BATCH) >= BATCH {
            let wait = Duration::from_millis(next_wait(&app).await);
            tokio::select! {
                Some(_) = hands.join_next() => {}
                () = app.mail_bell.notified() => {}
                _ = app.jobs.pause(wait) => {}
            }
        }
        while hands.try_join_next().is_some() {}
    }
    while hands.join_next().await.is_some() {}
}

/// One mail. One that cannot be made at all holds up no other.
async fn take_in_hand(app: &Arc<App>, post: Arc<dyn Post>, mail: Mail) {
    let again = mail.clone();
    match AssertUnwindSafe(handle(app, &*post, mail)).catch_unwind().await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "mail waits: the database fails"),
        Err(_) => {
            metrics::counter!("kagiya_job_faults_total", "job" => "mail").increment(1);
            tracing::error!(kind = again.kind.as_str(), "a mail could not be made");
            setup::note(app, SetupFault::JobBroke, "mail");
            if let Err(error) = settle(app, &again, Some(0)).await {
                tracing::error!(%error, "mail waits: the database fails");
            }
        }
    }
}

async fn next_wait(app: &App) -> u64 {
    let due = async { store::outbox::next_due(&mut app.store.reader().await?).await }.await;
    let wait = due.ok().flatten().map_or(5_000, |at| at.since(app.now()).0);
    u64::try_from(wait.clamp(20, 5_000)).unwrap_or(5_000)
}

/// Sends what is due; returns how many mails were in hand.
///
/// # Errors
/// When the database fails.
pub async fn run_once(app: &App, post: &dyn Post) -> Result<usize, Fault> {
    let mails = lease(app, BATCH).await?;
    let count = mails.len();
    let sent = futures_util::future::join_all(mails.into_iter().map(|mail| handle(app, post, mail))).await;
    for outcome in sent {
        outcome?;
    }
    Ok(count)
}

async fn lease(app: &App, most: i64) -> Result<Vec<Mail>, Fault> {
    if most < 1 {
        return Ok(Vec::new());
    }
    let now = app.now();
    let mails = app
        .store
        .write(move |conn| async move { store::outbox::lease(conn, most, now.plus(LEASE), now).await }.boxed())
        .await?;
    Ok(mails)
}

async fn handle(app: &App, post: &dyn Post, mail: Mail) -> Result<(), Fault> {
    let letters = compose::letters(app, &mail).await?;
    if letters.is_empty() {
        // What a server's answer would have cost: whoever watches the database learns nothing of who has a mailbox.
        app.store.probe_write(app.now()).await?;
    }
    let mut put_off = None;
    for letter in &letters {
        let begun = app.clock.monotonic_us();
        let silent = || Posted::Deferred(0, format!("no answer within {} s", PATIENCE.as_secs()));
        let posted = tokio::time::timeout(PATIENCE, post.send(letter)).await.unwrap_or_else(|_| silent());
        match &posted {
            // A server that cannot be reached is ours to mend.
            Posted::Deferred(0, _) => app.measure.failed(MAIL),
            Posted::Deferred(..) => app.measure.put_off(domain_of(&letter.to), app.now()),
            Posted::Accepted | Posted::Refused(..) => app.measure.served(MAIL, None, app.clock.monotonic_us() - begun),
        }
        keep_answer(app, &mail, letter, &posted).await?;
        match posted {
            Posted::Accepted if app.settings.mail_page => app.letters.keep(app.now(), letter),
            Posted::Accepted => {}
            Posted::Refused(status, words) => {
                tracing::warn!(status, words, kind = mail.kind.as_str(), "a mail was refused");
            }
            Posted::Deferred(status, words) => {
                tracing::warn!(status, words, kind = mail.kind.as_str(), tries = mail.tries, "a mail was put off");
                put_off = Some(status);
                // Whoever says nothing once says nothing to the next address either.
                if status == 0 {
                    break;
                }
            }
        }
    }
    settle(app, &mail, put_off).await
}

/// Marks a mail as done, or puts it off with what the server answered.
async fn settle(app: &App, mail: &Mail, put_off: Option<i64>) -> Result<(), Fault> {
    let now = app.now();
    let (id, tries) = (mail.id, mail.tries);
    let retry_at = now.plus(backoff(tries));
    let again = put_off.is_some() && retry_at < Timestamp(mail.deadline_at);
    let gave_up = put_off.is_some() && !again;
    app.store
        .write(move |conn| {
            async move {
                if again {
                    store::outbox::retry_at(conn, id, retry_at, put_off.unwrap_or_default()).await
                } else {
                    store::outbox::done(conn, id, gave_up, now).await
                }
            }
            .boxed()
        })
        .await?;
    Ok(())
}

fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// 5 s, 10 s, 20 s … up to 30 minutes.
fn backoff(tries: i64) -> Span {
    let doublings = u32::try_from((tries - 1).clamp(0, 9)).unwrap_or(9);
    Span(Span::seconds(5).0.saturating_mul(1 << doublings).min(Span::minutes(30).0))
}

async fn keep_answer(app: &App, mail: &Mail, letter: &Letter, posted: &Posted) -> Result<(), Fault> {
    let Ok(address) = EmailAddress::parse(&letter.to) else {
        return Ok(());
    };
    let (outcome, status, answer) = match posted {
        Posted::Accepted => ("delivered", 250, String::new()),
        Posted::Refused(status, words) => ("refused", *status, words.clone()),
        Posted::Deferred(status, words) => ("deferred", *status, words.clone()),
    };
    metrics::counter!("kagiya_mails_total", "outcome" => outcome).increment(1);
    let row = Delivery {
        at: app.now().0,
        kind: mail.kind.as_str().to_owned(),
        outcome: outcome.to_owned(),
        status,
        answer: answer.chars().filter(|c| !c.is_control()).take(300).collect(),
    };
    let id = app.new_id();
    app.store
        .write(move |conn| {
            async move { store::delivery::insert(conn, id, &address.key(), address.domain(), &row).await }.boxed()
        })
        .await?;
    Ok(())
}

/// When the oldest mail that waits was asked for, and how many wait.
///
/// # Errors
/// When the database fails.
pub async fn waiting(conn: &mut store::Conn) -> Result<(Option<Timestamp>, i64), Fault> {
    Ok(store::outbox::waiting(conn).await?)
}

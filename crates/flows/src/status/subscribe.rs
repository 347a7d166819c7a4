//! Subscriptions to notices: by mail, confirmed from the mailbox; by webhook, confirmed by its answer.
//! Webhooks are signed as Standard Webhooks has it (<https://www.standardwebhooks.com>).

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::FutureExt;
use kagiya_domain::{
    Span, Timestamp,
    act::Act,
    email::EmailAddress,
    mail::MailKind,
    notice::{Kind, Notice, Update},
};
use kagiya_store::{
    self as store,
    outbox::NewMail,
    subscriber::{Hook, Subscriber},
};
use serde_json::json;
use tokio::task::JoinSet;
use url::Url;
use uuid::Uuid;

use crate::{
    App, Fault, FieldError, Outcome, Visitor,
    attempt::{self, Draft},
    jobs::runner,
    mail::compose,
    sign_in::starts,
    status::subscription::{place_key, read_token, token},
    time::rfc3339,
};

/// A call that fails is tried again for so long.
const PATIENCE: Span = Span::hours(24);
/// Nobody else makes a call that one server has in hand for this long.
const LEASE: Span = Span::seconds(30);
/// Calls in hand at once: more than one network can keep waiting for endpoints that say nothing.
const HANDS: usize = 128;
/// Subscriptions begun by one network in a minute.
const PER_MINUTE: u32 = 60;
/// Wishes for one URL: each has its own secret and token, and none ends another's.
const MOST_WISHES: i64 = 40;
/// Of these, what one network begins in an hour.
const WISHES_OF_NETWORK: u32 = 5;
/// A wish that was not confirmed for so long makes room for another.
const UNCONFIRMED: Span = Span::minutes(1);
/// Calls given up in a row that end a subscription.
const GIVEN_UP: i64 = 5;

/// What was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// A mail asks for confirmation.
    ByMail,
    /// The webhook is being tried; this is its secret, told once, and the token that ends it.
    ByWebhook {
        /// `whsec_…`
        secret: String,
        /// For the page that ends the subscription.
        token: String,
    },
}

/// Whether a network asks too often.
fn is_spent(app: &App, visitor: &Visitor) -> bool {
    app.notes.take_network("subscribe", visitor.address, PER_MINUTE, app.now()).is_none()
}

async fn refuse(app: &App, visitor: &Visitor, field: FieldError) -> Outcome<Begun> {
    Ok(Err(attempt::refuse(app, visitor, Draft::invalid(Act::Subscribe, visitor, vec![field])).await))
}

/// Begins a subscription by mail. Whether the address has one shows in the mailbox only.
///
/// # Errors
/// When the database fails.
pub async fn by_mail(app: &App, visitor: &Visitor, typed: &str) -> Outcome<Begun> {
    let email = match EmailAddress::parse(typed) {
        Ok(email) => email,
        Err(error) => return refuse(app, visitor, FieldError { field: "email", key: error.key() }).await,
    };
    if is_spent(app, visitor) {
        return Ok(Err(attempt::refuse(
            app,
            visitor,
            Draft::spent(visitor, Act::Subscribe, "email", app.notes.renewed_at(app.now())),
        )
        .await));
    }
    let start = match starts::take(app, visitor, Act::Subscribe, "email").await {
        Ok(start) => start,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let new = fresh(app, visitor, "mail", email.as_string(), None);
    let place = place_key(&app.keys, "mail", &email.key());
    let mail = NewMail {
        id: app.new_id(),
        kind: MailKind::Subscribe,
        account_id: None,
        flow_id: None,
        address: Some(email.as_string()),
        data: compose::token_data(&token(app, new.id)),
        lang: visitor.lang.as_str().to_owned(),
        patience: Span::hours(24),
        network: Some(starts::network_key(app, visitor)),
        behind: start.place_of_newcomer(),
        wait: starts::wait(app),
    };
    let now = app.now();
    // The same for every address: the mail job finds out whether it is confirmed already.
    app.store
        .write(move |conn| {
            async move {
                store::subscriber::insert(conn, &new, &place, now).await?;
                store::outbox::enqueue(conn, &mail, now).await
            }
            .boxed()
        })
        .await?;
    app.mail_bell.notify_one();
    Ok(Ok(Begun::ByMail))
}

/// Begins a subscription by webhook: it is called once, and counts when it answers with a success.
///
/// # Errors
/// When the database fails.
#[expect(
    clippy::too_many_lines,
    reason = "one act from what is typed to its answer: parts of it would be called from here alone"
)]
pub async fn by_webhook(app: &App, visitor: &Visitor, typed: &str) -> Outcome<Begun> {
    let wrong = |key| FieldError { field: "url", key };
    let url = match Url::parse(typed.trim()) {
        Ok(url)
            if !typed.contains(['\0', '\u{fffd}'])
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && typed.len() <= 500 =>
        {
            url
        }
        _ => return refuse(app, visitor, wrong("error-webhook-url")).await,
    };
    if app.outbound.leads_inward(&url) {
        return refuse(app, visitor, wrong("error-webhook-inward")).await;
    }
    if !app.outbound.permits(&url) {
        return refuse(app, visitor, wrong("error-webhook-https")).await;
    }
    if is_spent(app, visitor) {
        return Ok(Err(attempt::refuse(
            app,
            visitor,
            Draft::spent(visitor, Act::Subscribe, "url", app.notes.renewed_at(app.now())),
        )
        .await));
    }
    let of_url = format!("webhook {url}");
    if app.starts.take_network(&of_url, visitor.address, WISHES_OF_NETWORK, app.now()).is_none() {
        return refuse(app, visitor, wrong("error-webhook-known")).await;
    }
    let secret: [u8; 24] = app.random();
    let sealed = app.keys.seal("webhook", &secret, app.random());
    let new = fresh(app, visitor, "webhook", url.to_string(), Some(sealed));
    let place = place_key(&app.keys, "webhook", url.as_str());
    let (hook_id, now, id) = (app.new_id(), app.now(), new.id);
    let body =
        json!({ "type": "subscription.test", "timestamp": now.0 / 1_000, "challenge": challenge(app, id, &url) });
    let body = body.to_string();
    let kept = app
        .store
        .write(move |conn| {
            async move {
                let (wishes, _) = store::subscriber::for_place(conn, &place).await?;
                let full = wishes >= MOST_WISHES;
                if full && !store::subscriber::make_room(conn, &place, now.minus(UNCONFIRMED)).await? {
                    return Ok(false);
                }
                store::subscriber::insert(conn, &new, &place, now).await?;
                store::subscriber::enqueue(conn, hook_id, id, &body, Span::hours(1), now).await?;
                Ok(true)
            }
            .boxed()
        })
        .await?;
    if !kept {
        return refuse(app, visitor, wrong("error-webhook-known")).await;
    }
    app.hook_bell.notify_one();
    let secret = format!("whsec_{}", STANDARD.encode(secret));
    Ok(Ok(Begun::ByWebhook { secret, token: token(app, id) }))
}

/// What an endpoint must say back: a site that answers every request alike has not asked for this. Each wish has its
/// own: what was said to one confirms no other.
fn challenge(app: &App, wish: Uuid, url: &Url) -> String {
    let tag = app.keys.digest16("webhook challenge", &[wish.as_bytes(), url.as_str().as_bytes()]);
    tag.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn fresh(app: &App, visitor: &Visitor, way: &str, target: String, secret: Option<String>) -> Subscriber {
    Subscriber {
        id: app.new_id(),
        way: way.to_owned(),
        target,
        lang: visitor.lang.as_str().to_owned(),
        secret,
        confirmed_at: None,
        failures: 0,
    }
}

/// Confirms a subscription; `false` when the token is of none.
///
/// # Errors
/// When the database fails.
pub async fn confirm(app: &App, token: &str) -> Result<bool, Fault> {
    let Some(id) = read_token(app, token) else {
        return Ok(false);
    };
    let now = app.now();
    Ok(app.store.write(move |conn| async move { store::subscriber::confirm(conn, id, now).await }.boxed()).await?)
}

/// Ends a subscription; `false` when the token is of none.
///
/// # Errors
/// When the database fails.
pub async fn end(app: &App, token: &str) -> Result<bool, Fault> {
    let Some(id) = read_token(app, token) else {
        return Ok(false);
    };
    Ok(app.store.write(move |conn| async move { store::subscriber::remove(conn, id).await }.boxed()).await?)
}

/// What everybody who asked is told of one notice.
#[derive(Clone)]
pub(crate) struct Telling {
    mails: Vec<NewMail>,
    hooks: Vec<(Uuid, Uuid, String)>,
}

impl Telling {
    /// In the transaction that changes the notice.
    pub(crate) async fn keep(&self, conn: &mut store::Conn, now: Timestamp) -> Result<(), store::Error> {
        for mail in &self.mails {
            store::outbox::enqueue(conn, mail, now).await?;
        }
        for (id, subscriber, body) in &self.hooks {
            store::subscriber::enqueue(conn, *id, *subscriber, body, PATIENCE, now).await?;
        }
        Ok(())
    }
}

/// What there is to tell of a change of a notice.
///
/// # Errors
/// When the database fails.
pub(crate) async fn telling(app: &App, notice: &Notice, update: &Update) -> Result<Telling, Fault> {
    let everybody = if notice.stage.is_public() {
        store::subscriber::confirmed(&mut app.store.reader().await?).await?
    } else {
        Vec::new()
    };
    let mut mails = Vec::new();
    let mut hooks = Vec::new();
    for one in everybody {
        let english = one.lang == "en";
        if one.way == "mail" {
            let when = match notice.kind {
                _ if notice.stage.is_over() => (None, None),
                Kind::Maintenance => (Some(notice.begins_at), notice.ends_at),
                Kind::Incident => (None, notice.next_update_at),
            };
            let data = compose::notice_data(
                notice.title_in(english),
                update.stage.as_str(),
                update.body_in(english),
                when,
                &token(app, one.id),
            );
            mails.push(NewMail {
                id: app.new_id(),
                kind: MailKind::Notice,
                account_id: None,
                flow_id: None,
                address: Some(one.target),
                data,
                lang: one.lang,
                patience: Span::hours(24),
                network: None,
                // Codes go before notices: people wait for those.
                behind: Span::minutes(5),
                wait: Span(0),
            });
        } else {
            hooks.push((app.new_id(), one.id, hook_body(app, notice, update)));
        }
    }
    Ok(Telling { mails, hooks })
}

fn hook_body(app: &App, notice: &Notice, update: &Update) -> String {
    json!({
        "type": format!("{}.{}", notice.kind.as_str(), update.stage.as_str()),
        "timestamp": rfc3339(update.at),
        "data": {
            "id": notice.id,
            "name": notice.title,
            "name_en": notice.title_en,
            "status": update.stage.as_str(),
            "impact": notice.impact.as_str(),
            "body": update.body,
            "body_en": update.body_en,
            "components": notice.components,
            "started_at": rfc3339(notice.begins_at),
            "scheduled_until": notice.ends_at.map(rfc3339),
            "next_update_at": notice.next_update_at.map(rfc3339),
            "url": format!("{}/status#{}", app.settings.public_url.origin, notice.id),
        },
    })
    .to_string()
}

/// Makes calls until the server stops. An endpoint that says nothing holds its own place only.
pub fn start(app: &Arc<App>) {
    runner::spawn(app, "webhooks", |app| call_all(app).boxed());
}

async fn call_all(app: Arc<App>) {
    let (mut hands, mut failed) = (JoinSet::new(), 0);
    while !app.jobs.is_stopping() {
        let free = HANDS.saturating_sub(hands.len());
        let hooks = match lease(&app, free).await {
            Ok(hooks) => {
                failed = 0;
                hooks
            }
            Err(error) => {
                tracing::error!(%error, "webhooks wait: the database fails");
                failed += 1;
                runner::stuck(&app, "webhooks", failed);
                Vec::new()
            }
        };
        let idle = hooks.is_empty();
        for hook in hooks {
            let app = Arc::clone(&app);
            hands.spawn(async move {
                if let Err(error) = call(&app, hook).await {
                    tracing::error!(%error, "a webhook waits: the database fails");
                }
            });
        }
        if idle || hands.len() >= HANDS {
            tokio::select! {
                Some(_) = hands.join_next() => {}
                () = app.hook_bell.notified() => {}
                _ = app.jobs.pause(Duration::from_secs(5)) => {}
            }
        }
        while hands.try_join_next().is_some() {}
    }
    while hands.join_next().await.is_some() {}
}

async fn lease(app: &App, most: usize) -> Result<Vec<Hook>, Fault> {
    let most = i64::try_from(most).unwrap_or_default();
    if most == 0 {
        return Ok(Vec::new());
    }
    let now = app.now();
    let hooks = app
        .store
        .write_forgettable(move |conn| {
            async move { store::subscriber::lease(conn, most, now.plus(LEASE), now).await }.boxed()
        })
        .await?;
    Ok(hooks)
}

async fn call(app: &App, hook: Hook) -> Result<(), Fault> {
    let found = store::subscriber::find(&mut app.store.reader().await?, hook.subscriber_id).await?;
    let answer = match &found {
        Some(subscriber) => deliver(app, subscriber, &hook).await,
        // Ended meanwhile.
        None => Ok(200),
    };
    let (id, subscriber, now) = (hook.id, hook.subscriber_id, app.now());
    let good = matches!(answer, Ok(200..=299));
    let gone = answer == Ok(410);
    if !good {
        tracing::warn!(?answer, tries = hook.tries, "a webhook did not take its call");
    }
    let retry_at = now.plus(Span(Span::seconds(5).0.saturating_mul(1 << hook.tries.clamp(1, 9)).min(Span::hours(1).0)));
    let again = !good && !gone && retry_at.0 < hook.deadline_at;
    let ends = gone || (!good && !again && found.as_ref().is_some_and(|s| s.failures + 1 >= GIVEN_UP));
    app.store
        .write(move |conn| {
            async move {
                if again {
                    return store::subscriber::retry_at(conn, id, retry_at).await;
                }
                store::subscriber::note_call(conn, subscriber, !good).await?;
                if good {
                    store::subscriber::confirm(conn, subscriber, now).await?;
                }
                if ends {
                    store::subscriber::remove(conn, subscriber).await?;
                }
                store::subscriber::done(conn, id, now).await
            }
            .boxed()
        })
        .await?;
    Ok(())
}

/// The status of the answer; 0 when a success does not say the challenge back.
async fn deliver(app: &App, subscriber: &Subscriber, hook: &Hook) -> Result<u16, String> {
    let secret = subscriber.secret.as_deref().and_then(|sealed| app.keys.open("webhook", sealed));
    let secret = secret.ok_or("its secret cannot be read")?;
    let url = Url::parse(&subscriber.target).map_err(|error| error.to_string())?;
    let signer = standardwebhooks::Webhook::from_bytes(secret).map_err(|error| error.to_string())?;
    let (id, at) = (format!("msg_{}", hook.id.simple()), app.now().0 / 1_000);
    let signature = signer.sign(&id, at, hook.body.as_bytes()).map_err(|error| error.to_string())?;
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id),
        ("webhook-timestamp", at.to_string()),
        ("webhook-signature", signature),
    ];
    let (status, body) = app.outbound.exchange("POST", &url, &headers, hook.body.clone().into_bytes()).await?;
    let said = String::from_utf8_lossy(&body).contains(&challenge(app, subscriber.id, &url));
    Ok(if subscriber.confirmed_at.is_none() && !said && matches!(status, 200..=299) { 0 } else { status })
}

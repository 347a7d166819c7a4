//! What providers push: it moves a link's state, and ends sessions where it says so.

use futures_util::FutureExt;
use kagiya_domain::{
    act::FlowKind,
    audit::{self, Actor, Line},
    link::{self, LinkEvent, LinkSource},
    mail::MailKind,
    session::EndReason,
};
use kagiya_oidc::{
    TokenFault,
    security_events::{Event, What},
};
use kagiya_store::{self as store, ending::Ended};

use super::{Entry, seconds};
use crate::{
    App, Fault,
    mail::{self, compose},
    session,
};

/// Clocks may differ by so much.
const LATE: kagiya_domain::Span = kagiya_domain::Span::minutes(2);

/// Takes a pushed token. The number of events that were new.
///
/// # Errors
/// When the database fails; the provider is asked to come again.
pub async fn receive(app: &App, entry: &Entry, token: &str) -> Result<Result<usize, TokenFault>, Fault> {
    let now = app.now();
    let events = match entry.provider.read_events(token, seconds(now)).await {
        Ok(events) => events,
        Err(fault) => {
            tracing::warn!(provider = entry.provider.id(), %fault, "a pushed token is not believed");
            metrics::counter!("kagiya_pushed_total", "provider" => entry.provider.id().to_owned(), "what" => "refused")
                .increment(1);
            return Ok(Err(fault));
        }
    };
    let mut new = 0;
    for (place, event) in events.iter().enumerate() {
        let what = event.what.as_str();
        metrics::counter!("kagiya_pushed_total", "provider" => entry.provider.id().to_owned(), "what" => what)
            .increment(1);
        if take(app, entry, event, place).await? {
            new += 1;
        }
    }
    Ok(Ok(new))
}

const fn meaning(what: What) -> Option<LinkEvent> {
    match what {
        What::SessionsRevoked | What::CredentialChangeRequired => Some(LinkEvent::Reauth),
        What::ConsentRevoked => Some(LinkEvent::ConsentRevoked),
        What::Disabled { hijacked: true } => Some(LinkEvent::Hijacked),
        What::Disabled { hijacked: false } => Some(LinkEvent::Disabled),
        What::Enabled => Some(LinkEvent::Enabled),
        What::Purged => Some(LinkEvent::Purged),
        What::IdentifierChanged
        | What::EmailDisabled
        | What::EmailEnabled
        | What::SignedOut
        | What::Verification
        | What::Other => None,
    }
}

/// Whose sessions end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    None,
    OfLink,
    All,
}

const fn ends(what: What) -> End {
    match what {
        What::SessionsRevoked | What::Disabled { hijacked: true } => End::All,
        What::SignedOut | What::ConsentRevoked | What::Disabled { hijacked: false } | What::Purged => End::OfLink,
        What::Enabled
        | What::CredentialChangeRequired
        | What::IdentifierChanged
        | What::EmailDisabled
        | What::EmailEnabled
        | What::Verification
        | What::Other => End::None,
    }
}

#[expect(clippy::too_many_lines, reason = "one transaction, begun by what it needs")]
async fn take(app: &App, entry: &Entry, event: &Event, place: usize) -> Result<bool, Fault> {
    let now = app.now();
    let provider = entry.provider.id();
    let token_key = app.keys.digest16("pushed", &[provider.as_bytes(), event.jti.as_bytes(), &place.to_le_bytes()]);
    let (issuer, subject, what) = (event.issuer.clone(), event.subject.clone().unwrap_or_default(), event.what);
    let found = store::link::find_identity(&mut app.store.reader().await?, &issuer, &subject).await?;
    let account = match &found {
        Some(link) => store::account::find(&mut app.store.reader().await?, link.account_id).await?,
        None => None,
    };
    let lang = account.as_ref().map_or("ja", |account| account.lang.as_str());
    let notice = found.as_ref().map(|link| {
        let data = compose::pushed_data(app, provider, &link.shown, what.as_str(), now);
        mail::to_account(app, MailKind::LinkChanged, Some(link.account_id), data, lang)
    });
    let (audit_id, issued_at) = (app.new_id(), event.issued_at);
    let done = app
        .store
        .write(move |conn| {
            async move {
                if !store::pushed::note(conn, &token_key, now).await? {
                    return Ok((false, Ended::default()));
                }
                let Some(link) = found else {
                    return Ok((true, Ended::default()));
                };
                let account = link.account_id;
                // Late news of before the link was made, moved or last worked is no news.
                let known = link.created_at.max(link.state_since).max(link.last_used_at.unwrap_or_default());
                if issued_at.saturating_mul(1_000).saturating_add(LATE.0) < known {
                    return Ok((false, Ended::default()));
                }
                let event = meaning(what);
                let to = event.and_then(|event| Some((event, link::next(link.state(), &link.state_why, event)?)));
                if let Some((event, state)) = to {
                    store::link::set_state(conn, link.id, state, event, LinkSource::Push, now).await?;
                    if let (Some(notice), false) = (&notice, event == LinkEvent::Enabled) {
                        store::outbox::enqueue(conn, notice, now).await?;
                    }
                }
                if let (Some(event), Some(mailbox)) = (event, &link.email_key) {
                    // Its mailbox is as much in doubt as the account it belongs to.
                    if event.closes_mailbox() {
                        store::email::set_closed(conn, account, mailbox, Some(now)).await?;
                        // Codes that lie there already open nothing any more.
                        store::flow::end_all(conn, account, uuid::Uuid::nil(), now).await?;
                    } else if event == LinkEvent::Enabled {
                        store::email::set_closed(conn, account, mailbox, None).await?;
                    }
                }
                let line = Line::new(Actor::Provider, audit::Event::Pushed, now).about(what.as_str());
                store::audit::note(conn, audit_id, Some(account), &line).await?;
                if ends(what) != End::None {
                    // What was proven by it and waits for a next step is over, too.
                    store::flow::end_kind(conn, account, FlowKind::SignIn, now).await?;
                }
                let ended = match ends(what) {
                    End::None => Ended::default(),
                    End::OfLink => {
                        store::session::end_of_link(conn, link.id, None, EndReason::ProviderEnded, now).await?
                    }
                    End::All => store::session::end_all(conn, account, None, EndReason::ProviderEnded, now).await?,
                };
                Ok((true, ended))
            }
            .boxed()
        })
        .await?;
    let (new, ended) = done;
    if !ended.is_empty() {
        session::ended(app, ended).await;
    }
    app.mail_bell.notify_one();
    Ok(new)
}

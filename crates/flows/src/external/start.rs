//! The way to a provider: recorded before the browser leaves, for it may never come back.

use std::sync::Arc;

use futures_util::FutureExt;
use kagiya_domain::{Evidence, Span, act::Act, destination::Destination};
use kagiya_oidc::Asked;
use kagiya_store as store;
pub use kagiya_store::authorization_session::AuthorizationSession;
use uuid::Uuid;

use super::{Entry, LIFE, derive, facts, redirect_uri};
use crate::{
    App, Fault, Outcome, Visitor,
    attempt::{self, Draft},
    sign_in::recent_auth::RecentAuth,
};

/// What a way to a provider is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Signing in, or up.
    SignIn,
    /// A further link of the account that is signed in.
    Link {
        /// Its owner.
        auth: RecentAuth,
    },
    /// Another identity in the place of a link.
    Relink {
        /// The account's owner.
        auth: RecentAuth,
        /// The link to replace.
        link: Uuid,
    },
    /// Seeing whether a link works.
    Test {
        /// The account.
        account: Uuid,
        /// The link.
        link: Uuid,
    },
}

impl Purpose {
    const fn parts(self) -> (&'static str, Option<Uuid>, Option<Uuid>) {
        match self {
            Self::SignIn => ("sign_in", None, None),
            Self::Link { auth } => ("link", Some(auth.account()), None),
            Self::Relink { auth, link } => ("relink", Some(auth.account()), Some(link)),
            Self::Test { account, link } => ("test", Some(account), Some(link)),
        }
    }
}

/// How somebody sets out.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// The provider's name in our URLs.
    pub provider: &'a str,
    /// What for.
    pub purpose: Purpose,
    /// Where the person wanted to go.
    pub return_to: Destination,
    /// The person was asked what they saw last time, or wants to go on without a word.
    pub asked: bool,
    /// Show the choice of accounts.
    pub choose: bool,
    /// Sign in there anew: it asked for that.
    pub afresh: bool,
    /// Do not sign in by itself.
    pub by_hand: bool,
}

/// What follows.
#[derive(Clone, Debug)]
pub enum Begun {
    /// To the provider.
    Go(String),
    /// The last way did not end: what was seen there?
    Ask(Box<AuthorizationSession>),
}

/// A second start after less is a double press.
const PRESS: Span = Span::seconds(5);
/// Ways on which one network sets out in a minute; each is kept until it has ended.
const PER_MINUTE: u32 = 600;
/// A start within this time of another is a retry.
const RETRY: Span = Span::minutes(30);

/// The provider, or the refusal when the settings have none of that name.
pub(crate) async fn find(app: &App, visitor: &Visitor, id: &str) -> Outcome<Arc<Entry>> {
    match app.providers.find(id) {
        Some(entry) => Ok(Ok(Arc::clone(entry))),
        None => {
            let draft = Draft::new(Act::External, 404, visitor, vec![Evidence::ProviderRetired]);
            Ok(Err(attempt::refuse_here(app, visitor, draft).await))
        }
    }
}

/// Sends a browser on its way.
///
/// # Errors
/// When the database fails.
pub async fn start(app: &Arc<App>, visitor: &Visitor, start: &Start<'_>) -> Outcome<Begun> {
    let entry = match find(app, visitor, start.provider).await? {
        Ok(entry) => entry,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let now = app.now();
    if !entry.health.lets_through(now) {
        let mut draft = Draft::new(Act::External, 503, visitor, facts::health(&entry, now));
        facts::known_links(app, visitor, start.provider, &mut draft).await?;
        return Ok(Err(attempt::refuse(app, visitor, draft).await));
    }
    let key = visitor.browser_key.unwrap_or_default();
    let last = match visitor.cookie_came {
        true => {
            let mut conn = app.store.reader().await?;
            store::authorization_session::latest_of_browser(&mut conn, &key, start.provider, now.minus(RETRY)).await?
        }
        false => None,
    };
    let lost = last.as_ref().is_some_and(|last| {
        let age = now.since(kagiya_domain::Timestamp(last.started_at));
        last.returned_at.is_none() && last.saw.is_none() && age > PRESS
    });
    if let (true, false, Some(last)) = (lost, start.asked, &last) {
        return Ok(Ok(Begun::Ask(Box::new(last.clone()))));
    }
    // Whoever begins anew within minutes had better be shown the choice.
    let retry = last.as_ref().is_some_and(|last| {
        now.since(kagiya_domain::Timestamp(last.started_at)) > PRESS && last.outcome != "signed_in"
    });
    let start = Start { choose: start.choose || retry, ..start.clone() };
    if app.notes.take_network("authorization", visitor.address, PER_MINUTE, now).is_none() {
        let until = app.notes.renewed_at(now);
        let draft = Draft::new(Act::External, 429, visitor, vec![Evidence::NetworkSpent { until }]);
        return Ok(Err(attempt::refuse(app, visitor, draft).await));
    }
    match set_out(app, visitor, &entry, &start).await? {
        Ok(url) => Ok(Ok(Begun::Go(url))),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Records the way and makes the provider's address.
pub(crate) async fn set_out(
    app: &Arc<App>,
    visitor: &Visitor,
    entry: &Arc<Entry>,
    start: &Start<'_>,
) -> Outcome<String> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let (provider, now) = (&entry.provider, app.now());
    let state = URL_SAFE_NO_PAD.encode(app.random::<32>());
    let derived = derive(app, &state);
    let asked = Asked {
        state: &state,
        nonce: &derived.nonce,
        verifier: &derived.verifier,
        redirect_uri: &redirect_uri(app, provider.id()),
        lang: visitor.lang.as_str(),
        choose: start.choose,
        afresh: start.afresh,
        silent: matches!(start.purpose, Purpose::Test { .. }),
        by_hand: start.by_hand,
        consent: wants_consent(app, visitor, entry).await?,
    };
    let url = match provider.authorize_url(&asked).await {
        Ok(url) => url,
        Err(failure) => {
            let draft = facts::failed(app, visitor, entry, &failure).await?;
            return Ok(Err(attempt::refuse(app, visitor, draft).await));
        }
    };
    let (purpose, account_id, link_id) = start.purpose.parts();
    let authorization = AuthorizationSession {
        id: app.new_id(),
        state_key: derived.state_key.to_vec(),
        provider: provider.id().to_owned(),
        purpose: purpose.to_owned(),
        browser_key: visitor.browser_key.unwrap_or_default().to_vec(),
        account_id,
        link_id,
        return_to: start.return_to.clone(),
        by_hand: i64::from(start.by_hand),
        started_at: now.0,
        expires_at: now.plus(LIFE).0,
        ..AuthorizationSession::default()
    };
    app.store
        .write(move |conn| async move { store::authorization_session::insert(conn, &authorization).await }.boxed())
        .await?;
    metrics::counter!("kagiya_external_starts_total", "provider" => provider.id().to_owned()).increment(1);
    Ok(Ok(url.into()))
}

/// Whether what is agreed to has to be shown before a refresh token is given: this browser's owner has left none yet.
async fn wants_consent(app: &App, visitor: &Visitor, entry: &Entry) -> Result<bool, Fault> {
    if !entry.provider.keeps_refresh_tokens() {
        return Ok(false);
    }
    let Some(device) = visitor.device_key else {
        return Ok(true);
    };
    Ok(!store::permission::is_kept_for(&mut app.store.reader().await?, &device, entry.provider.id()).await?)
}

/// The last way of this browser to a provider, if it has not come back; it may have been asked about.
///
/// # Errors
/// When the database fails.
pub async fn lost_way(app: &App, visitor: &Visitor, provider: &str) -> Result<Option<AuthorizationSession>, Fault> {
    let (true, Some(key)) = (visitor.cookie_came, visitor.browser_key) else {
        return Ok(None);
    };
    let since = app.now().minus(LIFE);
    let last =
        store::authorization_session::latest_of_browser(&mut app.store.reader().await?, &key, provider, since).await?;
    Ok(last.filter(|last| last.returned_at.is_none()))
}

/// The way of this browser to this provider that has not ended, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn open_way(app: &App, visitor: &Visitor, provider: &str) -> Result<Option<AuthorizationSession>, Fault> {
    Ok(lost_way(app, visitor, provider).await?.filter(|last| last.saw.is_none()))
}

//! Sessions: begun, checked on every request, ended with effect on the very next one.

pub mod cache;
pub mod endings;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use kagiya_domain::{
    Span, Timestamp,
    account::AccountState,
    component::SESSIONS,
    session::{EndReason, has_expired},
};
use kagiya_store::{
    self as store,
    ending::{Ended, TokenHash},
    session::NewSession,
};
use uuid::Uuid;

use crate::{App, Fault, Visitor, keys::sha256};

pub use self::cache::Live;
use self::{cache::LEASE, endings::WRITE_EVERY};

/// A token: 256 bits, base64url without padding. Only its SHA-256 is kept.
#[derive(Clone)]
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hidden]")
    }
}

impl Token {
    /// The text for the cookie.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The hash under which a cookie's value would be found; `None` when it cannot be a token.
pub fn token_hash(cookie: &str) -> Option<[u8; 32]> {
    let mut token = [0; 33];
    match URL_SAFE_NO_PAD.decode_slice(cookie, &mut token) {
        Ok(32) => Some(sha256(&token[..32])),
        Ok(_) | Err(_) => None,
    }
}

/// What a cookie's value stands for.
#[derive(Clone, Debug)]
pub enum Found {
    /// A running session.
    Live(Arc<Live>),
    /// A session that is over, and why.
    Ended(EndReason),
    /// Nothing that we know.
    Unknown,
}

/// A server that has not been seen for this long is gone.
const SERVER_LIFE: Span = Span::seconds(30);

/// Looks a cookie's value up, from memory when that is safe.
///
/// # Errors
/// When the database is needed and fails.
pub async fn check(app: &App, cookie: &str, now: Timestamp) -> Result<Found, Fault> {
    let Some(hash) = token_hash(cookie) else {
        return Ok(Found::Unknown);
    };
    if let Some(live) = check_memory(app, &hash, now) {
        return Ok(Found::Live(live));
    }
    if app.store.is_down() {
        // As far as it can be checked: what ran when the database went runs on for a while.
        return match app.sessions.get(&hash).filter(|live| believes(app, live, now)) {
            Some(live) => Ok(Found::Live(live)),
            None => Err(kagiya_store::Error::Down.into()),
        };
    }
    let begun = app.clock.monotonic_us();
    // Large, and by itself: most checks are answered from memory and are not to carry it along.
    let found = Box::pin(ask(app, hash, now)).await;
    match &found {
        Ok(_) => app.measure.served(SESSIONS, None, app.clock.monotonic_us() - begun),
        Err(_) => app.measure.failed(SESSIONS),
    }
    found
}

/// For how long sessions are believed without the database.
const TRUST: Span = Span::minutes(30);

/// Since when sessions have been checked from memory alone, because the database does not answer.
pub fn unchecked_since(app: &App) -> Option<Timestamp> {
    if !app.store.is_down() {
        return None;
    }
    Some(app.now().minus(Span(app.sessions.age_ms(app.clock.monotonic_ms()).max(0))))
}

fn believes(app: &App, live: &Live, now: Timestamp) -> bool {
    let seen = Timestamp(live.last_seen.load(Ordering::Relaxed));
    app.sessions.age_ms(app.clock.monotonic_ms()) < TRUST.0 && !has_expired(seen, live.expires_at, live.idle, now)
}

/// Renews the lease if that is what memory lacks, and asks the database if it does not know the session.
async fn ask(app: &App, hash: TokenHash, now: Timestamp) -> Result<Found, Fault> {
    if !app.sessions.has_lease(app.clock.monotonic_ms()) && app.sessions.get(&hash).is_some() {
        endings::renew_lease(app).await?;
        if let Some(live) = remembered(app, &hash, now) {
            return Ok(Found::Live(live));
        }
    }
    look_up(app, hash, now).await
}

async fn look_up(app: &App, hash: TokenHash, now: Timestamp) -> Result<Found, Fault> {
    // An end that comes from here on is noticed: the session is not remembered then.
    let seen = app.sessions.seen(&hash);
    let mut conn = app.store.reader().await?;
    let Some(row) = store::session::find(&mut conn, &hash).await? else {
        return Ok(Found::Unknown);
    };
    drop(conn);
    if let Some(why) = row.ended_why.as_deref() {
        return Ok(EndReason::parse(why).map_or(Found::Unknown, Found::Ended));
    }
    if has_expired(Timestamp(row.last_seen_at), Timestamp(row.expires_at), Span(row.idle_ms), now) {
        return Ok(Found::Ended(EndReason::Expired));
    }
    if AccountState::parse(&row.state) != Some(AccountState::Active) {
        return Ok(Found::Ended(EndReason::AccountState));
    }
    let live = Arc::new(Live {
        id: row.id,
        account_id: row.account_id,
        login_id: row.login_id,
        created_at: Timestamp(row.created_at),
        expires_at: Timestamp(row.expires_at),
        idle: Span(row.idle_ms),
        last_seen: AtomicI64::new(now.0),
        written: AtomicI64::new(row.last_seen_at),
    });
    if now.since(Timestamp(row.last_seen_at)) >= WRITE_EVERY {
        app.sessions.touched.store(true, Ordering::Relaxed);
    }
    app.sessions.put(hash, Arc::clone(&live), seen);
    Ok(Found::Live(live))
}

/// The session of a token's hash, when memory alone can vouch for it.
pub fn check_memory(app: &App, hash: &[u8; 32], now: Timestamp) -> Option<Arc<Live>> {
    app.sessions.has_lease(app.clock.monotonic_ms()).then(|| remembered(app, hash, now)).flatten()
}

/// A session of memory that has not run out.
fn remembered(app: &App, hash: &[u8; 32], now: Timestamp) -> Option<Arc<Live>> {
    let live = app.sessions.get(hash)?;
    let seen = Timestamp(live.last_seen.load(Ordering::Relaxed));
    if has_expired(seen, live.expires_at, live.idle, now) {
        return None;
    }
    if now.since(seen).0 > 1_000 {
        live.last_seen.store(now.0, Ordering::Relaxed);
        if now.since(Timestamp(live.written.load(Ordering::Relaxed))) >= WRITE_EVERY {
            app.sessions.touched.store(true, Ordering::Relaxed);
        }
    }
    Some(live)
}

/// A new session for an account, to be inserted by the caller's transaction.
pub fn prepare(app: &App, visitor: &Visitor, account_id: Uuid, remember: bool, now: Timestamp) -> (Token, NewSession) {
    let (token, token_hash) = new_token(app);
    let session = NewSession {
        id: app.new_id(),
        token_hash,
        account_id,
        expires_at: app.settings.lives.ends_at(remember, now),
        idle_ms: app.settings.lives.idle_for(remember).0,
        browser: visitor.browser.name(),
        system: visitor.browser.system.clone(),
        network: visitor.network_kept(),
        link_id: None,
    };
    (token, session)
}

/// A new token, and its hash: at every sign-in, as a fixed one could be planted, and with every new password.
pub fn new_token(app: &App) -> (Token, [u8; 32]) {
    let secret: [u8; 32] = app.random();
    (Token(URL_SAFE_NO_PAD.encode(secret)), sha256(&secret))
}

/// Gives a running session a new token if its own is from before `before`; the old one is worth nothing
/// any more, on no server. `None` when another request has done so meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn renew(app: &App, live: &Live, before: Timestamp) -> Result<Option<Token>, Fault> {
    let (token, hash) = new_token(app);
    let (id, now) = (live.id, app.now());
    let old = app
        .store
        .write(move |conn| async move { store::session::renew_token(conn, id, &hash, before, now).await }.boxed())
        .await?;
    if old.is_empty() {
        return Ok(None);
    }
    ended(app, old).await;
    Ok(Some(token))
}

/// After the commit: when this returns, no server vouches for what has ended. What this one remembers is forgotten at
/// once; where others may live, their leases run out before this returns, whether they answer or not.
pub async fn ended(app: &App, ended: Ended) {
    for token in ended.tokens() {
        app.sessions.end(token);
    }
    // PostgreSQL is there to be shared. Who else is there is known by a beat, and a beat may fail where a reading of the
    // log does not. What had been ended before may have been a moment ago, by somebody who has no answer yet.
    let mut wait = ended.is_empty() || app.store.kind() == "postgres";
    let lapsed = tokio::time::sleep(LEASE);
    if !wait {
        let others = async {
            let since = app.now().minus(SERVER_LIFE);
            store::server::others(&mut app.store.reader().await?, app.server_id, since).await
        };
        wait = others.await.map_or(true, |others| others > 0);
    }
    if wait {
        lapsed.await;
    }
}

/// Ends the session of a cookie.
///
/// # Errors
/// When the database fails.
pub async fn sign_out(app: &App, cookie: &str) -> Result<(), Fault> {
    let Some(hash) = token_hash(cookie) else {
        return Ok(());
    };
    let now = app.now();
    let old = app
        .store
        .write(move |conn| {
            async move { store::session::end_token(conn, &hash, EndReason::SignedOut, now).await }.boxed()
        })
        .await?;
    // Also when another request has ended it a moment ago.
    app.sessions.end(&hash);
    ended(app, old).await;
    Ok(())
}

/// The running sessions of an account.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App, account: Uuid) -> Result<Vec<store::session::Session>, Fault> {
    Ok(store::session::of_account(&mut app.store.reader().await?, account, app.now()).await?)
}

/// How many sessions run.
///
/// # Errors
/// When the database fails.
pub async fn count(conn: &mut store::Conn, now: Timestamp) -> Result<i64, Fault> {
    Ok(store::session::count(conn, now).await?)
}

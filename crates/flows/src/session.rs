//! Sessions: begun, checked on every request, ended with effect on the very next one.

use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use kagiya_domain::{
    Span, Timestamp,
    account::AccountState,
    component::SESSIONS,
    session::{EndReason, has_expired},
};
use kagiya_store::{self as store, session::NewSession};
use uuid::Uuid;

pub use crate::session_cache::Live;
use crate::{App, Fault, Visitor, keys::sha256};

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

/// For how long a reading of the epoch is trusted.
pub const LEASE: Duration = Duration::from_millis(500);
/// How often the epoch is read.
pub const LEASE_RENEWAL: Duration = Duration::from_millis(150);
/// A server that has not been seen for this long is gone.
const SERVER_LIFE: Span = Span::seconds(30);
/// Uses are written down at most this often.
const WRITE_EVERY: Span = Span::minutes(1);

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
        return match app.sessions.get(&hash).filter(|live| vouches(app, live, now)) {
            Some(live) => Ok(Found::Live(live)),
            None => Err(kagiya_store::Error::Down.into()),
        };
    }
    let begun = app.clock.monotonic_us();
    // Large, and by itself: most checks are answered from memory and are not to carry it along.
    let found = Box::pin(look_up(app, hash, now)).await;
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
    let ago = app.clock.monotonic_ms() - app.sessions.read_at.load(Ordering::Acquire);
    Some(app.now().minus(Span(ago.max(0))))
}

fn vouches(app: &App, live: &Live, now: Timestamp) -> bool {
    let seen = Timestamp(live.last_seen.load(Ordering::Relaxed));
    let read = app.clock.monotonic_ms() - app.sessions.read_at.load(Ordering::Acquire);
    read < TRUST.0
        && live.epoch == app.sessions.epoch.load(Ordering::Acquire)
        && !has_expired(seen, live.expires_at, live.idle, now)
}

async fn look_up(app: &App, hash: [u8; 32], now: Timestamp) -> Result<Found, Fault> {
    let mut conn = app.store.reader().await?;
    // The epoch is read first: an end that comes between the two readings is then noticed.
    let epoch = store::session::epoch(&mut conn).await?;
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
        epoch,
        last_seen: AtomicI64::new(now.0),
        written: AtomicI64::new(row.last_seen_at),
    });
    if now.since(Timestamp(row.last_seen_at)) >= WRITE_EVERY {
        app.sessions.touched.store(true, Ordering::Relaxed);
    }
    app.sessions.put(hash, Arc::clone(&live));
    Ok(Found::Live(live))
}

/// The session of a token's hash, when memory alone can vouch for it.
pub fn check_memory(app: &App, hash: &[u8; 32], now: Timestamp) -> Option<Arc<Live>> {
    let memory = &app.sessions;
    let lease = i64::try_from(LEASE.as_millis()).unwrap_or(0);
    if app.clock.monotonic_ms() - memory.read_at.load(Ordering::Acquire) > lease {
        return None;
    }
    let live = memory.get(hash)?;
    if live.epoch != memory.epoch.load(Ordering::Acquire) {
        return None;
    }
    let seen = Timestamp(live.last_seen.load(Ordering::Relaxed));
    if has_expired(seen, live.expires_at, live.idle, now) {
        return None;
    }
    if now.since(seen).0 > 1_000 {
        live.last_seen.store(now.0, Ordering::Relaxed);
        if now.since(Timestamp(live.written.load(Ordering::Relaxed))) >= WRITE_EVERY {
            memory.touched.store(true, Ordering::Relaxed);
        }
    }
    Some(live)
}

/// Reads the epoch; runs every [`LEASE_RENEWAL`].
///
/// # Errors
/// When the database fails; memory then stops vouching by itself.
pub async fn renew_lease(app: &App) -> Result<(), Fault> {
    let begun = app.clock.monotonic_ms();
    let mut conn = app.store.reader().await?;
    let epoch = store::session::epoch(&mut conn).await?;
    drop(conn);
    // The epoch only grows; a reading that was overtaken vouches for nothing.
    let before = app.sessions.epoch.fetch_max(epoch, Ordering::AcqRel);
    if before < epoch {
        app.sessions.touched.store(true, Ordering::Relaxed);
        write_uses(app).await?;
        app.sessions.forget();
    }
    if before <= epoch {
        app.sessions.read_at.store(begun, Ordering::Release);
    }
    Ok(())
}

/// Writes down when sessions were last used.
///
/// # Errors
/// When the database fails.
pub async fn write_uses(app: &App) -> Result<(), Fault> {
    if !app.sessions.touched.swap(false, Ordering::Relaxed) {
        return Ok(());
    }
    let mut due = Vec::new();
    for shard in &app.sessions.shards {
        for (hash, live) in shard.read().unwrap_or_else(PoisonError::into_inner).iter() {
            let seen = live.last_seen.load(Ordering::Relaxed);
            if seen - live.written.load(Ordering::Relaxed) >= WRITE_EVERY.0 {
                live.written.store(seen, Ordering::Relaxed);
                due.push((*hash, Timestamp(seen)));
            }
        }
    }
    for chunk in due.chunks(500) {
        let chunk = chunk.to_vec();
        app.store
            .write(move |conn| {
                async move {
                    for (hash, seen) in &chunk {
                        store::session::touch(conn, hash, *seen).await?;
                    }
                    Ok(())
                }
                .boxed()
            })
            .await?;
    }
    Ok(())
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
    let (id, server, now) = (live.id, app.server_id, app.now());
    let others = app
        .store
        .write(move |conn| {
            async move {
                if !store::session::renew_token(conn, id, &hash, before, now).await? {
                    return Ok(None);
                }
                end_epoch(conn, server, now).await.map(Some)
            }
            .boxed()
        })
        .await?;
    let Some(others) = others else {
        return Ok(None);
    };
    ended(app, others).await?;
    Ok(Some(token))
}

/// To be called in the transaction that ended sessions. What it returns goes to [`ended`].
///
/// # Errors
/// When the database fails.
pub async fn end_epoch(conn: &mut store::Conn, server: Uuid, now: Timestamp) -> Result<bool, store::Error> {
    store::session::bump_epoch(conn).await?;
    Ok(store::server::others(conn, server, now.minus(SERVER_LIFE)).await? > 0)
}

/// After the commit: nothing here vouches for the ended session any more, and when other
/// servers live, their memories have run out before this returns.
///
/// # Errors
/// When the database fails.
pub async fn ended(app: &App, others: bool) -> Result<(), Fault> {
    // Until the new epoch is read, memory vouches for nothing.
    app.sessions.read_at.store(i64::MIN / 2, Ordering::Release);
    renew_lease(app).await?;
    if others {
        tokio::time::sleep(LEASE).await;
    }
    Ok(())
}

/// Ends the session of a cookie.
///
/// # Errors
/// When the database fails.
pub async fn sign_out(app: &App, cookie: &str) -> Result<(), Fault> {
    let Some(hash) = token_hash(cookie) else {
        return Ok(());
    };
    let (server, now) = (app.server_id, app.now());
    let others = app
        .store
        .write(move |conn| {
            async move {
                if !store::session::end_token(conn, &hash, EndReason::SignedOut, now).await? {
                    return Ok(None);
                }
                end_epoch(conn, server, now).await.map(Some)
            }
            .boxed()
        })
        .await?;
    match others {
        Some(others) => ended(app, others).await,
        None => Ok(()),
    }
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

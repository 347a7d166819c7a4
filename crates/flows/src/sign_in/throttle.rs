//! Reserving a try before hashing and settling it after.

use std::time::Duration;

use futures_util::FutureExt;
use kagiya_domain::{
    Timestamp,
    login::Login,
    throttle::{Admission, Budgets, Counter, Scope},
};
use kagiya_store as store;
use uuid::Uuid;

use crate::{App, Fault};

/// How long a try waits for others in flight before it is turned away as overload.
const PATIENCE_STEPS: u32 = 400;
const STEP: Duration = Duration::from_millis(25);

/// Tries that were reserved, in the order of their counters' keys.
#[derive(Clone, Debug)]
pub struct ReservedTry {
    scopes: Vec<Scope>,
    keys: Vec<[u8; 16]>,
}

/// The answer to a reservation.
#[derive(Clone, Debug)]
pub enum Reservation {
    /// Go on and hash.
    Reserved(ReservedTry),
    /// The account's strangers are locked while this login's own counter is not: go on for
    /// the looks of it, look at nothing.
    Hidden(ReservedTry, Timestamp),
    /// Refuse without hashing.
    Locked(Scope, Timestamp),
    /// Too many in flight for too long.
    Overloaded,
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The password was right.
    Succeeded,
    /// Verified wrong. The flags tell whether the value was seen before.
    Failed {
        /// By the account's counters.
        repeat_for_subject: bool,
        /// By the counters that strangers see.
        repeat_for_typed: bool,
    },
    /// Nothing was looked at: the fault was ours.
    Returned,
}

/// The key of a counter.
pub fn counter_key(app: &App, scope: Scope, id: &[u8]) -> [u8; 16] {
    app.keys.digest16("throttle", &[scope.as_str().as_bytes(), id])
}

/// What a counter is called while staff says that the trouble is ours.
pub fn in_trouble(app: &App, id: &[u8]) -> Option<Vec<u8>> {
    let board = app.board.get();
    board.trouble(app.now()).map(|trouble| [id, trouble.as_bytes()].concat())
}

/// Every key under which a lock may stand now.
pub fn lock_keys(app: &App, scope: Scope, id: &[u8]) -> impl Iterator<Item = [u8; 16]> {
    let apart = in_trouble(app, id).map(|id| counter_key(app, scope, &id));
    std::iter::once(counter_key(app, scope, id)).chain(apart)
}

/// Every counter that may keep an account's owner out.
pub(crate) async fn of_account(app: &App, account: Uuid, login_id: &str) -> Result<Vec<[u8; 16]>, Fault> {
    let mut conn = app.store.reader().await?;
    let subject = app.keys.digest16("subject", &[b"account", account.as_bytes()]);
    let mut keys: Vec<[u8; 16]> = lock_keys(app, Scope::Strangers, &subject).collect();
    for device in store::device::of_account(&mut conn, account).await? {
        keys.extend(lock_keys(app, Scope::KnownDevice, &[&subject[..], &device].concat()));
    }
    let mut logins = vec![login_id.to_owned()];
    logins.extend(store::email::of_account(&mut conn, account).await?.into_iter().map(|email| email.address));
    for login in logins {
        let typed = app.keys.digest16("typed", &[Login::parse(&login).0.canonical().as_bytes()]);
        keys.extend(lock_keys(app, Scope::TypedLogin, &typed));
    }
    Ok(keys)
}

/// Reserves one try on every counter, or none.
///
/// # Errors
/// When the database fails.
pub async fn reserve(app: &App, counters: &[(Scope, Vec<u8>)]) -> Result<Reservation, Fault> {
    let mut pairs: Vec<([u8; 16], Scope)> =
        counters.iter().map(|(scope, id)| (counter_key(app, *scope, id), *scope)).collect();
    pairs.sort_by_key(|pair| pair.0);
    let (keys, scopes): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let reserved = ReservedTry { scopes, keys };
    for _ in 0..PATIENCE_STEPS {
        let (t, budgets, now) = (reserved.clone(), app.settings.budgets, app.now());
        // A reservation that power loss forgets costs nobody anything: the try died with it.
        let answer = app.store.write_forgettable(move |conn| reserve_once(conn, t, budgets, now).boxed()).await?;
        match answer {
            Some(reservation) => return Ok(reservation),
            None => tokio::time::sleep(STEP).await,
        }
    }
    Ok(Reservation::Overloaded)
}

async fn reserve_once(
    conn: &mut store::Conn,
    reserved: ReservedTry,
    budgets: Budgets,
    now: Timestamp,
) -> Result<Option<Reservation>, store::Error> {
    // A network that is locked leaves no counters of the logins that it types.
    for (scope, key) in reserved.scopes.iter().zip(&reserved.keys).filter(|(scope, _)| **scope == Scope::Network) {
        let found = store::throttle::find(conn, key).await?;
        if let Some(Admission::Locked(until)) = found.map(|mut counter| counter.reserve(budgets.of(*scope), now)) {
            return Ok(Some(Reservation::Locked(*scope, until)));
        }
    }
    let mut counters = store::throttle::lock(conn, &reserved.keys, now).await?;
    let mut admissions = Vec::with_capacity(counters.len());
    for (counter, scope) in counters.iter_mut().zip(&reserved.scopes) {
        admissions.push((*scope, counter.reserve(budgets.of(*scope), now)));
    }
    let locked = |wanted: Scope| {
        admissions.iter().find_map(|(scope, admission)| match admission {
            Admission::Locked(until) if *scope == wanted => Some(*until),
            Admission::Reserved | Admission::Busy | Admission::Locked(_) => None,
        })
    };
    for scope in [Scope::Network, Scope::TypedLogin, Scope::KnownDevice] {
        if let Some(until) = locked(scope) {
            return Ok(Some(Reservation::Locked(scope, until)));
        }
    }
    let busy = |wanted: Scope| admissions.contains(&(wanted, Admission::Busy));
    if busy(Scope::TypedLogin) || busy(Scope::Network) || busy(Scope::KnownDevice) {
        return Ok(None);
    }
    if busy(Scope::Strangers) {
        // Tries under another name of the account are in flight. Waiting for them would tell
        // that the two names are one account.
        store::throttle::save(conn, &reserved.keys, &counters).await?;
        return Ok(Some(Reservation::Hidden(reserved, now)));
    }
    store::throttle::save(conn, &reserved.keys, &counters).await?;
    Ok(Some(match locked(Scope::Strangers) {
        Some(until) => Reservation::Hidden(reserved, until),
        None => Reservation::Reserved(reserved),
    }))
}

/// Settles reserved tries inside the transaction that records the attempt. Returns the end
/// of a lock of the account that this failure caused.
///
/// # Errors
/// When the database fails.
#[expect(clippy::too_many_arguments, reason = "how one try ended")]
pub async fn settle(
    conn: &mut store::Conn,
    reserved: &ReservedTry,
    settlement: Settlement,
    hidden: bool,
    budgets: &Budgets,
    now: Timestamp,
) -> Result<Option<Timestamp>, store::Error> {
    if let (Settlement::Succeeded, false, Ok(keys)) =
        (settlement, hidden, <&[[u8; 16]; 3]>::try_from(&reserved.keys[..]))
    {
        let network = reserved.scopes.iter().position(|scope| *scope == Scope::Network).unwrap_or(0);
        store::throttle::succeed(conn, keys, &keys[network], now).await?;
        return Ok(None);
    }
    let mut counters: Vec<Counter> = store::throttle::lock(conn, &reserved.keys, now).await?;
    let mut locked = None;
    for (counter, scope) in counters.iter_mut().zip(&reserved.scopes) {
        *counter = counter.at(now);
        let account_scope = matches!(scope, Scope::Strangers | Scope::KnownDevice);
        if hidden && account_scope {
            continue;
        }
        match settlement {
            Settlement::Returned => counter.release(now),
            Settlement::Succeeded if *scope == Scope::Network => counter.release(now),
            Settlement::Succeeded => counter.succeed(now),
            Settlement::Failed { repeat_for_subject, repeat_for_typed } => {
                let repeat = if account_scope { repeat_for_subject } else { repeat_for_typed };
                let until = counter.fail(repeat, *scope, budgets, now);
                if account_scope {
                    locked = until;
                }
            }
        }
    }
    store::throttle::save(conn, &reserved.keys, &counters).await?;
    Ok(locked)
}

//! Who may cause mail: a network's budget, a known browser's, and where a mail then stands in the queue.

use kagiya_domain::{Span, act::Act};
use kagiya_store as store;
use uuid::Uuid;

use crate::{
    App, Visitor,
    attempt::{self, Draft, Refusal},
};

/// What one browser that has signed in here may begin in an hour, whatever its network does.
const DEVICE: u32 = 60;
/// Each mail that a network caused before puts its next one so far back.
const STEP: Span = Span(250);
/// A mailbox that need not be a member's stands so far behind one that is.
const NEWCOMER: Span = Span::seconds(10);
/// Whoever is known stands this much further ahead.
const AHEAD: Span = Span::minutes(1);

/// Where a mail stands in the queue, relative to the time it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start(i64);

impl Start {
    /// Behind nobody: what a person does who is signed in, and what the server does by itself.
    pub const FIRST: Self = Self(-AHEAD.0);

    /// How far back it stands.
    pub const fn place(self) -> Span {
        Span(self.0)
    }

    /// How far back a mail stands that goes to whoever was typed, member or not: behind those that members wait for.
    pub const fn place_of_newcomer(self) -> Span {
        Span(self.0 + NEWCOMER.0)
    }
}

/// Takes one start from the budget of whoever asks: of a browser that is known, else of the network. Depends on no
/// account.
///
/// # Errors
/// The refusal, when it is used up.
pub async fn take(app: &App, visitor: &Visitor, act: Act, field: &'static str) -> Result<Start, Box<Refusal>> {
    let (now, most) = (app.now(), app.settings.network_starts);
    // Whoever signs in again and again has many such browsers: a network has a budget of them, too.
    if let Some(device) = visitor.device_key
        && app.starts.take_of(&format!("device {device:02x?}"), DEVICE, now)
        && app.starts.take_network("start of a device", visitor.address, most, now).is_some()
    {
        return Ok(Start::FIRST);
    }
    match app.starts.take_network("start", visitor.address, most, now) {
        Some(before) => Ok(Start(i64::from(before) * STEP.0)),
        None => {
            let until = app.starts.renewed_at(now);
            Err(attempt::refuse(app, visitor, Draft::spent(visitor, act, field, until)).await)
        }
    }
}

/// How long a mail waits that anybody may ask for: drawn, so that what its making costs is not felt by whoever asked.
pub fn wait(app: &App) -> Span {
    let most = app.settings.mail_wait.0;
    let drawn = i64::from(u16::from_le_bytes(app.random()));
    Span(most / 7 + drawn * (most - most / 7) / i64::from(u16::MAX))
}

/// The key of the network that asks, as it is kept beside what it asked for.
pub fn network_key(app: &App, visitor: &Visitor) -> [u8; 16] {
    app.keys.digest16("network", &[visitor.network_kept().as_bytes()])
}

/// How long a network from where somebody signed in is theirs.
const HOME: Span = Span::days(30);

/// Whether the owner of an account has signed in from the network of that key.
pub(crate) async fn is_home(
    app: &App,
    conn: &mut store::Conn,
    account: Uuid,
    network: Option<&[u8]>,
) -> Result<bool, store::Error> {
    let homes = store::attempt::home_networks(conn, account, app.now().minus(HOME)).await?;
    let key = |home: &String| app.keys.digest16("network", &[home.as_bytes()]);
    Ok(homes.iter().any(|home| network.is_some_and(|network| network == key(home))))
}

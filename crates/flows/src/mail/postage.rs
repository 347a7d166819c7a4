//! How many mails one person gets that others asked for: one cap over all kinds, taken in the transaction that makes
//! the code.

use kagiya_domain::{
    Timestamp,
    code::{ACCOUNT_DAY_CAP, CAP_WINDOW, DEVICE_MAILS, MAIL_CAP, NETWORK_MAILS, QUIET_MAILS},
    email::EmailAddress,
};
use kagiya_store as store;
use uuid::Uuid;

use crate::App;

/// The counter of wrong codes of strangers within a day, for an account or an address that is being proven.
pub(crate) fn guesses_key(app: &App, of: &[u8]) -> [u8; 16] {
    app.keys.digest16("throttle", &[b"codes of a day", of, &[0; 16]])
}

/// On whom a mail is counted: the account, by whichever of its addresses or its ID it was asked for; where there is none
/// the mailbox, however the address was written.
pub(crate) fn recipient(account: Option<Uuid>, typed: &str) -> Vec<u8> {
    match (account, EmailAddress::parse(typed)) {
        (Some(account), _) => account.as_bytes().to_vec(),
        (None, Ok(address)) => address.key().into_bytes(),
        (None, Err(_)) => typed.to_lowercase().into_bytes(),
    }
}

/// The counters of one recipient, as one asker sees them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Postage {
    /// Of all askers.
    all: [u8; 16],
    /// Of this one: the network, or the browser that the account knows.
    own: [u8; 16],
    /// What is kept back for whoever has not asked before.
    quiet: [u8; 16],
    /// Wrong codes of strangers within a day.
    guesses: [u8; 16],
    trusted: bool,
    /// The owner has signed in from this network.
    home: bool,
}

impl Postage {
    /// For `recipient`, an account or an address; `device`: the asker's browser, when the account knows it.
    pub(crate) fn new(app: &App, recipient: &[u8], network: &[u8], device: Option<&[u8]>) -> Self {
        let key = |scope: &[u8], of: &[u8]| app.keys.digest16("throttle", &[b"mail", scope, recipient, of]);
        Self {
            all: key(b"all", b""),
            own: device.map_or_else(|| key(b"network", network), |device| key(b"device", device)),
            quiet: key(b"quiet", b""),
            guesses: guesses_key(app, recipient),
            trusted: device.is_some(),
            home: false,
        }
    }

    /// From a network that the owner has signed in from: what others ask for elsewhere uses nothing of that up.
    pub(crate) fn at_home(self, home: bool) -> Self {
        Self { home, ..self }
    }

    /// Takes one mail; `false` when none may be sent now.
    pub(crate) async fn take(&self, conn: &mut store::Conn, now: Timestamp) -> Result<bool, store::Error> {
        let mut keys = [self.all, self.own, self.quiet];
        keys.sort_unstable();
        let mut counters = store::throttle::lock(conn, &keys, now).await?;
        let place = |wanted: [u8; 16]| keys.iter().position(|key| *key == wanted).unwrap_or(0);
        let (all, own, quiet) = (place(self.all), place(self.own), place(self.quiet));
        for counter in &mut counters {
            counter.renew(CAP_WINDOW, now);
        }
        // While somebody guesses, each mail is one more code to guess at: only what is kept back goes out.
        let guesses = store::throttle::find(conn, &self.guesses).await?;
        let guessed = guesses.is_some_and(|c| now < c.pending_until && c.failures >= ACCOUNT_DAY_CAP);
        let failures = |place: usize| counters.get(place).map_or(0, |counter| counter.failures);
        let taken = if self.trusted {
            (failures(own) < DEVICE_MAILS).then_some(vec![own])
        } else if failures(own) >= NETWORK_MAILS {
            None
        } else if self.home {
            Some(vec![own])
        } else if failures(all) < MAIL_CAP && !guessed {
            Some(vec![own, all])
        } else {
            // Strangers have used everything up: one is kept back for somebody who has asked for none.
            (failures(own) == 0 && failures(quiet) < QUIET_MAILS).then_some(vec![own, quiet])
        };
        for place in taken.iter().flatten() {
            if let Some(counter) = counters.get_mut(*place) {
                counter.failures += 1;
                counter.updated_at = now;
            }
        }
        store::throttle::save(conn, &keys, &counters).await?;
        Ok(taken.is_some())
    }
}

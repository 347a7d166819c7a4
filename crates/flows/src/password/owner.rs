//! The place in the queue of somebody who has proven to be an account's owner.

use uuid::Uuid;

use super::hashing::Lane;
use crate::App;

/// Hashes that the proven owner of an account causes in an hour in the lane of those who are known.
const OWN: u32 = 30;

/// The lane of somebody who has proven to be an account's owner: known for the moment, whatever browser it is. Whoever
/// goes on without end waits behind everybody.
pub(crate) fn lane(app: &App, account: Uuid) -> Lane {
    let own = app.starts.take_of(&format!("own hashes {account}"), OWN, app.now());
    if own { Lane::Known } else { Lane::Failing }
}

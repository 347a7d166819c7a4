//! What tells one wish to hear of notices from another: its token, and the place that it is for.

use kagiya_domain::email::EmailAddress;
use kagiya_store as store;
use uuid::Uuid;

use crate::{App, Fault, keys::Keys};

/// The token that confirms or ends a subscription.
pub(crate) fn token(app: &App, id: Uuid) -> String {
    let tag = app.keys.digest16("subscription", &[id.as_bytes()]);
    let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}{hex}", id.simple())
}

pub(crate) fn read_token(app: &App, token: &str) -> Option<Uuid> {
    let id = Uuid::parse_str(token.get(..32)?).ok()?;
    let tag: Vec<u8> = token
        .get(32..64)?
        .as_bytes()
        .chunks(2)
        .map_while(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok())
        .collect();
    (token.len() == 64 && app.keys.verify16("subscription", &[id.as_bytes()], &tag)).then_some(id)
}

/// What all wishes for one address or URL have in common.
pub fn place_key(keys: &Keys, way: &str, target: &str) -> [u8; 16] {
    keys.digest16("subscriber", &[way.as_bytes(), target.as_bytes()])
}

/// Whether the mailbox of a subscription that waits for its confirmation hears of notices already.
///
/// # Errors
/// When the database fails.
pub(crate) async fn is_confirmed(app: &App, token: &str, address: &EmailAddress) -> Result<bool, Fault> {
    let mut conn = app.store.reader().await?;
    let (_, confirmed) = store::subscriber::for_place(&mut conn, &place_key(&app.keys, "mail", &address.key())).await?;
    Ok(read_token(app, token).is_some() && confirmed > 0)
}

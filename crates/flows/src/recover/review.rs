//! What a recovery keeps: ways in and addresses that somebody else may have added before
//! (pre-hijacking) are shown, and do not outlive it unless the owner says so.

use kagiya_domain::{Span, Timestamp, email::EmailAddress};
use kagiya_store::{self as store, flow::Flow};
use uuid::Uuid;

use crate::{App, Fault, sign_in::recent_auth::RecentAuth};

/// What is younger than this has to be asked for to stay.
const YOUNG: Span = Span::days(30);

/// The address of the sign-up is verified within so long of it.
const FIRST: Span = Span::hours(1);

/// A link or an address besides the mailbox that was just proven.
#[derive(Clone, Debug)]
pub struct Way {
    /// The value of the field `keep` or `drop`.
    pub id: String,
    /// The provider's name; empty for an address.
    pub provider: String,
    /// Whose identity it is, or the address, masked.
    pub shown: String,
    /// Since when.
    pub since: Timestamp,
    /// It carries the address of the mailbox that was just proven, or is the one of the sign-up: it stays unless it is
    /// dropped.
    pub own: bool,
    /// Whether it stays when nothing is said.
    pub stays: bool,
    target: Target,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Link(Uuid),
    Address(String),
}

/// What the owner ticked.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// To keep, of what goes otherwise.
    pub keep: Vec<String>,
    /// To drop, of what stays otherwise.
    pub drop: Vec<String>,
}

/// What to remove.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Removals {
    links: Vec<Uuid>,
    addresses: Vec<String>,
}

/// The links and addresses of a proven recovery's account, but for the mailbox itself.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App, flow: &Flow) -> Result<Vec<Way>, Fault> {
    let mut ways = gather(&mut app.store.reader().await?, flow, app.now()).await?;
    for way in &mut ways {
        app.providers.name(&way.provider).to_owned().clone_into(&mut way.provider);
    }
    Ok(ways)
}

async fn gather(conn: &mut store::Conn, flow: &Flow, now: Timestamp) -> Result<Vec<Way>, store::Error> {
    let Some(account) = flow.account_id else {
        return Ok(Vec::new());
    };
    let emails = store::email::of_account(conn, account).await?;
    let links = store::link::of_account(conn, account).await?;
    // As the mail was addressed: to the typed address when the account has it, else to the first.
    let typed = EmailAddress::parse(&flow.typed).map(|email| email.key()).unwrap_or_default();
    let open = || emails.iter().filter(|email| email.closed_since.is_none());
    let mailbox = open().find(|email| email.address_key == typed).or(open().next());
    let mailbox = mailbox.map(|email| email.address_key.clone()).unwrap_or_default();
    let mut ways = Vec::new();
    for link in links {
        let since = Timestamp(link.created_at);
        let own = link.email_key.as_deref() == Some(mailbox.as_str());
        ways.push(Way {
            id: format!("link:{}", link.id),
            provider: link.provider,
            shown: link.shown,
            since,
            own,
            stays: own || now.since(since) >= YOUNG,
            target: Target::Link(link.id),
        });
    }
    let signed_up = store::account::find(conn, account).await?.map(|account| account.created_at);
    for email in emails.iter().filter(|email| email.address_key != mailbox) {
        let since = Timestamp(email.verified_at);
        // Whoever signed up did so with it: nobody can have added it before.
        let first = emails.iter().all(|other| other.verified_at >= email.verified_at);
        let own = first && signed_up.is_some_and(|at| since.since(at).0 <= FIRST.0);
        ways.push(Way {
            id: format!("address:{}", email.address_key),
            provider: String::new(),
            shown: EmailAddress::parse(&email.address).map(|email| email.masked()).unwrap_or_default(),
            since,
            own,
            stays: own || now.since(since) >= YOUNG,
            target: Target::Address(email.address_key.clone()),
        });
    }
    Ok(ways)
}

/// What goes, by what the owner ticked; without a list, what does not stay by itself.
fn removals(ways: &[Way], choice: Option<&Choice>) -> Removals {
    let mut removals = Removals::default();
    let stays = |way: &Way| match choice {
        None => way.stays,
        Some(choice) if way.own => !choice.drop.contains(&way.id),
        Some(choice) => choice.keep.contains(&way.id),
    };
    for way in ways.iter().filter(|way| !stays(way)) {
        match &way.target {
            Target::Link(id) => removals.links.push(*id),
            Target::Address(key) => removals.addresses.push(key.clone()),
        }
    }
    removals
}

/// Removes what does not stay, in the transaction of the recovery that has locked the account:
/// what was added while it went on is seen, too.
pub(crate) async fn carry_out(
    conn: &mut store::Conn,
    auth: &RecentAuth,
    flow: &Flow,
    choice: Option<&Choice>,
    now: Timestamp,
) -> Result<(), store::Error> {
    let ways = gather(conn, flow, now).await?;
    apply(conn, auth.account(), &removals(&ways, choice), now).await
}

/// Carries it out, in the transaction of the recovery. The mailbox that was proven is the first
/// one written to from then on, if the one that was goes.
async fn apply(conn: &mut store::Conn, account: Uuid, removals: &Removals, now: Timestamp) -> Result<(), store::Error> {
    for link in &removals.links {
        store::link::remove(conn, account, *link, now).await?;
    }
    if removals.addresses.is_empty() {
        return Ok(());
    }
    let emails = store::email::of_account(conn, account).await?;
    let stays = emails.iter().find(|email| !removals.addresses.contains(&email.address_key));
    let first_goes = emails.first().is_some_and(|email| removals.addresses.contains(&email.address_key));
    if let (true, Some(stays)) = (first_goes, stays) {
        store::email::make_primary(conn, account, &stays.address_key, now).await?;
    }
    for address in &removals.addresses {
        store::email::remove(conn, account, address).await?;
    }
    Ok(())
}

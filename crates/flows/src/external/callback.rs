//! The way back from a provider: taken once, by the browser that set out.

use std::sync::Arc;

use futures_util::FutureExt;
use kagiya_domain::{
    Audience, Evidence, Span, Timestamp,
    act::Act,
    destination::Destination,
    handover::HandoverFault,
    link::{LinkEvent, LinkSource},
    sign_in::{Decision, Facts, Proofs, Step, decide},
};
use kagiya_oidc::{
    Class, CodeGrant, Identity, Kind, Place,
    answer::{clean, number_in},
};
use kagiya_store::{self as store, authorization_session::AuthorizationSession, link::Link};
use uuid::Uuid;

use super::{
    Entry, derive, facts,
    health::Sample,
    links, new_link, provider_monitor, redirect_uri, seconds,
    start::{Purpose, Start, find, open_way, set_out},
    unlinked,
};
use crate::{
    App, Fault, Outcome, Visitor,
    attempt::{self, Draft, Refusal},
    sign_in::{self, Entered, Spend, Work, complete, recent_auth},
};

/// What came back, as it came.
#[derive(Clone, Default)]
pub struct Answer {
    /// Which start it belongs to.
    pub state: String,
    /// The ticket.
    pub code: String,
    /// Or an error.
    pub error: String,
    /// The number that some send beside it.
    pub number: String,
    /// Its description.
    pub words: String,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// Apple's word about the person.
    pub user: String,
}

impl Answer {
    /// The error as it is kept, with the number beside it.
    fn kept(&self) -> String {
        let number = clean(if self.number.is_empty() { number_in(&self.words) } else { &self.number });
        if number.is_empty() { clean(&self.error) } else { format!("{} {number}", clean(&self.error)) }
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer {{ error: {:?}, .. }}", clean(&self.error))
    }
}

/// Somebody who is signed in already in the browser that comes back.
#[derive(Clone, Copy, Debug)]
pub struct Present {
    /// The account.
    pub account: Uuid,
    /// The session.
    pub session: Uuid,
}

/// What a way back leads to.
#[derive(Debug)]
pub enum Returned {
    /// In, or asked for what is still missing.
    Entered {
        /// What it leads to.
        entered: Entered,
        /// Where the person wanted to go.
        return_to: Destination,
    },
    /// Nobody has this identity yet.
    Choose {
        /// The way.
        authorization: Uuid,
    },
    /// Linked to the account that is signed in.
    Linked {
        /// Whether it took another's place.
        relinked: bool,
    },
    /// The link works.
    Tested,
    /// To the provider once more.
    Again(String),
    /// In already.
    Home(Destination),
}

/// Longer states are none of ours.
const STATE: usize = 200;
/// Tickets of one network in a minute that providers refuse; many people may share an address.
const FAILING: u32 = 120;
/// The status of an error that a browser brought: anybody may have written it there.
const DENIED: u16 = 403;
/// Longer tickets are nobody's.
const CODE: usize = 4_096;

/// Keeps what a provider's page posted until the browser fetches it with its cookie: a form
/// from another site comes without `SameSite=Lax` cookies. `false` when it belongs to no start.
///
/// # Errors
/// When the database fails.
pub async fn keep_posted(app: &App, provider: &str, answer: &Answer) -> Result<bool, Fault> {
    let Some(authorization) = find_authorization(app, provider, &answer.state).await? else {
        return Ok(false);
    };
    if answer.code.len() > CODE || authorization.returned_at.is_some() {
        return Ok(authorization.returned_at.is_some());
    }
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    let value = serde_json::json!({
        "code": answer.code,
        "error": cut(&answer.error, 200),
        "number": cut(&answer.number, 20),
        "words": cut(&answer.words, 500),
        "iss": answer.iss.as_deref().map(|iss| cut(iss, 300)),
        "user": cut(&answer.user, 4_000),
    });
    let sealed = app.keys.seal("posted", value.to_string().as_bytes(), app.random());
    let id = authorization.id;
    app.store
        .write(move |conn| async move { store::authorization_session::keep_posted(conn, id, &sealed).await }.boxed())
        .await?;
    Ok(true)
}

fn read_posted(app: &App, authorization: &AuthorizationSession, answer: &mut Answer) {
    let told: Option<serde_json::Value> = authorization
        .posted
        .as_deref()
        .and_then(|sealed| app.keys.open("posted", sealed))
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if let Some(told) = told {
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        (answer.code, answer.error, answer.words) = (text("code"), text("error"), text("words"));
        answer.number = text("number");
        (answer.iss, answer.user) = (told["iss"].as_str().map(str::to_owned), text("user"));
    }
}

async fn find_authorization(app: &App, provider: &str, state: &str) -> Result<Option<AuthorizationSession>, Fault> {
    if state.is_empty() || state.len() > STATE {
        return Ok(None);
    }
    let key = derive(app, state).state_key;
    let found = store::authorization_session::find_state(&mut app.store.reader().await?, &key).await?;
    // A state of one provider is worth nothing at another's door.
    Ok(found.filter(|authorization| authorization.provider == provider))
}

/// Where a way that came to nothing wanted to lead, for the page that says so.
///
/// # Errors
/// When the database fails.
pub async fn destination(app: &App, visitor: &Visitor, provider: &str, state: &str) -> Result<Destination, Fault> {
    let authorization =
        find_authorization(app, provider, state).await?.filter(|authorization| is_own(visitor, authorization));
    if let Some(authorization) = authorization {
        return Ok(authorization.return_to);
    }
    // Whatever came: it is where this browser wanted to go when it last set out.
    let (true, Some(key)) = (visitor.cookie_came, visitor.browser_key) else {
        return Ok(Destination::Home);
    };
    let since = app.now().minus(super::LIFE);
    let last =
        store::authorization_session::latest_of_browser(&mut app.store.reader().await?, &key, provider, since).await?;
    Ok(last.map(|authorization| authorization.return_to).unwrap_or_default())
}

fn is_own(visitor: &Visitor, authorization: &AuthorizationSession) -> bool {
    visitor.cookie_came && visitor.browser_key.is_some_and(|key| key[..] == authorization.browser_key[..])
}

/// Whether the answer to this start comes from the browser that set out.
///
/// # Errors
/// When the database fails.
pub async fn is_at_home(app: &App, visitor: &Visitor, provider: &str, state: &str) -> Result<bool, Fault> {
    Ok(find_authorization(app, provider, state).await?.is_some_and(|authorization| is_own(visitor, &authorization)))
}

/// Takes what came back.
///
/// # Errors
/// When the database fails.
#[expect(clippy::too_many_lines, reason = "the checks of one answer, in the order of RFC 6749 and RFC 9207")]
pub async fn run(
    app: &Arc<App>,
    visitor: &Visitor,
    present: Option<Present>,
    provider: &str,
    mut answer: Answer,
) -> Outcome<Returned> {
    let entry = match find(app, visitor, provider).await? {
        Ok(entry) => entry,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let found = find_authorization(app, provider, &answer.state).await?;
    if found.is_none()
        && answer.state.is_empty()
        && !answer.error.is_empty()
        && open_way(app, visitor, provider).await?.is_some()
    {
        // Some forget the state when they refuse. It is told, but as anybody may have sent it, it
        // changes nothing.
        let class = entry.provider.tongue().classify(Place::Authorize, &answer.error, &answer.words);
        let fact = facts::of_class(class, answer.kept());
        return Ok(Err(refuse(app, visitor, DENIED, vec![fact]).await));
    }
    let Some(authorization) = found else {
        let draft = Draft::new(Act::External, 400, visitor, vec![Evidence::StateUnknown]);
        return Ok(Err(attempt::refuse_here(app, visitor, draft).await));
    };
    if !is_own(visitor, &authorization) {
        return elsewhere(app, visitor, &entry, &authorization).await;
    }
    if answer.code.is_empty() && answer.error.is_empty() {
        read_posted(app, &authorization, &mut answer);
    }
    let now = app.now();
    if authorization.expires_at <= now.0 && authorization.returned_at.is_none() {
        let minutes = now.since(Timestamp(authorization.started_at)).as_minutes_up();
        return Ok(Err(refuse(app, visitor, 410, vec![Evidence::JourneyTooOld { minutes }]).await));
    }
    let id = authorization.id;
    let first = authorization.returned_at.is_none()
        && app
            .store
            .write_forgettable(move |conn| {
                async move { store::authorization_session::take(conn, id, now).await }.boxed()
            })
            .await?;
    if !first {
        // A reload of an answer that was taken: who is in goes on.
        if present.is_some() && authorization.purpose == "sign_in" {
            return Ok(Ok(Returned::Home(authorization.return_to)));
        }
        if authorization.outcome == "choose" && authorization.finished_at.is_none() && authorization.expires_at > now.0
        {
            return Ok(Ok(Returned::Choose { authorization: authorization.id }));
        }
        return Ok(Err(refuse(app, visitor, 400, vec![Evidence::TicketUsed]).await));
    }
    match entry.provider.is_from_here(answer.iss.as_deref()).await {
        Ok(true) => {}
        // Another provider's answer at this one's door (RFC 9207 2.4).
        Ok(false) => {
            let fact = Evidence::TicketRefused { code: "iss".to_owned(), fault: Some(HandoverFault::OtherIssuer) };
            return Ok(Err(refuse(app, visitor, 400, vec![fact]).await));
        }
        Err(failure) => {
            let draft = facts::failed(app, visitor, &entry, &failure).await?;
            return Ok(Err(attempt::refuse(app, visitor, draft).await));
        }
    }
    if !answer.error.is_empty() {
        return Ok(Err(denied(app, visitor, &entry, &authorization, &answer).await?));
    }
    if answer.code.is_empty() || answer.code.len() > CODE {
        return Ok(Err(refuse(app, visitor, 400, vec![Evidence::AnswerIncomplete]).await));
    }
    let derived = derive(app, &answer.state);
    let ticket = CodeGrant {
        code: &answer.code,
        redirect_uri: &redirect_uri(app, provider),
        nonce: &derived.nonce,
        verifier: &derived.verifier,
        user: Some(answer.user.as_str()).filter(|user| !user.is_empty()),
        now: seconds(now),
    };
    // Whoever makes up tickets has us knock at the provider's door with each.
    if app.notes.is_network_spent("exchange", visitor.address, FAILING, now) {
        let until = now.plus(Span::minutes(1));
        return Ok(Err(refuse(app, visitor, 429, vec![Evidence::NetworkSpent { until }]).await));
    }
    let identity = match entry.provider.exchange(&ticket).await {
        Ok(identity) => identity,
        Err(failure) => {
            app.notes.take_network("exchange", visitor.address, FAILING, now);
            let draft = facts::failed(app, visitor, &entry, &failure).await?;
            return Ok(Err(attempt::refuse(app, visitor, draft).await));
        }
    };
    provider_monitor::note(app, &entry, Sample::Good);
    arrive(app, visitor, present, &entry, authorization, identity).await
}

async fn refuse(app: &App, visitor: &Visitor, status: u16, evidence: Vec<Evidence>) -> Box<Refusal> {
    attempt::refuse(app, visitor, Draft::new(Act::External, status, visitor, evidence)).await
}

/// The answer came to another browser than the one that set out. LINE does that when signing in
/// by itself leads through its app; it is tried once more, by hand, from here.
async fn elsewhere(
    app: &Arc<App>,
    visitor: &Visitor,
    entry: &Arc<Entry>,
    authorization: &AuthorizationSession,
) -> Outcome<Returned> {
    let fresh = authorization.returned_at.is_none()
        && authorization.expires_at > app.now().0
        && entry.health.lets_through(app.now());
    if entry.provider.kind() == Kind::Line && authorization.by_hand == 0 && authorization.purpose == "sign_in" && fresh
    {
        let start = Start {
            provider: entry.provider.id(),
            purpose: Purpose::SignIn,
            return_to: authorization.return_to.clone(),
            asked: true,
            choose: false,
            afresh: false,
            by_hand: true,
        };
        return Ok(match set_out(app, visitor, entry, &start).await? {
            Ok(url) => Ok(Returned::Again(url)),
            Err(refusal) => Err(refusal),
        });
    }
    Ok(Err(refuse(app, visitor, 400, vec![Evidence::FlowElsewhere]).await))
}

/// The provider sent an error instead of a ticket.
async fn denied(
    app: &Arc<App>,
    visitor: &Visitor,
    entry: &Arc<Entry>,
    authorization: &AuthorizationSession,
    answer: &Answer,
) -> Result<Box<Refusal>, Fault> {
    let class = entry.provider.tongue().classify(Place::Authorize, &answer.error, &answer.words);
    let network = visitor.network_kept();
    match class {
        Class::Trouble => provider_monitor::note(app, entry, Sample::TheySay(network)),
        Class::Ours => provider_monitor::note(app, entry, Sample::TheySayOurs(network)),
        Class::Denied
        | Class::WantsAct
        | Class::WantsConsent
        | Class::Ticket
        | Class::TicketUsed
        | Class::TicketLate
        | Class::Policy
        | Class::Frozen
        | Class::Dead
        | Class::Browser
        | Class::Unknown => {}
    }
    let mut evidence = vec![facts::of_class(class, answer.kept())];
    if class == Class::Unknown {
        facts::note_unknown(entry, &answer.kept());
    }
    evidence.extend(facts::health(entry, app.now()));
    evidence.extend(facts::others(app, entry, class, app.now()).await?);
    let mut draft = Draft::new(Act::External, DENIED, visitor, evidence);
    facts::known_links(app, visitor, entry.provider.id(), &mut draft).await?;
    if let (Some(account), Some(link)) = (authorization.account_id, authorization.link_id) {
        draft.account = Some(account);
        draft.audience = Audience::Owner;
        let event = if class == Class::WantsAct && answer.error.eq_ignore_ascii_case("login_required") {
            Some(LinkEvent::Reauth)
        } else if class == Class::WantsConsent && authorization.purpose == "test" {
            // Somebody else may be signed in there: only a plain "no consent" is about this link.
            Some(LinkEvent::ConsentRevoked)
        } else {
            None
        };
        if let Some(event) = event {
            links::apply(app, account, link, event, LinkSource::Callback).await?;
        }
    }
    let (id, outcome) = (authorization.id, clean(&answer.error));
    let expires = Timestamp(authorization.expires_at);
    app.store
        .write_forgettable(move |conn| {
            async move { store::authorization_session::settle(conn, id, &outcome, None, expires).await }.boxed()
        })
        .await?;
    Ok(attempt::refuse(app, visitor, draft).await)
}

/// Somebody came back as `identity`.
#[expect(clippy::too_many_arguments, reason = "what came back, and for whom")]
async fn arrive(
    app: &Arc<App>,
    visitor: &Visitor,
    present: Option<Present>,
    entry: &Arc<Entry>,
    authorization: AuthorizationSession,
    identity: Identity,
) -> Outcome<Returned> {
    let link = {
        let mut conn = app.store.reader().await?;
        store::link::find_identity(&mut conn, &identity.issuer, &identity.subject).await?
    };
    let link = match (link, &identity.transfer_subject) {
        (None, Some(transfer)) => super::transfer::take_over(app, &identity, transfer).await?,
        (link, _) => link,
    };
    if authorization.purpose == "sign_in" {
        let of_nobody = Facts { account: None, proofs: Proofs::provider_identity() };
        return match (link, decide(&of_nobody, app.now())) {
            (Some(link), _) => sign_in_by(app, visitor, authorization, &identity, link).await,
            (None, Decision::NextStep(Step::ChooseAccount)) => Ok(Ok(Returned::Choose {
                authorization: unlinked::keep(app, visitor, entry, authorization, &identity).await?,
            })),
            (None, Decision::SignIn | Decision::OfferReopen | Decision::Refuse(_)) => {
                Ok(Err(refuse(app, visitor, 401, vec![Evidence::CredentialsRefused]).await))
            }
        };
    }
    // What was begun by one account is not ended by another: its owner may have been tricked.
    let auth = present.and_then(|here| recent_auth::resume(authorization.account_id, here.account, here.session));
    let Some(auth) = auth else {
        return Ok(Err(refuse(app, visitor, 403, vec![Evidence::SignedInAsOther]).await));
    };
    let account = auth.account();
    if link.as_ref().is_some_and(|link| link.account_id != account) {
        let mut draft = Draft::new(Act::External, 409, visitor, vec![Evidence::IdentityOfOther]);
        draft.audience = Audience::Owner;
        draft.account = Some(account);
        return Ok(Err(attempt::refuse(app, visitor, draft).await));
    }
    match (authorization.purpose.as_str(), link) {
        ("test", Some(link)) if authorization.link_id == Some(link.id) => {
            let came = new_link(app, entry.provider.id(), &identity);
            let now = app.now();
            app.store
                .write(move |conn| async move { links::note_use(conn, account, &link, &came, now).await }.boxed())
                .await?;
            Ok(Ok(Returned::Tested))
        }
        ("test", _) => {
            let mut draft = Draft::new(Act::External, 403, visitor, vec![Evidence::OtherIdentityBefore]);
            draft.audience = Audience::Owner;
            draft.account = Some(account);
            Ok(Err(attempt::refuse(app, visitor, draft).await))
        }
        (purpose, _) => {
            let replaced = authorization.link_id.filter(|_| purpose == "relink");
            let new = new_link(app, entry.provider.id(), &identity);
            let linked = links::attach(app, &auth, authorization.id, new, replaced, visitor.lang.as_str()).await?;
            if !linked {
                return Ok(Err(refuse(app, visitor, 409, vec![Evidence::TicketUsed]).await));
            }
            Ok(Ok(Returned::Linked { relinked: replaced.is_some() }))
        }
    }
}

async fn sign_in_by(
    app: &App,
    visitor: &Visitor,
    authorization: AuthorizationSession,
    identity: &Identity,
    link: Link,
) -> Outcome<Returned> {
    let now = app.now();
    let mut conn = app.store.reader().await?;
    let Some(account) = store::account::find(&mut conn, link.account_id).await? else {
        return Err(Fault::Unreadable("account"));
    };
    let device_known = match visitor.device_key {
        Some(key) => store::device::is_known(&mut conn, account.id, &key).await?,
        None => false,
    };
    drop(conn);
    let (id, account_id, came) = (link.id, account.id, new_link(app, &link.provider, identity));
    let (authorization_id, expires) = (authorization.id, Timestamp(authorization.expires_at));
    let used = Work::new(move |conn| {
        async move {
            store::authorization_session::settle(conn, authorization_id, "signed_in", None, expires).await?;
            links::note_use(conn, account_id, &link, &came, now).await
        }
        .boxed()
    });
    let return_to = authorization.return_to;
    let new = sign_in::Entry::new(app, account, Proofs::provider_identity(), Act::External, "provider");
    let entry = sign_in::Entry { device_known, link: Some(id), to: return_to.clone(), ..new };
    match complete(app, visitor, entry, Spend::after(used)).await? {
        Ok(Some(entered)) => Ok(Ok(Returned::Entered { entered, return_to })),
        Ok(None) => Ok(Err(refuse(app, visitor, 409, vec![Evidence::TicketUsed]).await)),
        Err(refusal) => Ok(Err(refusal)),
    }
}

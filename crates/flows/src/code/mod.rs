//! Mailed codes: made when the mail is composed, typed in a flow, spent once.
//!
//! What a stranger asks for or types takes nothing from what the owner asked for: a code ends the older ones of the same
//! browser only, its tries where it was asked for are its own, and a network from where nothing wrong was typed is
//! listened to whatever others do.

pub mod steps;

use futures_util::FutureExt;
use kagiya_domain::{
    Evidence, Span, Timestamp,
    act::FlowKind,
    code::{ACCOUNT_CAP, ACCOUNT_DAY_CAP, CAP_WINDOW, Code, LIFE, QUIET_NETWORK, TRIES},
    login::Login,
    throttle::Counter,
};
use kagiya_store::{self as store, flow::Flow};
use uuid::Uuid;

use crate::{
    App, Fault, Visitor,
    check::lookup,
    mail::postage::{Postage, guesses_key},
};

/// The outcome of typing a code.
#[derive(Clone, Debug, PartialEq)]
pub enum Typed {
    /// It was the newest one, and is now spent.
    Right(Box<FlowProof>),
    /// It was not; the facts say why, for whoever may hear them.
    Wrong {
        /// Why.
        evidence: Vec<Evidence>,
        /// The account of the flow, if it has one.
        account: Option<Uuid>,
        /// The flow's subject.
        subject_key: Option<Vec<u8>>,
    },
}

/// A flow whose code was right.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowProof {
    /// The flow.
    pub id: Uuid,
    /// The flow that asked for the code: another one, when it was typed in another browser.
    pub asked: Uuid,
    /// The account that the code was for.
    pub account: Option<Uuid>,
}

/// The key under which the codes of an account for one purpose are kept.
pub(crate) fn subject_key(app: &App, kind: FlowKind, id: &[u8]) -> [u8; 16] {
    app.keys.digest16("code subject", &[kind.as_str().as_bytes(), id])
}

/// The same for whom a typed login means. One that means nobody has codes of its own, which nobody was told: what is read
/// and counted when a code is typed is the same.
pub fn subject_of(app: &App, kind: FlowKind, account: Option<Uuid>, typed: &str) -> [u8; 16] {
    match account {
        Some(account) => subject_key(app, kind, account.as_bytes()),
        None => subject_key(app, kind, &lookup::subject_key(app, None, &Login::parse(typed).0)),
    }
}

/// The keyed digest of a code's digits.
pub fn digest(app: &App, subject_key: &[u8], code: &Code) -> Vec<u8> {
    app.keys.digest("code digits", &[subject_key, code.as_str().as_bytes()])[..16].to_vec()
}

/// Whom a mail of a flow is for.
pub(crate) struct Recipient {
    /// The account, if there is one.
    pub(crate) account: Option<Uuid>,
    /// Under which its codes are kept.
    pub(crate) subject_key: [u8; 16],
    /// Whether a code is mailed: nobody gets one, and whoever is a member already is told so instead.
    pub(crate) gets_code: bool,
    /// What the mail is counted on; `None` when it is one that is tried again.
    pub(crate) postage: Option<Postage>,
}

/// Takes the mail from the recipient's budget, makes the code and keeps its digest, in one transaction. Whoever has no
/// account costs the same statements. `None` when no mail may be sent now: what was mailed before still works.
///
/// # Errors
/// When the database fails.
pub(crate) async fn issue(app: &App, flow: &Flow, to: Recipient) -> Result<Option<Code>, Fault> {
    let code = Code::from_random(app.random());
    // Nobody types what nobody was told.
    let digest = if to.gets_code { digest(app, &to.subject_key, &code) } else { app.random::<16>().to_vec() };
    let (id, now, flow_id, asker) = (app.new_id(), app.now(), flow.id, flow.asker().map(<[u8]>::to_vec));
    let issued = app
        .store
        .write(move |conn| {
            async move {
                let allowed = match &to.postage {
                    Some(postage) => postage.take(conn, now).await?,
                    None => true,
                };
                store::flow::set_subject(conn, flow_id, to.account, &to.subject_key).await?;
                store::flow::extend(conn, flow_id, now.plus(LIFE)).await?;
                if allowed {
                    let until = now.plus(LIFE);
                    store::code::insert(conn, id, &to.subject_key, flow_id, asker.as_deref(), &digest, now, until)
                        .await?;
                }
                Ok(allowed)
            }
            .boxed()
        })
        .await?;
    Ok(issued.then_some(code))
}

/// Wrong codes, in the budgets of networks.
const WRONG: &str = "wrong code";

fn wrong_of_network(app: &App) -> u32 {
    u32::try_from(app.settings.budgets.network).unwrap_or(u32::MAX)
}

/// Counts a wrong code on the network it came from, and on those around it.
pub(crate) fn note_wrong(app: &App, visitor: &Visitor) {
    app.starts.take_network(WRONG, visitor.address, wrong_of_network(app), app.now());
}

/// Until when a network has typed as many wrong codes as it may, before anything is kept of another. Depends on no
/// account.
pub(crate) fn network_spent(app: &App, visitor: &Visitor) -> Option<Timestamp> {
    let now = app.now();
    let spent = app.starts.is_network_spent(WRONG, visitor.address, wrong_of_network(app), now);
    (spent && visitor.device_key.is_none()).then(|| app.starts.renewed_at(now))
}

/// What a typed code is checked with, gathered before the transaction.
#[derive(Clone, Debug)]
pub struct Guess {
    flow: Uuid,
    code: Option<Code>,
    /// In the order in which they are locked.
    keys: Vec<[u8; 16]>,
    /// Wrong codes for the account within an hour, and within a day: of all strangers, or of the one known browser.
    hour: [u8; 16],
    day: [u8; 16],
    /// Wrong codes for the account from this network.
    here: [u8; 16],
    /// Wrong codes from this network, whatever they were for.
    network: [u8; 16],
    network_budget: i64,
    /// Until when the networks around this one have no more, which only this process counts.
    wider_until: Option<Timestamp>,
    digest: Option<Vec<u8>>,
}

/// Prepares a typed code for [`check`].
pub fn guess(app: &App, visitor: &Visitor, flow: &Flow, typed: &str, device_known: bool) -> Guess {
    let code = Code::parse(typed);
    let cap_id: Vec<u8> = match (flow.account_id, &flow.subject_key, flow.kind) {
        // A sign-up has no account to count on: the address is what is being guessed at.
        (_, _, FlowKind::SignUp) => flow.typed.to_lowercase().into_bytes(),
        // Whatever the codes are for: it is the account that is being guessed at.
        (Some(account), _, _) => account.as_bytes().to_vec(),
        (None, Some(subject), _) => subject.clone(),
        (None, None, _) => flow.id.as_bytes().to_vec(),
    };
    // Strangers' guesses never use up the owner's own device's.
    let device = if device_known { visitor.device_key.unwrap_or_default() } else { [0; 16] };
    let network = visitor.network_counter().into_bytes();
    let key = |parts: &[&[u8]]| app.keys.digest16("throttle", parts);
    let hour = key(&[b"codes", &cap_id, &device]);
    let day = if device_known { key(&[b"codes of a day", &cap_id, &device]) } else { guesses_key(app, &cap_id) };
    let here = key(&[b"codes from", &cap_id, &network]);
    let network = key(&[b"codes of network", &network]);
    let mut keys = vec![hour, day, here, network];
    keys.sort_unstable();
    let digest = match (&flow.subject_key, &code) {
        (Some(subject), Some(code)) => Some(digest(app, subject, code)),
        (Some(_) | None, _) => None,
    };
    let network_budget = app.settings.budgets.network;
    let (most, now) = (wrong_of_network(app), app.now());
    let wider_until = (!device_known && app.starts.is_wider_spent(WRONG, visitor.address, most, now))
        .then(|| app.starts.renewed_at(now));
    Guess { flow: flow.id, code, keys, hour, day, here, network, network_budget, wider_until, digest }
}

/// Why a code that was typed is not taken; `None`: it is.
fn judge(code: Option<(&store::code::Code, bool, bool)>, typed: bool, now: Timestamp) -> Option<Evidence> {
    match code {
        Some((code, ..)) if code.spent_at.is_some() => Some(Evidence::CodeUsed),
        Some((_, true, _)) => Some(Evidence::CodeSuperseded),
        Some((code, ..)) if code.expires_at <= now.0 => Some(Evidence::CodeExpired),
        // A code is good for so many tries where it was asked for, and for so many everywhere else together.
        Some((code, _, false)) if code.tries >= TRIES || code.tries_elsewhere >= TRIES => {
            Some(Evidence::CodeTriesSpent { here: false })
        }
        Some(_) => None,
        None => typed.then_some(Evidence::CodeMismatch),
    }
}

/// Checks and spends a typed code. Runs inside the transaction that acts on it, so that of
/// two parallel requests one wins.
///
/// # Errors
/// When the database fails.
#[expect(clippy::too_many_lines, reason = "the order of what is looked at and counted is the protection")]
pub async fn check(conn: &mut store::Conn, guess: &Guess, now: Timestamp) -> Result<Typed, store::Error> {
    let wrong = |facts: Vec<Evidence>, flow: Option<&Flow>| {
        let mut evidence = vec![Evidence::CodeRefused];
        evidence.extend(facts);
        Typed::Wrong {
            evidence,
            account: flow.and_then(|f| f.account_id),
            subject_key: flow.and_then(|f| f.subject_key.clone()),
        }
    };
    // Locked even when there is nobody: the same statements for everyone.
    let mut counters = store::throttle::lock(conn, &guess.keys, now).await?;
    for (counter, key) in counters.iter_mut().zip(&guess.keys) {
        counter.renew(if *key == guess.day { Span::days(1) } else { CAP_WINDOW }, now);
    }
    let failures = |counters: &[Counter], key: [u8; 16]| {
        guess.keys.iter().position(|other| *other == key).and_then(|at| counters.get(at)).map_or(0, |c| c.failures)
    };
    let network = guess.keys.iter().zip(&counters).find(|(key, _)| **key == guess.network).map(|(_, counter)| counter);
    let network_until = network.filter(|c| c.failures >= guess.network_budget).map(|c| c.pending_until);
    // A network that has none left uses up no try of the flow: the code is the owner's, the network need not be.
    if let Some(until) = guess.wider_until.or(network_until) {
        let flow = store::flow::find(conn, guess.flow).await?;
        return Ok(wrong(vec![Evidence::NetworkSpent { until }], flow.as_ref()));
    }
    let Some(flow) = store::flow::count_try(conn, guess.flow, TRIES, now).await? else {
        let flow = store::flow::find(conn, guess.flow).await?;
        let spent = flow.as_ref().is_some_and(|f| f.tries >= TRIES && f.finished_at.is_none() && f.expires_at > now.0);
        let fact = if spent { Evidence::CodeTriesSpent { here: true } } else { Evidence::FlowEnded };
        return Ok(wrong(vec![fact], flow.as_ref()));
    };
    let subject = flow.subject_key.clone().unwrap_or_default();
    let codes = store::code::of_subject(conn, &subject, now.minus(CAP_WINDOW)).await?;
    let asked_here = codes.iter().any(|code| code.flow_id == flow.id);
    // A code that links was mailed for one identity: it is worth nothing for another.
    let fits = |code: &store::code::Code| flow.kind != FlowKind::Prove || code.flow_id == flow.id;
    let place =
        guess.digest.as_ref().and_then(|digest| codes.iter().position(|code| &code.digest == digest && fits(code)));
    let found = place.and_then(|place| {
        let code = codes.get(place)?;
        let own = code.flow_id == flow.id || code.asker.as_deref() == flow.asker();
        // The asker's newest ends the asker's older ones. Where a code was asked for, of others' only the newest of all
        // is taken, so that many who ask are not many guesses at once.
        let superseded = codes.iter().take(place).any(|newer| newer.asker == code.asker);
        Some((code, superseded || (asked_here && !own && place > 0), own))
    });
    let spent = failures(&counters, guess.hour) >= ACCOUNT_CAP || failures(&counters, guess.day) >= ACCOUNT_DAY_CAP;
    // What strangers typed elsewhere keeps nobody from typing what they asked for themselves.
    let quiet = asked_here && failures(&counters, guess.here) < QUIET_NETWORK;
    let capped = spent && !quiet;
    let why = if capped { Some(Evidence::CodeCapReached) } else { judge(found, guess.code.is_some(), now) };
    if let (None, Some((code, ..))) = (&why, found) {
        if store::code::spend(conn, code.id, now).await? {
            return Ok(Typed::Right(Box::new(FlowProof {
                id: flow.id,
                asked: code.flow_id,
                account: flow.account_id,
            })));
        }
        return Ok(wrong(vec![Evidence::CodeUsed], Some(&flow)));
    }
    for (counter, key) in counters.iter_mut().zip(&guess.keys) {
        // Beyond the account's cap nothing is looked at, so nothing is counted on it; the network's own count tells
        // nothing of an account and goes on.
        if !capped || *key == guess.network {
            counter.failures += 1;
            counter.updated_at = now;
        }
    }
    store::throttle::save(conn, &guess.keys, &counters).await?;
    store::code::count_elsewhere(conn, &subject, flow.id, now).await?;
    Ok(wrong(why.into_iter().collect(), Some(&flow)))
}

//! Mailed codes: made when the mail is composed, typed in a flow, spent once.

use kagiya_domain::{
    Evidence, Timestamp,
    code::{ACCOUNT_CAP, CAP_WINDOW, Code, LIFE, TRIES},
};
use kagiya_store::{self as store, flow::Flow};
use uuid::Uuid;

use crate::{App, Fault, Visitor};

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
pub fn subject_key(app: &App, kind: &str, id: &[u8]) -> [u8; 16] {
    app.keys.digest16("code subject", &[kind.as_bytes(), id])
}

/// The keyed digest of a code's digits.
pub fn digest(app: &App, subject_key: &[u8], code: &Code) -> Vec<u8> {
    app.keys.digest("code digits", &[subject_key, code.as_str().as_bytes()])[..16].to_vec()
}

/// Makes a code for a flow and keeps its digest. The flow lives at least as long as the code.
///
/// # Errors
/// When the database fails.
pub async fn issue(app: &App, flow: Uuid, account: Option<Uuid>, subject_key: [u8; 16]) -> Result<Code, Fault> {
    use futures_util::FutureExt;
    let code = Code::from_random(app.random());
    let digest = digest(app, &subject_key, &code);
    let (id, now) = (app.new_id(), app.now());
    app.store
        .write(move |conn| {
            async move {
                store::flow::set_subject(conn, flow, account, &subject_key).await?;
                store::flow::extend(conn, flow, now.plus(LIFE)).await?;
                store::code::insert(conn, id, &subject_key, flow, &digest, now, now.plus(LIFE)).await
            }
            .boxed()
        })
        .await?;
    Ok(code)
}

/// What a typed code is checked with, gathered before the transaction.
#[derive(Clone, Debug)]
pub struct Guess {
    flow: Uuid,
    code: Option<Code>,
    cap_key: [u8; 16],
    digest: Option<Vec<u8>>,
}

/// Prepares a typed code for [`check`].
pub fn guess(app: &App, visitor: &Visitor, flow: &Flow, typed: &str, device_known: bool) -> Guess {
    let code = Code::parse(typed);
    let cap_id: Vec<u8> = match (flow.account_id, &flow.subject_key, flow.kind.as_str()) {
        // A sign-up has no account to count on: the address is what is being guessed at.
        (_, _, "sign_up") => flow.typed.to_lowercase().into_bytes(),
        // Whatever the codes are for: it is the account that is being guessed at.
        (Some(account), _, _) => account.as_bytes().to_vec(),
        (None, Some(subject), _) => subject.clone(),
        (None, None, _) => flow.id.as_bytes().to_vec(),
    };
    // Strangers' guesses never use up the owner's own device's.
    let device = if device_known { visitor.device_key.unwrap_or_default() } else { [0; 16] };
    let cap_key = app.keys.digest16("throttle", &[b"codes", &cap_id, &device]);
    let digest = match (&flow.subject_key, &code) {
        (Some(subject), Some(code)) => Some(digest(app, subject, code)),
        (Some(_) | None, _) => None,
    };
    Guess { flow: flow.id, code, cap_key, digest }
}

/// Checks and spends a typed code. Runs inside the transaction that acts on it, so that of
/// two parallel requests one wins.
///
/// # Errors
/// When the database fails.
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
    let Some(flow) = store::flow::count_try(conn, guess.flow, TRIES, now).await? else {
        let flow = store::flow::find(conn, guess.flow).await?;
        let spent = flow.as_ref().is_some_and(|f| f.tries >= TRIES && f.finished_at.is_none() && f.expires_at > now.0);
        let fact = if spent { Evidence::CodeTriesSpent } else { Evidence::FlowEnded };
        return Ok(wrong(vec![fact], flow.as_ref()));
    };
    // Locked even when there is nobody: the same statements for everyone.
    let keys = [guess.cap_key];
    let mut counters = store::throttle::lock(conn, &keys, now).await?;
    if let Some(counter) = counters.first_mut()
        && now.since(counter.updated_at) >= CAP_WINDOW
    {
        counter.failures = 0;
    }
    let capped = counters.first().is_some_and(|counter| counter.failures >= ACCOUNT_CAP);
    let subject = flow.subject_key.clone().unwrap_or_default();
    let codes = store::code::newest(conn, &subject).await?;
    // A code that links was mailed for one identity: it is worth nothing for another.
    let fits = |code: &store::code::Code| flow.kind != "prove" || code.flow_id == flow.id;
    let place =
        guess.digest.as_ref().and_then(|digest| codes.iter().position(|code| &code.digest == digest && fits(code)));
    let found = place.and_then(|place| codes.get(place).map(|code| (place, code)));
    // The newest is good for so many tries where it was asked for, and for so many everywhere else together: a
    // stranger who types guesses uses up none of the owner's.
    let newest = codes.first();
    let elsewhere = newest.filter(|code| code.flow_id != flow.id);
    let used_up = elsewhere.is_some_and(|code| code.tries >= TRIES || code.tries_elsewhere >= TRIES);
    let facts = match found {
        _ if capped => vec![Evidence::CodeCapReached],
        _ if used_up => vec![Evidence::CodeTriesSpent],
        Some((0, code)) if code.spent_at.is_none() && code.expires_at > now.0 => {
            if store::code::spend(conn, code.id, now).await? {
                return Ok(Typed::Right(Box::new(FlowProof {
                    id: flow.id,
                    asked: code.flow_id,
                    account: flow.account_id,
                })));
            }
            vec![Evidence::CodeUsed]
        }
        Some((_, code)) if code.spent_at.is_some() => vec![Evidence::CodeUsed],
        Some((0, _)) => vec![Evidence::CodeExpired],
        Some(_) => vec![Evidence::CodeSuperseded],
        None if guess.code.is_none() => vec![],
        None => vec![Evidence::CodeMismatch],
    };
    // Beyond the cap nothing is looked at, so nothing is counted: the hour passes.
    if let Some(counter) = counters.first_mut().filter(|_| !capped) {
        counter.failures += 1;
        counter.updated_at = now;
    }
    store::throttle::save(conn, &keys, &counters).await?;
    store::code::count_elsewhere(conn, elsewhere.map_or(Uuid::nil(), |code| code.id)).await?;
    Ok(wrong(facts, Some(&flow)))
}

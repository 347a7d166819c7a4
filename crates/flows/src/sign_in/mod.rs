//! Signing in. By password: gather, decide, apply; whatever was proven goes through [`complete`].

pub(crate) mod admission;
mod complete;
pub(crate) mod deferred;
pub mod destination;
mod enter;
pub mod recent_auth;
mod refused;
pub mod reopen;
pub mod starts;
pub mod stuffing;
pub mod throttle;

use std::sync::Arc;

use futures_util::FutureExt;
use kagiya_domain::{
    Evidence, Timestamp,
    account::AccountState,
    act::Act,
    component::PASSWORD,
    destination::Destination,
    login::{self, Login},
    password::Password,
    sign_in::{AccountFacts, Decision, Facts, PasswordCheck, Proofs, Why, decide},
    throttle::Scope,
};
use kagiya_store::{self as store, account::Credential};
use uuid::Uuid;

use crate::{
    App, Fault, FieldError, Outcome, Visitor,
    attempt::{self, Draft},
    check::lookup,
    password::hashing::{Check, Lane},
    session::Token,
};

use self::refused::{refuse_credentials, refuse_locked, refuse_overload};
use self::throttle::{Reservation, ReservedTry, Settlement};
pub(crate) use self::{
    complete::{Entry, complete},
    enter::{Go, Spend, Work},
};

/// Wrong passwords, in the budgets of networks.
const WRONG: &str = "wrong password";

/// What was typed.
#[derive(Clone)]
pub struct Typed {
    /// ID, address or URL.
    pub login: String,
    /// The password.
    pub password: String,
    /// "Keep me signed in".
    pub remember: bool,
    /// Whether there is a browser that will keep the known-device mark.
    pub keep_device: bool,
    /// Where the person wanted to go.
    pub to: Destination,
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed [hidden]")
    }
}

/// A sign-in that worked.
#[derive(Debug)]
pub struct SignedIn {
    /// The session's token, for the cookie.
    pub token: Token,
    /// The session's latest end.
    pub expires_at: Timestamp,
    /// Whether the cookie outlives the browser.
    pub remember: bool,
    /// The account.
    pub account: store::account::Account,
    /// The known-device cookie's identifier: the one that came, or a new one.
    pub device: [u8; 16],
}

/// What a proof leads to.
#[derive(Debug)]
pub enum Entered {
    /// In.
    SignedIn(Box<SignedIn>),
    /// The account is closed; it opens again when `reopen` is confirmed.
    OfferReopen {
        /// The flow that holds the offer.
        flow: Uuid,
    },
}

impl Entered {
    /// The session, if there is one already.
    pub fn signed_in(self) -> Option<Box<SignedIn>> {
        match self {
            Self::SignedIn(signed_in) => Some(signed_in),
            Self::OfferReopen { .. } => None,
        }
    }
}

/// What is known before the decision.
struct Gathered {
    credential: Option<Credential>,
    pending: Option<store::flow::Flow>,
    subject_key: [u8; 16],
    typed_key: [u8; 16],
    device_known: bool,
}

impl Gathered {
    fn account_id(&self) -> Option<Uuid> {
        self.credential.as_ref().map(|c| c.account.id)
    }
}

/// Signs in with a password.
///
/// # Errors
/// When the database or the hashing pool fails.
pub async fn run(app: &Arc<App>, visitor: &Visitor, typed: Typed) -> Outcome<Entered> {
    run_and(app, visitor, typed, None).await
}

/// What is to be done once it is known for which account.
type ForAccount = dyn FnOnce(&App, &store::account::Account) -> Work + Send;

/// What is done for whoever gets in, in the transaction that lets them in. When it cannot be, they get in without it.
pub(crate) struct Also {
    /// The way to a provider whose identity it links.
    pub(crate) authorization: Uuid,
    /// What is done.
    pub(crate) work: Box<ForAccount>,
}

/// As [`run`], with more.
///
/// # Errors
/// When the database or the hashing pool fails.
pub(crate) async fn run_and(app: &Arc<App>, visitor: &Visitor, typed: Typed, also: Option<Also>) -> Outcome<Entered> {
    let outcome = try_once(app, visitor, typed, also).await;
    // Who is turned away because too many come says nothing of us: anybody could bring that about.
    if outcome.is_err() {
        app.measure.failed(PASSWORD);
    }
    outcome
}

/// The refusal of somebody who would wait too long, before anything else is done for them: in a
/// flood that is nearly everybody.
pub fn turned_away(app: &Arc<App>, visitor: &Visitor) -> Option<Box<attempt::Refusal>> {
    let lane = app.admission.lane(visitor, app.now());
    (!app.hashing.has_room(lane)).then(|| refuse_overload(app, visitor))
}

/// As [`run`]; a fault is not counted.
#[expect(clippy::too_many_lines, reason = "the order of a sign-in, which is the same for everyone")]
pub(crate) async fn try_once(app: &Arc<App>, visitor: &Visitor, typed: Typed, also: Option<Also>) -> Outcome<Entered> {
    let begun = app.clock.monotonic_us();
    let fields = check_fields(&typed);
    let (login, signs) = Login::parse(&typed.login);
    let mut shown = Vec::new();
    if signs.impossible {
        shown.push(Evidence::LoginImpossible);
    }
    let password = match Password::typed(&typed.password) {
        Some(password) if fields.is_empty() => password,
        _ => return Ok(Err(attempt::refuse(app, visitor, Draft::invalid(Act::SignIn, visitor, fields)).await)),
    };
    let typing = password.signs();
    for (seen, fact) in [
        (typing.full_width, Evidence::FullWidthTyped),
        (typing.edge_space, Evidence::EdgeSpaceTyped),
        (typing.punctuation, Evidence::PunctuationTyped),
        (typing.japanese, Evidence::JapaneseTyped),
    ] {
        if seen {
            shown.push(fact);
        }
    }

    // Who would wait too long is told so before anything else is done for them.
    let lane = app.admission.lane(visitor, app.now());
    let Some(place) = app.hashing.place(lane) else {
        return Ok(Err(refuse_overload(app, visitor)));
    };
    let gathered = gather(app, visitor, &login).await?;
    // One network has a counter of its own; whoever has many beside each other has no more than some.
    let most = u32::try_from(app.settings.budgets.network).unwrap_or(u32::MAX);
    let asked_at = app.now();
    if !gathered.device_known && app.starts.is_wider_spent(WRONG, visitor.address, most, asked_at) {
        let until = app.starts.renewed_at(asked_at);
        return Ok(Err(refuse_locked(app, visitor, &gathered, shown, Scope::Network, until).await?));
    }
    let reserved = match reserve(app, visitor, &gathered).await? {
        Reservation::Reserved(reserved) => (reserved, None),
        Reservation::Hidden(reserved, until) => (reserved, Some(until)),
        Reservation::Locked(scope, until) => {
            return Ok(Err(refuse_locked(app, visitor, &gathered, shown, scope, until).await?));
        }
        Reservation::Overloaded => return Ok(Err(refuse_overload(app, visitor))),
    };
    let (reserved, hidden_until) = reserved;

    let phc = match (&gathered.credential, &gathered.pending) {
        _ if hidden_until.is_some() => None,
        (Some(credential), _) => credential.phc.clone(),
        (None, Some(flow)) => flow.phc.clone(),
        (None, None) => None,
    };
    let check = app.hashing.verify_at(place, phc.clone(), password.clone()).await?;

    let now = app.now();
    app.stuffing.note(check.fits, now);
    if !check.fits && !gathered.device_known {
        app.starts.take_network(WRONG, visitor.address, most, now);
    }
    app.admission.note(visitor, check.fits);
    // Only browsers that this account knows speak for the share of right passwords.
    let known = gathered.device_known.then_some(check.fits);
    app.measure.served(PASSWORD, known, app.clock.monotonic_us() - begun);
    let (facts, checked) = facts(&gathered, check, phc.is_some());
    let decision = if hidden_until.is_some() { Decision::Refuse(Why::Credentials) } else { decide(&facts, now) };
    match decision {
        // An account that is gone is none, whoever asks; and no identity came.
        Decision::Refuse(Why::Credentials | Why::Gone) | Decision::NextStep(_) => {
            Ok(
                Err(refuse_credentials(app, visitor, &gathered, reserved, hidden_until, checked, shown, password)
                    .await?),
            )
        }
        Decision::SignIn | Decision::OfferReopen | Decision::Refuse(Why::State(_)) => {
            let upgrade = match &gathered.credential {
                Some(credential) if check.outdated => rehash(app, credential, password).await?,
                Some(_) | None => None,
            };
            enter_by_password(app, visitor, &typed, gathered, reserved, upgrade, also).await
        }
    }
}

/// The password was right: what was reserved is settled with whatever comes of it.
#[allow(clippy::too_many_arguments, reason = "what was gathered for one sign-in, used once")]
async fn enter_by_password(
    app: &App,
    visitor: &Visitor,
    typed: &Typed,
    gathered: Gathered,
    reserved: ReservedTry,
    upgrade: Option<(String, String)>,
    also: Option<Also>,
) -> Outcome<Entered> {
    let (now, budgets) = (app.now(), app.settings.budgets);
    let account = gathered.credential.map(|credential| credential.account);
    let id = account.as_ref().map(|account| account.id);
    let counters = Work::new(move |conn| {
        async move {
            throttle::settle(conn, &reserved, Settlement::Succeeded, false, &budgets, now).await?;
            let Some(id) = id else {
                return Ok(());
            };
            if let Some((old, new)) = upgrade {
                store::password::upgrade(conn, id, &old, &new).await?;
            }
            // Whoever knows the password needs no mailbox that is in doubt.
            store::email::open_all(conn, id).await
        }
        .boxed()
    });
    let refused =
        || attempt::refuse(app, visitor, Draft::new(Act::SignIn, 401, visitor, vec![Evidence::CredentialsRefused]));
    let Some(account) = account else {
        // A sign-up whose code was not typed yet has a password, and no account.
        let mut draft =
            Draft::new(Act::SignIn, 403, visitor, vec![Evidence::State { state: AccountState::Unverified }]);
        draft.subject_key = Some(gathered.subject_key);
        let refusal = complete::refuse_state(app, visitor, draft, Some(counters));
        return Ok(Err(match refusal.await? {
            Some(refusal) => refusal,
            None => refused().await,
        }));
    };
    let authorization = also.as_ref().map(|also| also.authorization);
    let also = also.map(|also| (also.work)(app, &account));
    let entry = Entry {
        device_known: gathered.device_known,
        remember: typed.remember,
        keep_device: typed.keep_device,
        to: typed.to.clone(),
        subject_key: Some(gathered.subject_key),
        authorization,
        ..Entry::new(app, account, Proofs::password(PasswordCheck::Match), Act::SignIn, "password")
    };
    let spend = Spend::before(counters);
    let completed = match complete(app, visitor, entry.clone(), spend.clone().and_after(also.clone())).await {
        Err(Fault::Store(store::Error::Undone)) if also.is_some() => complete(app, visitor, entry, spend).await?,
        other => other?,
    };
    match completed {
        Ok(Some(entered)) => Ok(Ok(entered)),
        Ok(None) => Ok(Err(refused().await)),
        Err(refusal) => Ok(Err(refusal)),
    }
}

fn check_fields(typed: &Typed) -> Vec<FieldError> {
    let mut fields = Vec::new();
    if login::is_blank(&typed.login) {
        fields.push(FieldError { field: "login", key: "error-login-empty" });
    } else if typed.login.len() > login::MAX_BYTES {
        fields.push(FieldError { field: "login", key: "error-login-long" });
    } else if login::is_unreadable(&typed.login) {
        fields.push(FieldError { field: "login", key: "error-login-character" });
    }
    if typed.password.is_empty() {
        fields.push(FieldError { field: "password", key: "error-password-empty" });
    } else if Password::typed(&typed.password).is_none() {
        fields.push(FieldError { field: "password", key: "error-password-long" });
    }
    fields
}

async fn gather(app: &App, visitor: &Visitor, login: &Login) -> Result<Gathered, Fault> {
    let mut conn = app.store.reader().await?;
    let credential = match login {
        Login::Id(skeleton) => store::account::credential_by_skeleton(&mut conn, skeleton.as_str()).await?,
        Login::Email(key) => store::account::credential_by_email(&mut conn, key).await?,
    };
    let pending = match (&credential, login) {
        (None, Login::Id(skeleton)) => {
            store::flow::sign_up_for(&mut conn, skeleton.as_str(), Uuid::nil(), app.now()).await?
        }
        _ => None,
    };
    let account = credential.as_ref().map(|c| c.account.id);
    // Asked for unknown logins too, of nobody: the same work for everyone.
    let device_known = match visitor.device_key {
        Some(device) => store::device::is_known(&mut conn, account.unwrap_or(Uuid::nil()), &device).await?,
        None => false,
    };
    Ok(Gathered {
        subject_key: lookup::subject_key(app, account, login),
        typed_key: app.keys.digest16("typed", &[login.canonical().as_bytes()]),
        credential,
        pending,
        device_known,
    })
}

async fn reserve(app: &App, visitor: &Visitor, gathered: &Gathered) -> Result<Reservation, Fault> {
    let counters = if gathered.device_known {
        let device = visitor.device_key.unwrap_or_default();
        vec![(Scope::KnownDevice, [gathered.subject_key, device].concat())]
    } else {
        vec![
            (Scope::Strangers, gathered.subject_key.to_vec()),
            (Scope::TypedLogin, gathered.typed_key.to_vec()),
            (Scope::Network, visitor.network_counter().into_bytes()),
        ]
    };
    throttle::reserve(app, &apart(app, counters)).await
}

/// While staff says that the trouble is ours, failures are counted apart: those counters are
/// forgotten with it, so that no lock is left behind, and guessing still has an end. A network's
/// own stays: it is nobody's lock.
fn apart(app: &App, mut counters: Vec<(Scope, Vec<u8>)>) -> Vec<(Scope, Vec<u8>)> {
    for (scope, id) in &mut counters {
        if *scope != Scope::Network {
            *id = throttle::in_trouble(app, id).unwrap_or_else(|| std::mem::take(id));
        }
    }
    counters
}

fn facts(gathered: &Gathered, check: Check, had_password: bool) -> (Facts, PasswordCheck) {
    let account = match (&gathered.credential, &gathered.pending) {
        (Some(c), _) => Some(AccountFacts { state: c.account.state, since: c.account.state_since }),
        (None, Some(flow)) => Some(AccountFacts { state: AccountState::Unverified, since: Timestamp(flow.created_at) }),
        (None, None) => None,
    };
    let checked = match (account.is_some(), had_password, check.fits) {
        (true, true, true) => PasswordCheck::Match,
        (true, true, false) => PasswordCheck::Mismatch,
        (true, false, _) => PasswordCheck::NotSet,
        (false, _, _) => PasswordCheck::NoAccount,
    };
    (Facts { account, proofs: Proofs::password(checked) }, checked)
}

async fn rehash(app: &App, credential: &Credential, password: Password) -> Result<Option<(String, String)>, Fault> {
    let Some(old) = credential.phc.clone() else {
        return Ok(None);
    };
    // A full queue only puts the upgrade off to the next sign-in.
    Ok(app.hashing.hash(password, app.random(), Lane::Known).await?.ok().map(|new| (old, new)))
}

/// The key under which a device cookie's identifier is kept.
pub fn device_key(app: &App, device: &[u8; 16]) -> [u8; 16] {
    app.keys.digest16("device", &[device])
}

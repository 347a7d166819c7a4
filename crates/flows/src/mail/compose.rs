//! What a mail says. Composed when it is sent, so that codes lie nowhere but in the mail.

use futures_util::FutureExt;
use kagiya_domain::{Timestamp, act::FlowKind, email::EmailAddress, mail::MailKind};
use kagiya_store::{self as store, outbox::Mail};
use kagiya_text::{Arg, Lang};
use serde::{Deserialize, Serialize};

use crate::{
    App, Fault, Visitor,
    account::credentials::Offered,
    check::lookup,
    code,
    external::providers::{open_identity, shown},
    mail::{
        html,
        postage::{self, Postage},
    },
    sign_in::starts,
    status::subscription,
};

/// A mail, ready to be handed to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// A stable identifier, for `Message-ID`.
    pub id: String,
    /// The recipient.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// Paragraphs of the text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// Its language.
    pub lang: Lang,
    /// Where one press ends such mails.
    pub unsubscribe: Option<String>,
}

/// What the words of a mail need, kept beside it. Nothing secret.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Data {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    browser: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shown: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stage: Option<String>,
    begins: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

fn write(data: &Data) -> String {
    serde_json::to_string(data).unwrap_or_default()
}

pub(crate) fn new_device_data(visitor: &Visitor, now: Timestamp) -> String {
    let browser = format!("{} {}", visitor.browser.name(), visitor.browser.system).trim().to_owned();
    write(&Data { at: Some(now.0), browser: Some(browser), ..Data::default() })
}

pub(crate) fn locked_data(until: Timestamp) -> String {
    at_data(until)
}

pub(crate) fn at_data(at: Timestamp) -> String {
    write(&Data { at: Some(at.0), ..Data::default() })
}

pub(crate) fn email_data(email: &EmailAddress, at: Timestamp) -> String {
    write(&Data { at: Some(at.0), email: Some(email.masked()), ..Data::default() })
}

/// A link: the provider's name, whose identity it is, and when.
pub(crate) fn link_data(app: &App, provider: &str, shown: &str, at: Timestamp) -> String {
    let (provider, shown) = (app.providers.name(provider).to_owned(), shown.to_owned());
    write(&Data { at: Some(at.0), provider: Some(provider), shown: Some(shown), ..Data::default() })
}

pub(crate) fn token_data(token: &str) -> String {
    write(&Data { token: Some(token.to_owned()), ..Data::default() })
}

/// A notice: its title and stage, what is told, when more is known or it ends, and the token that
/// ends the subscription.
pub(crate) fn notice_data(
    title: &str,
    stage: &str,
    body: &str,
    (begins, at): (Option<Timestamp>, Option<Timestamp>),
    token: &str,
) -> String {
    write(&Data {
        begins: begins.map(|at| at.0),
        title: Some(title.to_owned()),
        stage: Some(stage.to_owned()),
        body: Some(body.to_owned()),
        at: at.map(|at| at.0),
        token: Some(token.to_owned()),
        ..Data::default()
    })
}

/// A component that works again, and since when somebody waited for it.
pub(crate) fn component_data(component: &str, since: Timestamp) -> String {
    write(&Data { title: Some(component.to_owned()), at: Some(since.0), ..Data::default() })
}

/// A link that changed by what the provider pushed.
pub(crate) fn pushed_data(app: &App, provider: &str, shown: &str, what: &str, at: Timestamp) -> String {
    let (provider, shown) = (app.providers.name(provider).to_owned(), shown.to_owned());
    let stage = Some(what.to_owned());
    write(&Data { at: Some(at.0), provider: Some(provider), shown: Some(shown), stage, ..Data::default() })
}

/// A link in the place of another: whose it is now, and whose the one was that went.
pub(crate) fn replaced_data(app: &App, provider: &str, shown: &str, before: &str, at: Timestamp) -> String {
    let (provider, shown) = (app.providers.name(provider).to_owned(), shown.to_owned());
    let body = Some(before.to_owned());
    write(&Data { at: Some(at.0), provider: Some(provider), shown: Some(shown), body, ..Data::default() })
}

pub(crate) fn flow_data(visitor: &Visitor) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    write(&Data { device: visitor.device_key.map(|key| URL_SAFE_NO_PAD.encode(key)), ..Data::default() })
}

/// The letters that a kept mail becomes: one for each recipient, none when there is nobody.
///
/// # Errors
/// When the database fails.
pub async fn letters(app: &App, mail: &Mail) -> Result<Vec<Letter>, Fault> {
    let data: Data = serde_json::from_str(&mail.data).unwrap_or_default();
    let lang = Lang::parse(&mail.lang).unwrap_or_default();
    match (mail.flow_id, mail.account_id, &mail.address) {
        (Some(flow), ..) => flow_letters(app, mail, flow, lang, &data).await,
        // Whoever types an address does not fill its mailbox.
        (None, None, Some(address)) if mail.kind != MailKind::Notice && !may_send(app, address, mail).await? => {
            Ok(Vec::new())
        }
        (None, None, Some(address)) => Ok(vec![address_letter(app, mail, address, lang, &data)]),
        (None, ..) => account_letters(app, mail, lang, &data).await,
    }
}

/// A letter to somebody who need not have an account.
fn address_letter(app: &App, mail: &Mail, address: &str, lang: Lang, data: &Data) -> Letter {
    let origin = &app.settings.public_url.origin;
    let token = data.token.as_deref().unwrap_or("");
    let end = format!("{origin}/status/unsubscribe?token={token}");
    let stage = data.stage.as_deref().map(|stage| app.words.get(lang, &format!("stage-{}", stage.replace('_', "-"))));
    let title = data.title.as_deref().unwrap_or("");
    let component = component_name(app, title, lang);
    let when = data.at.map(|at| local_time(app, Timestamp(at), lang)).unwrap_or_default();
    let args = [
        ("title", Arg::from(title)),
        ("component", Arg::from(component)),
        ("stage", Arg::from(stage.unwrap_or_default())),
        ("body", Arg::from(data.body.as_deref().unwrap_or(""))),
        ("time", Arg::from(when)),
        ("from", Arg::from(data.begins.map(|at| local_time(app, Timestamp(at), lang)).unwrap_or_default())),
        ("confirm", Arg::from(format!("{origin}/status/confirm?token={token}"))),
        ("end", Arg::from(end.clone())),
    ];
    let mut name = mail.kind.as_str().replace('_', "-");
    if mail.kind == MailKind::Notice && data.at.is_some() {
        name.push_str(if data.begins.is_some() { "-window" } else { "-until" });
    }
    let mut letter = letter(app, mail, address, lang, &name, &args, None);
    // One press ends it (RFC 8058).
    letter.unsubscribe = (mail.kind == MailKind::Notice).then_some(end);
    letter
}

/// What a component is called.
pub fn component_name(app: &App, id: &str, lang: Lang) -> String {
    if kagiya_domain::component::OWN.contains(&id) {
        return app.words.get(lang, &format!("component-{id}"));
    }
    match app.settings.components.iter().find(|component| component.id == id) {
        Some(component) => component.name.get(lang).to_owned(),
        None => app.providers.name(id).to_owned(),
    }
}

async fn account_letters(app: &App, mail: &Mail, lang: Lang, data: &Data) -> Result<Vec<Letter>, Fault> {
    let id = mail.account_id.unwrap_or(uuid::Uuid::nil());
    if let (Some(network), 0..=1) = (&mail.network, mail.tries) {
        // What strangers cause is counted with what they ask for; the same is written where there is nobody.
        let (postage, now) = (Postage::new(app, id.as_bytes(), network, None), app.now());
        if !app.store.write(move |conn| async move { postage.take(conn, now).await }.boxed()).await? {
            return Ok(Vec::new());
        }
    }
    let mut conn = app.store.reader().await?;
    let Some(account) = store::account::find(&mut conn, id).await? else {
        return Ok(Vec::new());
    };
    let mut emails = store::email::of_account(&mut conn, id).await?;
    if mail.kind == MailKind::LinkChanged && emails.iter().any(|email| email.closed_since.is_none()) {
        // Not to a mailbox that somebody else may be reading.
        emails.retain(|email| email.closed_since.is_none());
    }
    let methods = methods(app, &mut conn, id, lang).await?.join(" / ");
    let when = data.at.map(|at| local_time(app, Timestamp(at), lang)).unwrap_or_default();
    let what = data.stage.as_deref().map(|what| app.words.get(lang, &format!("pushed-{}", what.replace('_', "-"))));
    let what = what.unwrap_or_default();
    let args = [
        ("login_id", Arg::from(account.login_id.as_str())),
        ("time", Arg::from(when.as_str())),
        ("browser", Arg::from(data.browser.as_deref().unwrap_or(""))),
        ("email", Arg::from(data.email.as_deref().unwrap_or(""))),
        ("provider", Arg::from(data.provider.as_deref().unwrap_or(""))),
        ("identity", Arg::from(data.shown.as_deref().unwrap_or(""))),
        ("methods", Arg::from(methods.as_str())),
        ("before", Arg::from(data.body.as_deref().unwrap_or(""))),
        ("what", Arg::from(what.as_str())),
    ];
    let name = mail.kind.as_str().replace('_', "-");
    let recipients = emails.into_iter().take(if mail.kind.goes_to_one() { 1 } else { usize::MAX });
    let mut to: Vec<String> = recipients.map(|email| email.address).collect();
    // One that was just removed hears of it, too.
    to.extend(mail.address.clone().filter(|address| !to.contains(address)));
    let letters = to.iter().enumerate().map(|(place, address)| {
        let mut letter = letter(app, mail, address, lang, &name, &args, None);
        letter.id = format!("{}.{place}", letter.id);
        letter
    });
    Ok(letters.collect())
}

/// A flow's mail: the truth that no page tells, to whoever has the mailbox. For somebody and for nobody the same is
/// read and written.
#[expect(clippy::too_many_lines, reason = "a table: one arm for each mail")]
async fn flow_letters(app: &App, mail: &Mail, flow: uuid::Uuid, lang: Lang, data: &Data) -> Result<Vec<Letter>, Fault> {
    // One connection at a time: holding one while asking for another would starve the pool.
    let Some(flow) = store::flow::find(&mut app.store.reader().await?, flow).await? else {
        return Ok(Vec::new());
    };
    if flow.finished_at.is_some() || flow.proven_at.is_some() {
        return Ok(Vec::new());
    }
    let kind = flow.kind;
    // Of these the address is what is proven; an account that has it already is no reason for a code.
    let proves_address = kind.proves_address();
    let account = match (kind, flow.account_id) {
        _ if proves_address => {
            store::account::find_by_email(&mut app.store.reader().await?, &flow.typed.to_lowercase()).await?
        }
        (FlowKind::Confirm, id) => {
            store::account::find(&mut app.store.reader().await?, id.unwrap_or(uuid::Uuid::nil())).await?
        }
        _ => lookup::find_account(app, &flow.typed).await?,
    };
    let id = account.as_ref().map_or(uuid::Uuid::nil(), |account| account.id);
    let device = data.device.as_deref().and_then(decode_device);
    let mut conn = app.store.reader().await?;
    let trusted = match &device {
        Some(device) => store::device::is_known(&mut conn, id, device).await?,
        None => false,
    };
    let home = starts::is_home(app, &mut conn, id, mail.network.as_deref()).await?;
    let mut emails = store::email::of_account(&mut conn, id).await?;
    // A mailbox that somebody else may have taken over proves nothing.
    emails.retain(|email| email.closed_since.is_none());
    let no_password = !store::link::has_password(&mut conn, id).await?;
    let offered = Offered::of(app);
    let has_links = store::link::of_account(&mut conn, id).await?.iter().any(|link| offered.is_usable(link));
    let methods = methods(app, &mut conn, id, lang).await?;
    let authorization =
        store::authorization_session::find(&mut conn, flow.authorization_id.unwrap_or(uuid::Uuid::nil())).await?;
    drop(conn);

    let typed = EmailAddress::parse(&flow.typed).ok();
    let typed_key = typed.as_ref().map(EmailAddress::key).unwrap_or_default();
    let to = match &account {
        Some(_) if !proves_address => {
            // To the address that was typed when the account has it, otherwise to the primary one.
            let own = emails.iter().find(|e| e.address_key == typed_key).or(emails.first());
            own.map(|e| e.address.clone())
        }
        // Only an address can be told: an unknown ID has no mailbox.
        _ => typed.as_ref().map(EmailAddress::as_string),
    };
    let gets_code = account.is_some() != proves_address;
    let subject_key = if proves_address {
        code::subject_key(app, kind, flow.id.as_bytes())
    } else {
        code::subject_of(app, kind, account.as_ref().map(|account| account.id), &flow.typed)
    };
    let recipient = postage::recipient(account.as_ref().map(|account| account.id), &flow.typed);
    let network = mail.network.as_deref().unwrap_or_default();
    // A mail that is tried again is no further mail.
    let postage = (mail.tries <= 1)
        .then(|| Postage::new(app, &recipient, network, device.as_deref().filter(|_| trusted)).at_home(home));
    let recipient = code::Recipient {
        account: if proves_address { flow.account_id } else { account.as_ref().map(|account| account.id) },
        subject_key,
        gets_code,
        postage,
    };
    let Some(code) = code::issue(app, &flow, recipient).await? else {
        tracing::warn!(kind = kind.as_str(), "somebody gets no more mail that others ask for, for now");
        return Ok(Vec::new());
    };
    let Some(to) = to else {
        return Ok(Vec::new());
    };
    let login_id = account.as_ref().map_or("", |account| account.login_id.as_str());
    let asked = flow.login_id.as_deref().unwrap_or("");
    let way_in = kind == FlowKind::Recover && no_password && has_links;
    let name = match &account {
        Some(_) if proves_address => "already-member".to_owned(),
        None if !proves_address => "no-account".to_owned(),
        // No silent dead end: which way it was, and a way in without it.
        _ if way_in => "way-in".to_owned(),
        _ => kind.as_str().replace('_', "-"),
    };
    let identity =
        authorization.as_ref().and_then(|authorization| open_identity(&app.keys, authorization.identity.as_deref()?));
    let identity = identity.map(|identity| shown(&identity)).unwrap_or_default();
    let provider =
        authorization.map(|authorization| app.providers.name(&authorization.provider).to_owned()).unwrap_or_default();
    let methods = methods.join(if way_in { "\n" } else { " / " });
    let args = [
        ("login_id", Arg::from(if account.is_some() { login_id } else { asked })),
        ("methods", Arg::from(methods.as_str())),
        ("email", Arg::from(to.as_str())),
        ("provider", Arg::from(provider.as_str())),
        ("identity", Arg::from(identity.as_str())),
    ];
    let code = gets_code.then(|| code.as_str());
    Ok(vec![letter(app, mail, &to, lang, &name, &args, code)])
}

fn decode_device(text: &str) -> Option<Vec<u8>> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Takes a mail to an address from its budget; `false` when none may be sent now.
async fn may_send(app: &App, address: &str, mail: &Mail) -> Result<bool, Fault> {
    let Ok(email) = EmailAddress::parse(address) else {
        return Ok(false);
    };
    if mail.tries > 1 {
        return Ok(true);
    }
    // A member's mails of all kinds are counted together; whoever hears of notices already costs the same.
    let account = store::account::find_by_email(&mut app.store.reader().await?, &email.key()).await?;
    let recipient = postage::recipient(account.map(|account| account.id), address);
    let data: Data = serde_json::from_str(&mail.data).unwrap_or_default();
    let confirmed = subscription::is_confirmed(app, data.token.as_deref().unwrap_or_default(), &email).await?;
    let network = mail.network.as_deref().unwrap_or_default();
    let postage = Postage::new(app, &recipient, network, None);
    let now = app.now();
    let taken = app.store.write(move |conn| async move { postage.take(conn, now).await }.boxed()).await?;
    Ok(taken && !(confirmed && mail.kind == MailKind::Subscribe))
}

/// By which ways an account is signed in to, in words.
async fn methods(app: &App, conn: &mut store::Conn, account: uuid::Uuid, lang: Lang) -> Result<Vec<String>, Fault> {
    let mut methods = Vec::new();
    if store::link::has_password(conn, account).await? {
        methods.push(app.words.get(lang, "method-password"));
    }
    let (links, offered) = (store::link::of_account(conn, account).await?, Offered::of(app));
    for link in links.iter().filter(|link| offered.is_usable(link)) {
        methods.push(format!("{} ({})", app.providers.name(&link.provider), link.shown));
    }
    if methods.is_empty() {
        methods.push(app.words.get(lang, "method-none"));
    }
    Ok(methods)
}

/// A time in the service's zone, to the minute, with the zone named.
pub fn local_time(app: &App, at: Timestamp, lang: Lang) -> String {
    let Ok(at) = jiff::Timestamp::from_millisecond(at.0) else {
        return String::new();
    };
    let zoned = at.to_zoned(app.settings.time_zone.clone());
    match lang {
        Lang::Ja => zoned.strftime("%-Y年%-m月%-d日 %-H:%M").to_string(),
        Lang::En => zoned.strftime("%-d %B %Y, %H:%M (%Z)").to_string(),
    }
}

/// Puts a letter together: `mail-NAME-subject` and the paragraphs of `mail-NAME`.
#[expect(clippy::too_many_arguments, reason = "the parts of one mail")]
fn letter(
    app: &App,
    mail: &Mail,
    to: &str,
    lang: Lang,
    name: &str,
    args: &[(&str, Arg<'_>)],
    code: Option<&str>,
) -> Letter {
    let settings = &app.settings;
    let service = settings.service_name.get(lang);
    let word = settings.login_id_word.get(lang);
    let origin = settings.public_url.origin.as_str();
    let support = settings.support.as_deref().unwrap_or(origin);
    let member_url = settings.member_url.as_deref().unwrap_or("");
    let mut all: Vec<(&str, Arg<'_>)> = args.to_vec();
    all.extend([
        ("service", Arg::from(service)),
        ("word", Arg::from(word)),
        ("origin", Arg::from(origin)),
        ("support", Arg::from(support)),
        ("member_url", Arg::from(member_url)),
        ("from", Arg::from(settings.mail_from.as_str())),
        ("code", Arg::from(code.unwrap_or(""))),
        ("minutes", Arg::from(10)),
    ]);
    let subject = app.words.format(lang, &format!("mail-{name}-subject"), &all);
    let body = app.words.format(lang, &format!("mail-{name}"), &all);
    // Without a way to support there is no line about it.
    let foot = if settings.support.is_some() { "mail-foot" } else { "mail-foot-plain" };
    let foot = app.words.format(lang, foot, &all);
    let text = format!("{body}\n\n-- \n{foot}\n");
    let html = html::page(lang, (&subject, &body, &foot), code, &settings.accent);
    // A code or an order to act never travels as a link that signs in.
    Letter {
        id: format!("{}.{}", mail.id, mail.tries),
        to: to.to_owned(),
        subject,
        text,
        html,
        lang,
        unsubscribe: None,
    }
}

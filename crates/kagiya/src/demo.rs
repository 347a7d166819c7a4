//! `kagiya demo`: the server beside a practice town, with members and faults to try.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::{FutureExt, future::BoxFuture};
use kagiya_flows::{
    App, Clock, Dice, Visitor, external,
    mail::{
        compose::Letter,
        outbox::{Post, Posted},
    },
    sign_in::{self, Typed},
    staff::{agent::Agent, operator},
};
use kagiya_lab::{CLIENT_ID, CLIENT_SECRET, SHOPS, Switches, Tools, Town};
use kagiya_oidc::Identity;
use kagiya_store::{self as store, link::NewLink};
use kagiya_text::Lang;
use kagiya_web::Web;
use tokio::net::TcpListener;

use crate::{
    Failure,
    config::Config,
    open,
    output::say,
    outside::{SystemClock, SystemDice},
    providers::ProviderSetting,
    serve,
};

/// The practice members' password.
const PASSWORD: &str = "practice makes keys";

/// Whether the practice mail server is down.
static MAIL_DOWN: AtomicBool = AtomicBool::new(false);

/// Where the town is when nobody says so.
const USUAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8_090);

pub(crate) async fn run(mut config: Config, town_at: Option<SocketAddr>) -> Result<(), Failure> {
    if !config.listen.ip().is_loopback() || town_at.is_some_and(|at| !at.ip().is_loopback()) {
        return Err(Failure::Usage("the demo is for this machine alone: --listen and --town want loopback".into()));
    }
    let town_listener = match town_at {
        Some(at) => {
            TcpListener::bind(at).await.map_err(|error| Failure::Failed(format!("cannot listen on {at}: {error}")))?
        }
        None => match TcpListener::bind(USUAL).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind(SocketAddr::new(USUAL.ip(), 0)).await?,
        },
    };
    let origin = format!("http://{}", town_listener.local_addr()?);
    let listener = serve::listen(&config).await?;
    let secret = config.data.join("practice-secret");
    if !secret.exists() {
        refuse_strangers(&config).await?;
    }
    std::fs::write(&secret, CLIENT_SECRET)?;
    let secret = std::fs::canonicalize(secret)?;
    let shops =
        SHOPS.iter().map(|shop| ProviderSetting::practice(shop.id, shop.kind, shop.name, &origin, CLIENT_ID, &secret));
    config.practise(shops.collect(), config.data.clone());
    let served = serve::begin(&config, listener, |post| Arc::new(Practice(post))).await?;
    let url = served.app.settings.public_url.origin.clone();
    members(&served.app, &origin).await?;
    let switches =
        Arc::new(Panel { app: Arc::clone(&served.app), web: Arc::clone(&served.web), locked: AtomicBool::new(false) });
    let town = Town::new(origin.clone(), url.clone(), tools(), Some(switches));
    tokio::spawn(kagiya_lab::serve(town, town_listener));
    say(&format!("Kagiya is ready: {url}/sign-in"));
    say(&format!("  break something: {origin}"));
    say(&format!(
        "  practice members: hana (password \"{PASSWORD}\", linked everywhere), taro (Google only, no password)"
    ));
    say(&format!("  mail goes to {}", config.mail));
    serve::until_stopped(served).await
}

/// The practice members' password is known to everybody: they do not move in with real ones.
async fn refuse_strangers(config: &Config) -> Result<(), Failure> {
    let store = open::store(config).await?;
    let count = store::account::count(&mut store.reader().await?).await?;
    store.close().await;
    if count == 0 {
        return Ok(());
    }
    let words = "this database has accounts; the demo wants one of its own: name another --data or --database";
    Err(Failure::Usage(words.into()))
}

/// Time and chance for the town.
pub(crate) fn tools() -> Tools {
    let clock = SystemClock::new();
    Tools {
        now: Arc::new(move || clock.now().0 / 1_000),
        random: Arc::new(|| {
            let mut bytes = [0; 16];
            SystemDice.fill(&mut bytes);
            bytes
        }),
    }
}

/// Makes the practice members, once.
async fn members(app: &Arc<App>, town: &str) -> Result<(), Failure> {
    let fail = |error: operator::OrderError| Failure::Failed(error.to_string());
    for (id, password, shops) in [("hana", Some(PASSWORD), &SHOPS[..]), ("taro", None, &SHOPS[..1])] {
        if operator::find(app, id).await.is_ok() {
            continue;
        }
        let account = operator::create(app, id, &format!("{id}@example.jp"), password, &Agent::command_line())
            .await
            .map_err(fail)?;
        for shop in shops {
            link(app, account.id, town, shop.id, id).await?;
        }
    }
    Ok(())
}

/// Ties an identity of the town to an account, as if its owner had done so.
pub(crate) async fn link(
    app: &Arc<App>,
    account: uuid::Uuid,
    town: &str,
    shop: &str,
    person: &str,
) -> Result<(), Failure> {
    let email = format!("{person}@example.jp");
    let identity = Identity {
        issuer: format!("{town}/{shop}"),
        subject: format!("{shop}-{person}"),
        email: Some(email.clone()),
        ..Identity::default()
    };
    let new = NewLink {
        id: app.new_id(),
        provider: shop.to_owned(),
        shown: external::shown(&identity),
        issuer: identity.issuer,
        subject: identity.subject,
        email_key: Some(email),
        refresh_token: None,
    };
    let now = app.now();
    app.store.write(move |conn| async move { store::link::insert(conn, account, &new, now).await }.boxed()).await?;
    Ok(())
}

/// Mail that can be put off for practice.
struct Practice(Arc<dyn Post>);

impl Post for Practice {
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Posted> {
        if MAIL_DOWN.load(Ordering::Relaxed) {
            return async { Posted::Deferred(451, "practice: mail is down".to_owned()) }.boxed();
        }
        self.0.send(letter)
    }
}

/// The server's own faults.
struct Panel {
    app: Arc<App>,
    web: Arc<Web>,
    locked: AtomicBool,
}

impl Switches for Panel {
    fn list(&self) -> Vec<(&'static str, String, bool)> {
        let words = |text: &str| text.to_owned();
        vec![
            ("stale_cookie", words("このブラウザーに古いCookieを残す / Leave a stale cookie in this browser"), false),
            ("blocked_cookies", words("Cookieが保存されない / Cookies are not kept"), self.web.is_without_cookies()),
            (
                "lock",
                words("hana を失敗の繰り返しでロック / Lock hana by failures"),
                self.locked.load(Ordering::Relaxed),
            ),
            ("mail_down", words("メールが出ない / Mail does not leave"), MAIL_DOWN.load(Ordering::Relaxed)),
        ]
    }

    fn set(&self, name: &str, on: bool) {
        match name {
            "blocked_cookies" => self.web.practise_without_cookies(on),
            "mail_down" => MAIL_DOWN.store(on, Ordering::Relaxed),
            "lock" => {
                self.locked.store(on, Ordering::Relaxed);
                let app = Arc::clone(&self.app);
                tokio::spawn(async move { if on { lock(&app).await } else { unlock(&app).await } });
            }
            _ => {}
        }
    }
}

async fn unlock(app: &Arc<App>) {
    if let Err(error) =
        operator::set_state(app, "hana", kagiya_domain::account::AccountState::Active, &Agent::command_line()).await
    {
        tracing::warn!(%error, "hana could not be unlocked");
    }
}

/// As many wrong passwords as it takes.
async fn lock(app: &Arc<App>) {
    for n in 0..app.settings.budgets.strangers + 1 {
        let visitor = Visitor { browser_key: Some(app.random()), cookie_came: true, ..Visitor::nobody(Lang::Ja) };
        let typed = Typed {
            to: kagiya_domain::destination::Destination::Home,
            login: "hana".to_owned(),
            password: format!("practice mistake {n}"),
            remember: false,
            keep_device: false,
        };
        if let Err(error) = sign_in::run(app, &visitor, typed).await {
            tracing::warn!(%error, "a practice mistake failed");
        }
    }
}

//! A practice town: stand-ins for Google, Apple, X, Yahoo! JAPAN, LINE and a plain issuer on
//! loopback, with practice members and faults that can be switched. For the demo and for tests;
//! honest about what it is: every page says so, and tokens are signed with ES256 (LINE: HS256)
//! whatever the real service uses.

mod authorize;
mod faults;
mod grants;
mod pages;
mod panel;
mod push;
mod refresh;
mod shops;
mod token;
mod transfer;
mod wire;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    routing::{get, post},
};
use tokio::net::TcpListener;

pub use faults::Fault;
pub use panel::Switches;
pub use shops::{MEMBERS, Member, SHOPS, Shop};

/// Where time and chance come from.
#[derive(Clone)]
pub struct Tools {
    /// Seconds since 1970.
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// Sixteen unpredictable bytes.
    pub random: Arc<dyn Fn() -> [u8; 16] + Send + Sync>,
}

/// The whole town.
pub struct Town {
    /// Where it is, without a slash at the end.
    pub origin: String,
    /// Where the server that practises with it is.
    pub client: String,
    tools: Tools,
    faults: Mutex<BTreeMap<String, Vec<Fault>>>,
    grants: Mutex<grants::Grants>,
    keys: Mutex<BTreeMap<String, token::Key>>,
    switches: Option<Arc<dyn Switches>>,
}

/// The client's name at every shop.
pub const CLIENT_ID: &str = "kagiya-practice";
/// And its secret. There is nothing to protect.
pub const CLIENT_SECRET: &str = "practice-secret-that-protects-nothing";

impl Town {
    /// A town at `origin` for the server at `client`.
    pub fn new(origin: String, client: String, tools: Tools, switches: Option<Arc<dyn Switches>>) -> Arc<Self> {
        Arc::new(Self {
            origin,
            client,
            tools,
            faults: Mutex::default(),
            grants: Mutex::default(),
            keys: Mutex::default(),
            switches,
        })
    }

    pub(crate) fn now(&self) -> i64 {
        (self.tools.now)()
    }

    pub(crate) fn token(&self) -> String {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        URL_SAFE_NO_PAD.encode((self.tools.random)())
    }

    /// Sets the faults of a shop.
    pub fn set_faults(&self, shop: &str, faults: Vec<Fault>) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).insert(shop.to_owned(), faults);
    }

    pub(crate) fn faults(&self, shop: &str) -> Vec<Fault> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).get(shop).cloned().unwrap_or_default()
    }

    pub(crate) fn has(&self, shop: &str, fault: Fault) -> bool {
        self.faults(shop).contains(&fault)
    }
}

/// Every path of the town.
pub fn router(town: Arc<Town>) -> Router {
    Router::new()
        .route("/", get(panel::page).post(panel::set))
        .route("/push/{shop}", post(push::send))
        .route("/{shop}/.well-known/openid-configuration", get(token::discovery))
        .route("/{shop}/authorize", get(authorize::page))
        .route("/{shop}/decide", post(authorize::decide))
        .route("/{shop}/token", post(token::exchange))
        .route("/{shop}/usermigrationinfo", post(transfer::identifier))
        .route("/{shop}/userinfo", get(token::profile))
        .route("/{shop}/jwks", get(token::keys))
        .route("/{shop}/status", get(panel::status))
        .route("/{shop}/top", get(authorize::top))
        .with_state(town)
}

/// Opens the town; it closes with the runtime.
///
/// # Errors
/// When the listener fails.
pub async fn serve(town: Arc<Town>, listener: TcpListener) -> std::io::Result<()> {
    axum::serve(listener, router(town)).await
}

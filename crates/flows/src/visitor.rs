//! The person at the other end, as far as one request shows.

use std::net::IpAddr;

use kagiya_domain::{Audience, Evidence, browser::Browser, network};
use kagiya_text::Lang;

/// What one request shows of who sent it. Anything in it may be a lie but the address,
/// which is the peer's or what a trusted proxy said.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The network address, when there is one.
    pub address: Option<IpAddr>,
    /// The coarse browser.
    pub browser: Browser,
    /// Digest of the flow cookie: the browser as far as this visit.
    pub browser_key: Option<[u8; 16]>,
    /// Whether that cookie came with the request, and was not just made.
    pub cookie_came: bool,
    /// What the known-device cookie says.
    pub device: Option<[u8; 16]>,
    /// Its digest.
    pub device_key: Option<[u8; 16]>,
    /// The language of the answer.
    pub lang: Lang,
    /// What the request itself shows.
    pub signs: Vec<Evidence>,
    /// What was repaired in this request without asking.
    pub repairs: Vec<&'static str>,
    /// Which build of the pages serves this.
    pub build: Option<String>,
    /// How often a page of this chain was refused before, when the form says so.
    pub refused_before: i64,
    /// Whether the request only asks for a page: nothing is kept for that alone.
    pub reads: bool,
    /// Hashes of the session tokens that came: a new sign-in takes their place.
    pub old_sessions: Vec<[u8; 32]>,
}

impl Visitor {
    /// Nobody in particular: what the server does by itself.
    pub fn nobody(lang: Lang) -> Self {
        Self {
            address: None,
            browser: Browser::default(),
            browser_key: None,
            cookie_came: false,
            device: None,
            device_key: None,
            lang,
            signs: Vec::new(),
            repairs: Vec::new(),
            build: None,
            refused_before: 0,
            reads: false,
            old_sessions: Vec::new(),
        }
    }

    /// Who is listening, as long as nothing about an account is proven.
    pub fn audience(&self) -> Audience {
        if self.cookie_came { Audience::Browser } else { Audience::Anyone }
    }

    /// The network as counters see it.
    pub fn network_counter(&self) -> String {
        self.address.map_or_else(|| "none".to_owned(), network::counter_key)
    }

    /// The network as it is kept.
    pub fn network_kept(&self) -> String {
        self.address.map_or_else(String::new, network::shortened)
    }
}

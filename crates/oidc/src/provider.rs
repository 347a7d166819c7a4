//! A provider as it is set up, with what it answered last.

use std::sync::{Arc, atomic::AtomicI64};

use tokio::sync::RwLock;
use url::Url;
use zeroize::Zeroizing;

use crate::{
    client::Client,
    dialect::Tongue,
    discovery::Learned,
    egress_policy::{Reach, leads_inward},
    jwks::KeyRing,
    kinds::{ClientProof, Kind},
};

/// How we prove who we are.
#[derive(Clone, Default)]
pub enum Secret {
    /// None: a public client.
    #[default]
    None,
    /// A text that the provider gave us.
    Static(Zeroizing<String>),
    /// A key with which a secret is signed for every call (Apple).
    Signed {
        /// The developer team.
        team: String,
        /// The key's name.
        key_id: String,
        /// The key, PKCS #8 in PEM.
        pem: Zeroizing<String>,
    },
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hidden]")
    }
}

/// Endpoints that the settings name.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The issuer.
    pub issuer: Option<Url>,
    /// The authorization endpoint.
    pub authorize_url: Option<Url>,
    /// The token endpoint.
    pub token_url: Option<Url>,
    /// The profile endpoint.
    pub userinfo_url: Option<Url>,
    /// The keys.
    pub jwks_url: Option<Url>,
    /// The status feed.
    pub status_url: Option<Url>,
}

/// Where a profile says what, as paths such as `data.0.id`; `None`: where most services say it.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    /// Who it is.
    pub subject: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// The name.
    pub name: Option<String>,
}

/// What a provider is made of.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Its name in our URLs.
    pub id: String,
    /// What it speaks.
    pub kind: Kind,
    /// Its name for people.
    pub name: String,
    /// Ours at the provider.
    pub client_id: String,
    /// How we prove it.
    pub secret: Secret,
    /// What is asked for; empty: as its kind usually does.
    pub scopes: Vec<String>,
    /// Endpoints.
    pub urls: Overrides,
    /// The issuer's text, exactly as it stands in tokens.
    pub issuer: Option<String>,
    /// Ask for a refresh token, and hand it out with the identity.
    pub keep_refresh_token: bool,
    /// Where its profile says what.
    pub paths: Paths,
    /// How we prove ourselves, when the settings say so.
    pub proof: Option<ClientProof>,
    /// Of an issuer that serves many tenants, those that may sign in; `*`: all.
    pub tenants: Vec<String>,
    /// Where else than to its authorization endpoint its pages send people on.
    pub form_origins: Vec<String>,
}

impl Plan {
    pub(crate) fn takes_tenant(&self, tenant: &str) -> bool {
        let plain =
            !tenant.is_empty() && tenant.len() <= 64 && tenant.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        plain && self.tenants.iter().any(|own| own == "*" || own == tenant)
    }
}

/// One external service.
#[derive(Debug)]
pub struct Provider {
    pub(crate) plan: Plan,
    pub(crate) client: Client,
    pub(crate) learned: RwLock<Option<Arc<Learned>>>,
    pub(crate) keys: RwLock<Arc<KeyRing>>,
    /// When the keys were last asked for, in seconds since 1970.
    pub(crate) keys_asked_at: AtomicI64,
}

impl Provider {
    /// Puts a provider together.
    ///
    /// # Errors
    /// The setting that cannot be taken and why, for the operator.
    pub fn new(plan: Plan) -> Result<Self, (&'static str, String)> {
        let urls = &plan.urls;
        let own = [&urls.issuer, &urls.authorize_url, &urls.token_url, &urls.userinfo_url];
        let reach = Reach::allowing(own.into_iter().flatten());
        for (key, url) in [
            ("issuer", &urls.issuer),
            ("authorize_url", &urls.authorize_url),
            ("token_url", &urls.token_url),
            ("userinfo_url", &urls.userinfo_url),
            ("jwks_url", &urls.jwks_url),
            ("status_url", &urls.status_url),
        ] {
            let Some(url) = url else { continue };
            let plain = url.scheme() == "http" && !leads_inward(url);
            if plain || !matches!(url.scheme(), "http" | "https") {
                return Err((key, "expected an https URL; http is for private addresses only".into()));
            }
            // What stands beside the provider may be reached like the provider, and nothing else inside.
            if !reach.permits(url) {
                return Err((key, "leads inward, but the provider itself is not there".into()));
            }
        }
        let ways = plan.kind.ways();
        let issuer = plan.issuer.is_some() || ways.issuer.is_some();
        let all = urls.authorize_url.is_some() && urls.token_url.is_some();
        match plan.kind {
            Kind::Oidc if !issuer => return Err(("issuer", "an \"oidc\" provider needs its issuer".into())),
            Kind::OAuth2 if !all || urls.userinfo_url.is_none() => {
                let words = "an \"oauth2\" provider needs authorize_url, token_url and userinfo_url";
                return Err(("authorize_url", words.into()));
            }
            Kind::Google | Kind::Apple | Kind::X | Kind::YahooJapan | Kind::Line | Kind::Oidc | Kind::OAuth2 => {}
        }
        let client = Client::new(reach).map_err(|error| ("id", error))?;
        Ok(Self {
            plan,
            client,
            learned: RwLock::default(),
            keys: RwLock::default(),
            keys_asked_at: AtomicI64::new(i64::MIN / 2),
        })
    }

    /// Its name in our URLs.
    pub fn id(&self) -> &str {
        &self.plan.id
    }

    /// By how many seconds its clock is ahead of ours, which says `now`; `None` before it answered.
    pub fn clock_ahead(&self, now: i64) -> Option<i64> {
        self.client.ahead(now)
    }

    /// What it speaks.
    pub fn kind(&self) -> Kind {
        self.plan.kind
    }

    /// How it speaks.
    pub fn tongue(&self) -> Tongue {
        let authorize = self.plan.urls.authorize_url.clone();
        let place = authorize.or_else(|| url::Url::parse(&self.issuer()).ok());
        Tongue::of(self.plan.kind, place.as_ref().and_then(url::Url::host_str))
    }

    /// Its name for people.
    pub fn name(&self) -> &str {
        &self.plan.name
    }

    /// Whether it can be asked without showing a page.
    pub fn can_be_silent(&self) -> bool {
        self.plan.kind.ways().silent
    }

    /// Whether it can be asked to show the choice of accounts.
    pub fn can_choose(&self) -> bool {
        !self.plan.kind.ways().choose.is_empty()
    }

    /// The issuer as it names an identity here. Services without one are named by where they are.
    pub fn issuer(&self) -> String {
        if let Some(issuer) = &self.plan.issuer {
            return issuer.clone();
        }
        if let Some(issuer) = self.plan.kind.ways().issuer {
            return issuer.to_owned();
        }
        // Two services may live on one host.
        let place = self.plan.urls.authorize_url.as_ref();
        place.map(|url| format!("{}{}", url.origin().ascii_serialization(), url.path())).unwrap_or_default()
    }

    /// When a secret that is itself a signed token runs out (Apple's, made by hand), in seconds
    /// since 1970.
    pub fn secret_expires(&self) -> Option<i64> {
        #[derive(serde::Deserialize)]
        struct Ends {
            exp: i64,
        }
        let Secret::Static(secret) = &self.plan.secret else {
            return None;
        };
        jsonwebtoken::dangerous::insecure_decode::<Ends>(secret.as_bytes())
            .map(|data| data.claims)
            .ok()
            .map(|ends| ends.exp)
    }

    /// Where forms of ours lead on the way to this provider, as sources of a content security policy.
    pub fn form_sources(&self) -> Vec<String> {
        let (ways, urls) = (self.plan.kind.ways(), &self.plan.urls);
        let learned = self.learned.try_read().ok().and_then(|learned| learned.as_ref()?.authorize.clone());
        let own = urls.authorize_url.clone().or(learned).or_else(|| urls.issuer.clone());
        let known = ways.authorize.and_then(|text| Url::parse(text).ok());
        let place = own.or(known).map(|url| url.origin().ascii_serialization());
        let at_home = self.plan.issuer.is_none() && urls.authorize_url.is_none();
        let further = ways.form_sources.iter().filter(|_| at_home).map(|text| (*text).to_owned());
        place.into_iter().chain(further).chain(self.plan.form_origins.iter().cloned()).collect()
    }

    /// The status feed, when there is one.
    pub fn status_url(&self) -> Option<Url> {
        if let Some(url) = &self.plan.urls.status_url {
            return Some(url.clone());
        }
        // A stand-in's health says nothing of the real one's.
        let replaced = self.plan.issuer.is_some() || self.plan.urls.token_url.is_some();
        self.plan.kind.ways().status.filter(|_| !replaced).and_then(|text| Url::parse(text).ok())
    }
}

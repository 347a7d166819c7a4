//! The kinds of providers: each named one is a small file with its differences only.

mod apple;
mod google;
mod line;
mod plain;
mod x;
mod yahoo_japan;

/// What a provider speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Google.
    Google,
    /// Apple.
    Apple,
    /// X, by OAuth 2.0.
    X,
    /// Yahoo! JAPAN, YConnect v2.
    YahooJapan,
    /// LINE, v2.1.
    Line,
    /// Any OpenID Connect issuer.
    #[default]
    Oidc,
    /// Any OAuth 2.0 service with a profile endpoint.
    OAuth2,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Google, Self::Apple, Self::X, Self::YahooJapan, Self::Line, Self::Oidc, Self::OAuth2];

    /// The name in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Apple => "apple",
            Self::X => "x",
            Self::YahooJapan => "yahoo_japan",
            Self::Line => "line",
            Self::Oidc => "oidc",
            Self::OAuth2 => "oauth2",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// What the service calls itself, when it is a named one.
    pub const fn own_name(self) -> Option<&'static str> {
        match self {
            Self::Google => Some("Google"),
            Self::Apple => Some("Apple"),
            Self::X => Some("X"),
            Self::YahooJapan => Some("Yahoo! JAPAN"),
            Self::Line => Some("LINE"),
            Self::Oidc | Self::OAuth2 => None,
        }
    }

    pub(crate) const fn ways(self) -> &'static Ways {
        match self {
            Self::Google => &google::WAYS,
            Self::Apple => &apple::WAYS,
            Self::X => &x::WAYS,
            Self::YahooJapan => &yahoo_japan::WAYS,
            Self::Line => &line::WAYS,
            Self::Oidc => &plain::OIDC,
            Self::OAuth2 => &plain::OAUTH2,
        }
    }
}

/// How the client proves itself at the token endpoint (RFC 6749 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientProof {
    /// `Authorization: Basic`.
    Basic,
    /// In the body.
    Post,
}

/// Who signs the ID token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdToken {
    /// The provider, with one of its published keys.
    Published,
    /// The client's secret is the key (HS256).
    Shared,
    /// There is none.
    None,
}

/// When the profile endpoint is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Never.
    Never,
    /// When the ID token tells no address.
    WithoutEmail,
    /// Always: it alone says who it is, or what the address is.
    Always,
}

/// How a kind gives refresh tokens.
#[derive(Debug)]
pub(crate) struct Offline {
    /// The scope that asks for one.
    pub(crate) scope: Option<&'static str>,
    /// What asks for one beside it.
    pub(crate) query: &'static [(&'static str, &'static str)],
    /// Whether it wants to show what is agreed to before it gives one (OpenID Connect Core 11).
    pub(crate) consent: bool,
    /// Days after which one has run out by itself, whatever the person wants.
    pub(crate) days: Option<i64>,
}

impl Offline {
    /// One comes with every exchange.
    pub(crate) const ALWAYS: Self = Self { scope: None, query: &[], consent: false, days: None };
}

/// How a kind differs. What is `None` comes from settings or from discovery.
#[derive(Debug)]
pub(crate) struct Ways {
    pub(crate) issuer: Option<&'static str>,
    pub(crate) authorize: Option<&'static str>,
    pub(crate) token: Option<&'static str>,
    pub(crate) profile_url: Option<&'static str>,
    pub(crate) jwks: Option<&'static str>,
    pub(crate) status: Option<&'static str>,
    pub(crate) scopes: &'static [&'static str],
    pub(crate) proof: ClientProof,
    pub(crate) form_post: bool,
    pub(crate) id_token: IdToken,
    pub(crate) profile: Profile,
    pub(crate) pkce: bool,
    /// Sent with every request.
    pub(crate) always: &'static [(&'static str, &'static str)],
    /// Sent to be shown the choice of accounts.
    pub(crate) choose: &'static [(&'static str, &'static str)],
    /// Sent to sign in there anew.
    pub(crate) afresh: &'static [(&'static str, &'static str)],
    /// Sent when signing in by itself failed.
    pub(crate) by_hand: &'static [(&'static str, &'static str)],
    /// Whether `prompt=none` is understood.
    pub(crate) silent: bool,
    /// Whether its word that an address is verified counts.
    pub(crate) vouches_for_email: bool,
    /// Where its own pages send people on before they come back, besides the authorization endpoint's origin.
    pub(crate) form_sources: &'static [&'static str],
    /// Other names under which the issuer signs.
    pub(crate) issuer_aliases: &'static [&'static str],
    pub(crate) offline: Offline,
}

impl Ways {
    /// What most OpenID providers do.
    pub(crate) const USUAL: Self = Self {
        issuer: None,
        authorize: None,
        token: None,
        profile_url: None,
        jwks: None,
        status: None,
        scopes: &["openid", "profile", "email"],
        proof: ClientProof::Basic,
        form_post: false,
        id_token: IdToken::Published,
        profile: Profile::WithoutEmail,
        pkce: true,
        always: &[],
        choose: &[("prompt", "select_account")],
        afresh: &[("prompt", "login")],
        by_hand: &[],
        silent: true,
        vouches_for_email: true,
        form_sources: &[],
        issuer_aliases: &[],
        offline: Offline::ALWAYS,
    };
}

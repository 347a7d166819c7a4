//! One request, understood: who sent it, in which language, with which cookies.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
};

use axum::extract::FromRequestParts;
use http::{HeaderMap, Method, Uri, header, request::Parts};
use kagiya_domain::{Evidence, Timestamp, browser::Browser, destination::Destination, session::EndReason};
use kagiya_flows::{
    Fault, Visitor,
    session::{self, Found, Live},
    sign_in::device_key,
    visible::visible,
};
use kagiya_text::Lang;
use uuid::Uuid;

pub(crate) use crate::server::headers::header_text;
use crate::{
    Web,
    request::{
        cookies::{self, Census, Cookie},
        door::{Banner, Door},
        request_signals,
    },
};

/// LINE opens a link outside itself when it says so.
pub(crate) const LINE_MARK: &str = "openExternalBrowser";

/// The peer of a connection, put into every request by the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// What a handler needs of its request.
pub(crate) struct Context {
    pub(crate) web: Arc<Web>,
    pub(crate) visitor: Visitor,
    pub(crate) headers: HeaderMap,
    pub(crate) method: Method,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) now: Timestamp,
    /// The flow cookie's value: the one that came, or a new one to set.
    pub(crate) flow_cookie: [u8; 16],
    /// When the page says what is wrong with the service.
    pub(crate) banner: Banner,
    /// Where this request came to, for the language switch.
    pub(crate) path: String,
    /// The connection's other end, before any forwarded header.
    pub(crate) peer: Option<IpAddr>,
    /// The cookies that came.
    pub(crate) census: Census,
    /// Whose session runs, once it was looked at: every form of the page names it.
    pub(crate) account: OnceLock<Uuid>,
    /// For whom the submitted form's page was made.
    pub(crate) form_account: Option<[u8; 8]>,
    lang_query: bool,
}

/// The tokens of a request: the session cookies', or the bearer's (RFC 6750 2.1).
pub(crate) fn tokens<'h>(web: &Web, headers: &'h HeaderMap) -> impl Iterator<Item = &'h str> {
    let bearer = header_text(headers, header::AUTHORIZATION)
        .and_then(|value| value.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("bearer ")).and(value.get(7..)))
        .map(str::trim);
    bearer.into_iter().chain(Cookie::Session.values(headers, &web.app.settings.public_url)).take(16)
}

impl FromRequestParts<Arc<Web>> for Context {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Infallible> {
        Ok(Self::open(Arc::clone(web), parts))
    }
}

/// Whether a proxy handed a request on, or a page of another name than this machine's made it.
fn comes_from_elsewhere(headers: &HeaderMap) -> bool {
    const HANDED_ON: [&str; 6] =
        ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];
    let origin = header_text(headers, header::ORIGIN).filter(|origin| origin.contains("://"));
    let host = origin.and_then(|origin| Some(origin.parse::<Uri>().ok()?.host()?.trim_matches(['[', ']']).to_owned()));
    let is_here =
        |host: &String| host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    HANDED_ON.iter().any(|name| headers.contains_key(*name)) || host.is_some_and(|host| !is_here(&host))
}

impl Context {
    pub(crate) fn open(web: Arc<Web>, parts: &Parts) -> Self {
        let app = &web.app;
        let url = &app.settings.public_url;
        let headers = parts.headers.clone();
        let query: Vec<(String, String)> = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .take(50)
            // Pages show some of it again.
            .map(|(name, value)| (name.into_owned(), visible(&value)))
            .collect();
        let lang_query = query.iter().find(|(name, _)| name == "lang").and_then(|(_, value)| Lang::parse(value));
        let lang = lang_query
            .or_else(|| Cookie::Lang.values(&headers, url).find_map(Lang::parse))
            .or_else(|| header_text(&headers, header::ACCEPT_LANGUAGE).and_then(Lang::accepted))
            .unwrap_or_default();
        let came = Cookie::Flow.values(&headers, url).find_map(cookies::decode16);
        let flow_cookie = came.unwrap_or_else(|| app.random());
        let device = Cookie::Device.values(&headers, url).find_map(|value| cookies::read_device(app, value));
        let mut browser = Browser::parse(header_text(&headers, header::USER_AGENT).unwrap_or_default());
        let census = Census::of(&headers, &app.settings.legacy_cookies);
        let (signs, trace) =
            request_signals::of_request(&headers, &parts.method, parts.version, &browser, &census, &app.settings);
        browser.trace = trace;
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.ip());
        if app.settings.mail_page && comes_from_elsewhere(&headers) {
            app.letters.close();
        }
        let visitor = Visitor {
            address: peer.map(|peer| client_address(peer, &headers, &web)),
            browser,
            browser_key: Some(app.keys.digest16("browser", &[&flow_cookie])),
            cookie_came: came.is_some(),
            device,
            device_key: device.map(|device| device_key(app, &device)),
            lang,
            signs,
            repairs: Vec::new(),
            build: Some(web.build_name.clone()),
            refused_before: 0,
            reads: matches!(parts.method, Method::GET | Method::HEAD),
            old_sessions: tokens(&web, &headers).filter_map(session::token_hash).collect(),
        };
        Self {
            now: app.now(),
            visitor,
            headers,
            method: parts.method.clone(),
            query,
            flow_cookie,
            banner: parts.extensions.get::<Door>().map_or(Banner::Always, |door| door.banner),
            path: parts.uri.path().to_owned(),
            peer: peer.map(|peer| peer.to_canonical()),
            lang_query: lang_query.is_some(),
            census,
            account: OnceLock::new(),
            form_account: None,
            web,
        }
    }

    /// The value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is a flow's key.
    pub(crate) fn flow_query(&self) -> Option<uuid::Uuid> {
        self.query("flow").and_then(|text| uuid::Uuid::parse_str(text).ok())
    }

    /// The destination in the query, if it is one of ours.
    pub(crate) fn return_to(&self) -> Destination {
        self.query("return_to").map_or(Destination::Home, Destination::parse)
    }

    pub(crate) fn lang(&self) -> Lang {
        self.visitor.lang
    }

    /// This page as a path with its query, for showing it again in another language.
    pub(crate) fn here(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.query.iter().filter(|(name, _)| name != "lang"));
        let query = query.finish();
        if query.is_empty() { self.path.clone() } else { format!("{}?{query}", self.path) }
    }

    /// The address of this page for another browser: whole, and without LINE's mark.
    pub(crate) fn address(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.query.iter().filter(|(name, _)| name != LINE_MARK));
        let query = query.finish();
        let joint = if query.is_empty() { "" } else { "?" };
        format!("{}{}{joint}{query}", self.web.app.settings.public_url.origin, self.path)
    }

    /// The message of that key.
    pub(crate) fn say(&self, key: &str) -> String {
        self.web.app.words.get(self.lang(), key)
    }

    /// The running session of the request. Of several cookies the one that validates wins.
    pub(crate) async fn session(&self) -> Result<Sessions, Fault> {
        let mut ended = None;
        let mut stale = false;
        for value in Cookie::Session.values(&self.headers, &self.web.app.settings.public_url).take(16) {
            match session::check(&self.web.app, value, self.now).await? {
                Found::Live(live) => {
                    let _ = self.account.set(live.account_id);
                    return Ok(Sessions::Live(live));
                }
                Found::Ended(reason) => ended = Some(reason),
                Found::Unknown => stale = true,
            }
        }
        Ok(match ended {
            Some(reason) => Sessions::Ended(reason),
            None if stale => Sessions::Stale,
            None => Sessions::None,
        })
    }

    /// Cookies that every page sets when they are missing.
    pub(crate) fn set_cookies(&self, to: &mut HeaderMap) {
        let url = &self.web.app.settings.public_url;
        if !self.visitor.cookie_came {
            to.append(header::SET_COOKIE, Cookie::Flow.set(&cookies::encode(&self.flow_cookie), None, url));
        }
        if self.lang_query {
            to.append(header::SET_COOKIE, Cookie::Lang.set_long(self.lang().as_str(), url));
        }
    }

    /// What the request's session cookies show against a sign-in, besides what is seen at once.
    pub(crate) async fn session_signs(&self) -> Vec<Evidence> {
        // A database that fails is told by the act itself.
        match self.session().await {
            Ok(Sessions::Ended(why)) => vec![Evidence::EndedSession { why }],
            Ok(Sessions::Stale) if !self.visitor.signs.contains(&Evidence::MalformedSession) => {
                vec![Evidence::UnknownSession]
            }
            Ok(Sessions::Stale | Sessions::Live(_) | Sessions::None) | Err(_) => Vec::new(),
        }
    }

    /// Whether any cookie of ours is there twice, broken, or of an earlier version.
    pub(crate) fn is_cluttered(&self) -> bool {
        self.visitor.signs.iter().any(|sign| {
            matches!(
                sign,
                Evidence::DuplicateCookie { .. } | Evidence::MalformedSession | Evidence::LegacyCookie { .. }
            )
        })
    }

    /// Removes what is cluttered: every scope of the names but our own.
    pub(crate) fn prune(&self, to: &mut HeaderMap) {
        let settings = &self.web.app.settings;
        let url = &settings.public_url;
        let mut names: Vec<&str> = self.census.duplicates(url).map(|(name, _)| name).collect();
        names.extend(self.census.legacy(url, &settings.legacy_cookies));
        if self.visitor.signs.contains(&Evidence::MalformedSession) {
            names.push(Cookie::Session.name(url));
        }
        names.sort_unstable();
        names.dedup();
        for value in cookies::expire_scopes(&names, &self.path, cookies::PRUNING, url) {
            to.append(header::SET_COOKIE, value);
        }
    }

    /// Whether the last mails may be read: this machine alone asks, by its own name. A page elsewhere may have a name of
    /// its own point here.
    pub(crate) fn shows_mail(&self) -> bool {
        let app = &self.web.app;
        let host = header_text(&self.headers, header::HOST);
        let own = host.is_some() && host == app.settings.public_url.origin.split_once("://").map(|(_, name)| name);
        let here = self.peer.is_some_and(|peer| peer.is_loopback()) && !self.through_trusted_proxy();
        app.settings.mail_page && own && here && !app.letters.is_closed()
    }

    /// Whether the connection's other end is a proxy whose word counts.
    pub(crate) fn through_trusted_proxy(&self) -> bool {
        self.peer.is_some_and(|peer| self.web.trusted_proxies.iter().any(|net| net.contains(&peer)))
    }

    /// What `Origin` and `Sec-Fetch-Site` say of where this request was made.
    pub(crate) fn site(&self) -> Site {
        if let Some(site) = header_text(&self.headers, "sec-fetch-site") {
            return match site {
                "same-origin" => Site::Same,
                // Typed into the address bar, or a bookmark: no site made it.
                "none" => Site::Unknown,
                _ => Site::Cross,
            };
        }
        match header_text(&self.headers, header::ORIGIN) {
            Some("null") | None => Site::Unknown,
            Some(origin) if origin.eq_ignore_ascii_case(&self.web.app.settings.public_url.origin) => Site::Same,
            Some(_) => Site::Cross,
        }
    }
}

/// Where a request was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// On a page of ours: the browser says so.
    Same,
    /// The client does not say.
    Unknown,
    /// On another site.
    Cross,
}

/// The session cookies of a request, taken together.
#[derive(Clone, Debug)]
pub(crate) enum Sessions {
    /// One of them is running.
    Live(Arc<Live>),
    /// None runs, and of one it is known why.
    Ended(EndReason),
    /// They are none of ours, or too old to be known.
    Stale,
    /// There are none.
    None,
}

/// The client's address: the peer's, or what a trusted proxy says. Read from the right, the
/// first address that is no trusted proxy is the client's; what stands left of it is hearsay.
fn client_address(peer: IpAddr, headers: &HeaderMap, web: &Web) -> IpAddr {
    let trusted = |address: IpAddr| web.trusted_proxies.iter().any(|net| net.contains(&address.to_canonical()));
    let mut client = peer.to_canonical();
    if !trusted(client) {
        return client;
    }
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let text = hop.trim();
        let parsed = text.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
        let Ok(address) = parsed else {
            break;
        };
        client = address.to_canonical();
        if !trusted(client) {
            break;
        }
    }
    client
}

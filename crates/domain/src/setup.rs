//! The operator's own mistakes that look like faults of a browser.

use serde::{Deserialize, Serialize};

macro_rules! faults {
    ($($variant:ident $name:literal $key:literal $doc:literal $advice:literal,)*) => {
        /// What is wrong with the set-up, as real requests show it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum SetupFault {
            $(#[doc = $doc] $variant,)*
        }

        impl SetupFault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the database, in logs and in `kagiya doctor`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The name of the fact.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)* }
            }

            /// What it is, for the operator.
            pub const fn what(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }

            /// What the operator should do.
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)* }
            }
        }
    };
}

faults! {
    PlainHttp "plain_http" "setup_plain_http"
        "The public URL is https, but people arrive by plain http."
        "let the proxy redirect http to https, and send X-Forwarded-Proto: https",
    ProxyUntrusted "proxy_untrusted" "setup_proxy_untrusted"
        "Forwarded headers come from an address that is no trusted proxy, and are ignored."
        "set trusted_proxy to the proxy's address",
    WrongScheme "wrong_scheme" "setup_wrong_scheme"
        "The trusted proxy forwards another scheme than the public URL's."
        "let the proxy send X-Forwarded-Proto with the scheme that the browser used",
    WrongHost "wrong_host" "setup_wrong_host"
        "People reach this server under another host than the public URL's."
        "set public_url to the host that members type, or let the proxy pass Host on",
    KeysDiffer "keys_differ" "setup_keys_differ"
        "Another server of this database has other keys."
        "give every server the same keys file",
    ClockOff "clock_off" "setup_clock_off"
        "This server's clock differs from most browsers' or from the database's."
        "let the system keep its clock by NTP",
    CookieScope "cookie_scope" "setup_cookie_scope"
        "An app behind this server sends signed-in people back to sign in: the session does not reach it."
        "serve the app under the public URL's host, or let its proxy ask /auth/check with the cookies",
    ProviderRefuses "provider_refuses" "setup_provider_refuses"
        "An external provider refuses this service: its client, secret or redirect URL is wrong."
        "compare client_id, secret and redirect URL with what the provider has; a key there may have run out",
    ProviderSecret "provider_secret" "setup_provider_secret"
        "The secret for an external provider runs out within thirty days."
        "make a new one there, or give the key itself: then a secret is signed for every call",
    ProviderTickets "provider_tickets" "setup_provider_tickets"
        "An external provider refuses nearly every ticket of this service."
        "check the clock, the redirect URL and whether another server shares the client",
    JobBroke "job_broke" "setup_job_broke"
        "Something that runs by itself broke and was begun anew."
        "see the log at that time, and report it with the version",
}

impl SetupFault {
    /// The fault of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.name() == name)
    }
}

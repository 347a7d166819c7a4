//! Dialects: what the codes and phrases of each provider mean, as data (`dialects/`), one file for each.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::{class::Class, kinds::Kind};

/// Where an answer was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Brought by the browser (RFC 6749 4.1.2.1).
    Authorize,
    /// The token endpoint (RFC 6749 5.2).
    Token,
    /// The profile endpoint (RFC 6750 3).
    Profile,
}

/// One way of saying something: what is not named may be anything.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Say {
    at: Option<Place>,
    /// Codes, in small letters.
    #[serde(default)]
    code: Vec<String>,
    /// Phrases of the description, in small letters: one of them stands in it as whole words.
    #[serde(default)]
    words: Vec<String>,
    /// Phrases that must not stand there.
    #[serde(default)]
    never: Vec<String>,
    class: Class,
    /// Nobody else says it like this: it is understood from anybody.
    #[serde(default)]
    everywhere: bool,
}

impl Say {
    fn fits(&self, place: Place, code: &str, words: &str) -> bool {
        self.at.is_none_or(|at| at == place)
            && (self.code.is_empty() || self.code.iter().any(|known| known == code))
            && (self.words.is_empty() || self.words.iter().any(|known| holds(words, known) || holds(code, known)))
            && !self.never.iter().any(|never| holds(words, never))
    }
}

/// Whether a phrase stands in a text as whole words.
fn holds(text: &str, phrase: &str) -> bool {
    let ends = |rest: Option<char>| rest.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(phrase).any(|(at, found)| {
        let (before, after) = (text.get(..at), text.get(at + found.len()..));
        ends(before.and_then(|text| text.chars().next_back())) && ends(after.and_then(|text| text.chars().next()))
    })
}

/// How one provider speaks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dialect {
    /// What it is called.
    name: String,
    /// Kinds of settings that speak it.
    #[serde(default)]
    kinds: Vec<String>,
    /// Hosts, with all below them.
    #[serde(default)]
    hosts: Vec<String>,
    /// Where it is written down.
    source: String,
    /// Whether it was compared with its source.
    verified: bool,
    #[serde(default)]
    say: Vec<Say>,
}

macro_rules! dialects {
    ($($name:literal)*) => {
        /// Each file, and what stands in it.
        const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../dialects/", $name, ".toml")))),*];
    };
}

// The standards are read last: what a provider says otherwise comes first.
dialects! {
    "google" "apple" "x" "yahoo_japan" "line" "microsoft" "github" "facebook" "instagram" "linkedin" "discord" "twitch"
    "amazon" "slack" "gitlab" "spotify" "keycloak" "okta" "auth0" "cognito" "adfs" "kakao" "naver" "rakuten" "d_account"
    "mixi" "oauth"
}

static DIALECTS: LazyLock<Vec<Dialect>> = LazyLock::new(|| {
    let read = |(name, text): &(&str, &str)| match toml::from_str(text) {
        Ok(dialect) => Some(dialect),
        Err(error) => {
            // They are part of the program; a test reads them all.
            tracing::error!(name, %error, "a dialect cannot be read");
            None
        }
    };
    FILES.iter().filter_map(read).collect()
});

/// The dialect that a provider speaks, and with it the standards.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tongue(Option<&'static Dialect>);

impl Tongue {
    /// By the kind of the settings, or by the host that is asked.
    pub(crate) fn of(kind: Kind, host: Option<&str>) -> Self {
        let below =
            |host: &str, known: &str| host == known || host.strip_suffix(known).is_some_and(|rest| rest.ends_with('.'));
        let by_kind = DIALECTS.iter().find(|dialect| dialect.kinds.iter().any(|known| known == kind.as_str()));
        let by_host =
            || DIALECTS.iter().find(|d| host.is_some_and(|host| d.hosts.iter().any(|known| below(host, known))));
        Self(by_kind.or_else(by_host))
    }

    /// Which dialect that is, and where it is written down: for whoever adds a code to it.
    pub fn describe(self) -> String {
        let known = self.0.or_else(|| DIALECTS.last());
        let word = |known: &Dialect| if known.verified { "" } else { ", not compared yet" };
        known.map(|known| format!("{} ({}{})", known.name, known.source, word(known))).unwrap_or_default()
    }

    /// What a code and its description mean there.
    pub fn classify(self, place: Place, code: &str, words: &str) -> Class {
        // Some write capitals (LINE, Okta).
        let (code, words) = (code.to_ascii_lowercase(), words.to_lowercase());
        let fits = |say: &&Say| say.fits(place, &code, &words);
        let own = self.0.and_then(|dialect| dialect.say.iter().find(fits));
        let anybodys = || DIALECTS.iter().flat_map(|d| &d.say).filter(|say| say.everywhere).find(fits);
        let standard = || DIALECTS.last().and_then(|dialect| dialect.say.iter().find(fits));
        own.or_else(anybodys).or_else(standard).map_or(Class::Unknown, |say| say.class)
    }
}

/// Codes and phrases of any provider that stand in a text which somebody read: whose they are, and what they mean
/// there. A code that is one plain word, or a number, is no sign by itself; the standards are asked last.
pub fn heard(text: &str) -> Vec<(&'static str, Class)> {
    let text = text.to_lowercase();
    let telling = |code: &&String| {
        let letters = code.chars().any(|c| !c.is_ascii_digit());
        letters && (code.contains(['_', ' ']) || code.chars().any(|c| c.is_ascii_digit()))
    };
    let stands = |those: &[String]| those.is_empty() || those.iter().filter(telling).any(|one| holds(&text, one));
    let codes =
        |say: &&Say| stands(&say.code) && stands(&say.words) && !say.never.iter().any(|never| holds(&text, never));
    let all = DIALECTS.iter().filter_map(|known| Some((known.name.as_str(), known.say.iter().find(codes)?.class)));
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_can_be_read_and_every_provider_that_is_promised_has_one() {
        assert_eq!(DIALECTS.len(), FILES.len());
        for dialect in DIALECTS.iter() {
            assert!(dialect.source.contains('.') || dialect.source.starts_with("RFC"), "{}", dialect.name);
            for say in &dialect.say {
                assert!(!say.code.is_empty() || !say.words.is_empty(), "{}: says nothing", dialect.name);
                let small = |text: &String| *text == text.to_lowercase();
                assert!(say.code.iter().chain(&say.words).chain(&say.never).all(small), "{}: {say:?}", dialect.name);
            }
        }
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/dialects")).unwrap().count();
        assert_eq!(files, FILES.len(), "a file that is not read");
    }

    #[test]
    fn phrases_are_whole_words() {
        assert!(holds("aadsts90094: the grant requires", "aadsts90094"));
        assert!(!holds("aadsts900944: another", "aadsts90094"));
        assert!(holds("the code, expired.", "expired") && !holds("unexpired", "expired"));
    }

    #[test]
    fn each_says_it_in_its_own_way() {
        use Class as C;
        use Place::{Authorize, Profile, Token};
        let entra = Tongue::of(Kind::Oidc, Some("login.microsoftonline.com"));
        let own = Tongue::of(Kind::Oidc, Some("id.example.jp"));
        let club = Tongue::of(Kind::OAuth2, Some("graph.facebook.com"));
        let okta = Tongue::of(Kind::Oidc, Some("dev-1.okta.com"));
        for (tongue, place, code, words, class) in [
            (entra, Authorize, "access_denied", "AADSTS65004: The resource owner denied", C::Denied),
            (entra, Authorize, "access_denied", "AADSTS90094: The grant requires admin permission.", C::Policy),
            (own, Authorize, "access_denied", "AADSTS90094: The grant requires admin permission.", C::Policy),
            (
                entra,
                Token,
                "invalid_grant",
                "AADSTS54005: OAuth2 Authorization code was already redeemed",
                C::TicketUsed,
            ),
            (entra, Token, "invalid_grant", "AADSTS70008: The provided code has expired", C::TicketLate),
            (entra, Token, "invalid_client", "AADSTS7000222: The provided client secret keys are expired.", C::Ours),
            (entra, Authorize, "interaction_required", "AADSTS50076: you must use multi-factor", C::WantsAct),
            (entra, Token, "invalid_grant", "AADSTS50057: The user account is disabled.", C::Frozen),
            (own, Token, "bad_verification_code", "", C::Ticket),
            (own, Token, "invalid_grant", "The code has already been used.", C::TicketUsed),
            (own, Token, "invalid_grant", "Authorization code expired", C::TicketLate),
            (own, Token, "invalid_grant", "redirect_uri does not match", C::Ours),
            (own, Token, "invalid_grant", "the code is invalid, expired or of another redirect_uri", C::Ticket),
            (own, Token, "invalid_grant", "the code is wrong or the redirect_uri does not match", C::Ticket),
            (own, Token, "invalid_grant", "the code is expired or has been used", C::Ticket),
            (own, Token, "invalid_grant", "", C::Ticket),
            (own, Token, "invalid_grant", "Account is not fully set up", C::WantsAct),
            (club, Profile, "190/458", "", C::WantsConsent),
            (club, Profile, "190/459", "", C::Frozen),
            (own, Profile, "190/458", "", C::Unknown),
            (okta, Authorize, "access_denied", "User is not assigned to the client application.", C::Policy),
            (okta, Token, "E0000047", "API call exceeded rate limit", C::Trouble),
            (Tongue::of(Kind::Line, None), Authorize, "ACCESS_DENIED", "", C::Denied),
            (
                Tongue::of(Kind::X, None),
                Token,
                "invalid_request",
                "Value passed for the authorization code was invalid.",
                C::Ticket,
            ),
            (own, Authorize, "moon_phase_unsuitable", "", C::Unknown),
        ] {
            assert_eq!(tongue.classify(place, code, words), class, "{code} {words}");
        }
    }
}

//! The way to the provider (OpenID Connect Core 3.1.2.1, RFC 7636).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    answer::{Endpoint, Failure},
    kinds::IdToken,
    provider::Provider,
};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked<'a> {
    /// Comes back with the answer.
    pub state: &'a str,
    /// Comes back in the ID token.
    pub nonce: &'a str,
    /// What only we can show at the exchange.
    pub verifier: &'a str,
    /// Where the answer goes.
    pub redirect_uri: &'a str,
    /// `ja` or `en`.
    pub lang: &'a str,
    /// Show the choice of accounts.
    pub choose: bool,
    /// Sign in there anew.
    pub afresh: bool,
    /// Show no page.
    pub silent: bool,
    /// Do not sign in by itself.
    pub by_hand: bool,
    /// A refresh token is wanted, and none is there yet.
    pub consent: bool,
}

impl Provider {
    /// The address to send the browser to.
    ///
    /// # Errors
    /// When the provider has to be asked where that is, and does not answer.
    pub async fn authorize_url(&self, asked: &Asked<'_>) -> Result<Url, Failure> {
        let ways = self.plan.kind.ways();
        let mut url = self.places().await?.authorize.ok_or(Failure::Unknown(Endpoint::Discovery))?;
        let mut scopes = if self.plan.scopes.is_empty() { ways.scopes.join(" ") } else { self.plan.scopes.join(" ") };
        let offline = Some(&ways.offline).filter(|_| self.plan.keep_refresh_token);
        if let Some(scope) = offline.and_then(|offline| offline.scope)
            && !scopes.split(' ').any(|asked| asked == scope)
        {
            scopes = format!("{scopes} {scope}").trim_start().to_owned();
        }
        let mut prompts: Vec<(&str, &str)> = ways.always.to_vec();
        if asked.silent && ways.silent {
            prompts.push(("prompt", "none"));
        } else if asked.afresh {
            prompts.extend(ways.afresh);
        } else if asked.choose {
            prompts.extend(ways.choose);
        }
        if asked.by_hand {
            prompts.extend(ways.by_hand);
        }
        prompts.extend(offline.into_iter().flat_map(|offline| offline.query));
        // What is asked for by `prompt` stands in one list (OpenID Connect Core 3.1.2.1).
        let mut prompt: Vec<&str> =
            prompts.iter().filter(|(name, _)| *name == "prompt").map(|(_, text)| *text).collect();
        prompts.retain(|(name, _)| *name != "prompt");
        if asked.consent && !asked.silent && offline.is_some_and(|offline| offline.consent) {
            prompt.push("consent");
        }
        let prompt = prompt.join(" ");
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.plan.client_id)
            .append_pair("redirect_uri", asked.redirect_uri)
            .append_pair("state", asked.state);
        if !scopes.is_empty() {
            query.append_pair("scope", &scopes);
        }
        if ways.id_token != IdToken::None {
            query.append_pair("nonce", asked.nonce);
            query.append_pair("ui_locales", asked.lang);
        }
        if ways.pkce {
            query.append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(asked.verifier.as_bytes())));
            query.append_pair("code_challenge_method", "S256");
        }
        if ways.form_post {
            query.append_pair("response_mode", "form_post");
        }
        if !prompt.is_empty() {
            query.append_pair("prompt", &prompt);
        }
        for (name, value) in prompts {
            query.append_pair(name, value);
        }
        drop(query);
        Ok(url)
    }
}

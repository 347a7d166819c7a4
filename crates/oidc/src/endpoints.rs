//! Where a provider's endpoints are: by settings, by its own description, by what its kind is known for.

use std::sync::Arc;

use serde_json::Value;
use url::Url;

use crate::{
    answer::{Endpoint, Failure},
    discovery::Learned,
    jwt::TENANT,
    kinds::ClientProof,
    provider::Provider,
};

/// Where everything is.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) authorize: Option<Url>,
    pub(crate) token: Option<Url>,
    pub(crate) profile: Option<Url>,
    pub(crate) jwks: Option<Url>,
    pub(crate) names_itself: bool,
}

/// An issuer as it may be shown to the operator.
pub(crate) fn clean_issuer(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(200).collect()
}

impl Provider {
    /// Whether its own description is needed: a known kind at its usual place needs none.
    pub(crate) fn needs_discovery(&self) -> bool {
        let urls = &self.plan.urls;
        let signed = self.plan.kind.ways().id_token == crate::kinds::IdToken::Published;
        let complete = urls.authorize_url.is_some() && urls.token_url.is_some() && (urls.jwks_url.is_some() || !signed);
        self.plan.issuer.is_some() && !complete
    }

    /// Where everything is; asks the provider once.
    pub(crate) async fn places(&self) -> Result<Places, Failure> {
        let learned = if self.needs_discovery() { Some(self.learned().await?) } else { None };
        let (ways, urls) = (self.plan.kind.ways(), &self.plan.urls);
        // Elsewhere than usual, the usual places mean nothing.
        let at_home = learned.is_none() && self.plan.issuer.is_none();
        let usual = |text: Option<&str>| text.filter(|_| at_home).and_then(|text| Url::parse(text).ok());
        let pick = |own: &Option<Url>, told: Option<&Url>, known: Option<&str>| {
            own.clone().or_else(|| told.cloned()).or_else(|| usual(known))
        };
        let told = learned.as_deref();
        Ok(Places {
            authorize: pick(&urls.authorize_url, told.and_then(|l| l.authorize.as_ref()), ways.authorize),
            token: pick(&urls.token_url, told.and_then(|l| l.token.as_ref()), ways.token),
            profile: pick(&urls.userinfo_url, told.and_then(|l| l.profile.as_ref()), ways.profile_url),
            jwks: pick(&urls.jwks_url, told.and_then(|l| l.jwks.as_ref()), ways.jwks),
            names_itself: told.is_some_and(|l| l.names_itself),
        })
    }

    async fn learned(&self) -> Result<Arc<Learned>, Failure> {
        if let Some(learned) = self.learned.read().await.as_ref() {
            return Ok(Arc::clone(learned));
        }
        self.discover().await
    }

    /// Reads the provider's description. What was read before stays when it fails.
    pub(crate) async fn discover(&self) -> Result<Arc<Learned>, Failure> {
        let endpoint = Endpoint::Discovery;
        let issuer = self.issuer();
        let url = Url::parse(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))
            .map_err(|_| Failure::Unknown(endpoint))?;
        let told = self.client.get_json(endpoint, &url).await?;
        let named = told["issuer"].as_str().unwrap_or_default();
        // One description for many tenants names none of them: only where the settings say whose tokens are taken.
        let shared = named.contains(TENANT);
        if shared && self.plan.tenants.is_empty() {
            let words = "it serves many tenants; set tenants to the list of those that may sign in, or to [\"*\"]";
            return Err(Failure::Setup { key: "tenants", words: format!("{named}: {words}") });
        }
        // Exactly the same: OpenID Connect Discovery 4.3.
        if !shared && named != issuer {
            let words = format!("the settings say {issuer:?}, the provider calls itself {:?}", clean_issuer(named));
            tracing::error!(provider = self.id(), "issuer: {words}");
            return Err(Failure::Setup { key: "issuer", words });
        }
        let url = |name: &str| told[name].as_str().and_then(|text| Url::parse(text).ok());
        let learned = Arc::new(Learned {
            authorize: url("authorization_endpoint"),
            token: url("token_endpoint"),
            profile: url("userinfo_endpoint"),
            jwks: url("jwks_uri"),
            issuer: named.to_owned(),
            proofs: told["token_endpoint_auth_methods_supported"].as_array().map(|methods| {
                let read = |method: &Value| match method.as_str() {
                    Some("client_secret_basic") => Some(ClientProof::Basic),
                    Some("client_secret_post") => Some(ClientProof::Post),
                    _ => None,
                };
                methods.iter().filter_map(read).collect()
            }),
            names_itself: told["authorization_response_iss_parameter_supported"] == Value::Bool(true),
        });
        *self.learned.write().await = Some(Arc::clone(&learned));
        Ok(learned)
    }

    /// The issuer as it stands in tokens; with a place for the tenant where the provider serves many.
    pub(crate) async fn token_issuer(&self) -> Result<String, Failure> {
        if self.plan.tenants.is_empty() {
            return Ok(self.issuer());
        }
        Ok(self.learned().await?.issuer.clone())
    }

    /// Reads description and keys anew, so that no sign-in has to wait for them.
    ///
    /// # Errors
    /// When the provider cannot be read; what was read before stays in use.
    pub async fn refresh(&self, now: i64) -> Result<(), Failure> {
        if self.needs_discovery() {
            self.discover().await?;
        }
        if self.plan.kind.ways().id_token == crate::kinds::IdToken::Published {
            self.fetch_keys(now).await?;
        }
        Ok(())
    }
}

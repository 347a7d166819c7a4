//! Where a provider's endpoints are: by settings, by its own description, by what its kind is known for.

use std::sync::Arc;

use serde_json::Value;
use url::Url;

use crate::{
    answer::{Endpoint, Failure},
    learned::Learned,
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

impl Provider {
    /// Whether its own description is needed: a known kind at its usual place needs none.
    fn needs_discovery(&self) -> bool {
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
        // Exactly the same: OpenID Connect Discovery 4.3.
        if told["issuer"].as_str() != Some(issuer.as_str()) {
            return Err(Failure::Unreadable { endpoint, why: "for another issuer" });
        }
        let url = |name: &str| told[name].as_str().and_then(|text| Url::parse(text).ok());
        let learned = Arc::new(Learned {
            authorize: url("authorization_endpoint"),
            token: url("token_endpoint"),
            profile: url("userinfo_endpoint"),
            jwks: url("jwks_uri"),
            names_itself: told["authorization_response_iss_parameter_supported"] == Value::Bool(true),
        });
        *self.learned.write().await = Some(Arc::clone(&learned));
        Ok(learned)
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

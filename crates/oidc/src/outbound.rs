//! Calls to hosts that others name: webhooks, probes, copies elsewhere. Nothing inside is reached
//! unless the operator's settings lead there, no redirect is followed, everything is bounded.

use reqwest::Method;
use url::Url;

use crate::{
    client::Client,
    egress_policy::{Reach, leads_inward},
};

/// The way out.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: Client,
    reach: Reach,
}

impl Outbound {
    /// A way out that may also reach where these URLs stand.
    ///
    /// # Errors
    /// When the library cannot be set up.
    pub fn new(inward: &[Url]) -> Result<Self, String> {
        let reach = Reach::allowing(inward.iter());
        Ok(Self { client: Client::new(reach.clone())?, reach })
    }

    /// Whether a URL may be called, as far as it shows by itself.
    pub fn permits(&self, url: &Url) -> bool {
        self.reach.permits(url)
    }

    /// Whether a URL leads to this machine or one of its own networks, and is not named by the settings.
    pub fn leads_inward(&self, url: &Url) -> bool {
        leads_inward(url) && !self.reach.permits(url)
    }

    /// Sends a body; the status of the answer.
    ///
    /// # Errors
    /// Why there was no answer.
    pub async fn send(
        &self,
        method: &str,
        url: &Url,
        headers: &[(&str, String)],
        body: Vec<u8>,
    ) -> Result<u16, String> {
        Ok(self.exchange(method, url, headers, body).await?.0)
    }

    /// Sends a body; the status of the answer, and what it holds.
    ///
    /// # Errors
    /// Why there was no answer.
    pub async fn exchange(
        &self,
        method: &str,
        url: &Url,
        headers: &[(&str, String)],
        body: Vec<u8>,
    ) -> Result<(u16, Vec<u8>), String> {
        let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
        let mut request = self.client.request(method, url).map_err(|error| error.to_string())?;
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        if !body.is_empty() {
            request = request.body(body);
        }
        let answer = self.client.send(crate::Endpoint::Status, request).await.map_err(|error| error.to_string())?;
        Ok((answer.status, answer.body))
    }
}

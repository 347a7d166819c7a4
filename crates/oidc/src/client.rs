//! One HTTP client for each provider: no redirects, bounded in size and time, nothing inside.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use reqwest::{
    Method, RequestBuilder,
    header::{self, HeaderMap},
    redirect::Policy,
};
use tokio::time::Instant;
use url::Url;

use crate::{
    answer::{Endpoint, Failure},
    egress_policy::Reach,
};

/// Larger answers are not read.
const MOST: usize = 512 * 1_024;
const CONNECTING: Duration = Duration::from_secs(3);
const WHOLE: Duration = Duration::from_secs(8);

/// An HTTP client that goes where its [`Reach`] lets it.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    reach: Reach,
    /// The hour that the last answer named, in seconds since 1970, and when that was.
    hour: Arc<Mutex<Option<(i64, Instant)>>>,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn new(reach: Reach) -> Result<Self, String> {
        // Another part of the program may have chosen already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECTING)
            .timeout(WHOLE)
            .pool_idle_timeout(Duration::from_secs(30))
            .dns_resolver(Arc::new(reach.clone()))
            .user_agent("Kagiya")
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { http, reach, hour: Arc::default() })
    }

    /// By how many seconds the clock of whoever answered last is ahead of ours, which says `now`.
    pub(crate) fn ahead(&self, now: i64) -> Option<i64> {
        let (theirs, at) = (*self.hour.lock().unwrap_or_else(PoisonError::into_inner))?;
        let since = i64::try_from(at.elapsed().as_secs()).ok()?;
        Some(theirs.saturating_add(since).saturating_sub(now))
    }

    /// Looks at the hour of an answer (RFC 9110, 6.6.1). One that was kept on the way has its own.
    fn look_at_hour(&self, headers: &HeaderMap) {
        let date = headers.get(header::DATE).filter(|_| !headers.contains_key(header::AGE));
        let date = date.and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        let theirs = date.and_then(|date| date.duration_since(UNIX_EPOCH).ok());
        if let Some(theirs) = theirs.and_then(|theirs| i64::try_from(theirs.as_secs()).ok()) {
            *self.hour.lock().unwrap_or_else(PoisonError::into_inner) = Some((theirs, Instant::now()));
        }
    }

    /// Prepares a request.
    pub(crate) fn request(&self, method: Method, url: &Url) -> Result<RequestBuilder, Failure> {
        if !self.reach.permits(url) {
            return Err(Failure::Blocked(url.host_str().unwrap_or_default().to_owned()));
        }
        Ok(self.http.request(method, url.clone()))
    }

    /// Sends it and reads the answer within bounds.
    pub(crate) async fn send(&self, endpoint: Endpoint, request: RequestBuilder) -> Result<Read, Failure> {
        // The library's words name the URL, which may carry a secret.
        let fail = |error: reqwest::Error| Failure::Unreachable {
            endpoint,
            why: if error.is_timeout() { "timed out".to_owned() } else { error.without_url().to_string() },
        };
        let mut response = request.send().await.map_err(fail)?;
        let status = response.status().as_u16();
        self.look_at_hour(response.headers());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(fail)? {
            if body.len() + chunk.len() > MOST {
                return Err(Failure::Unreadable { endpoint, why: "more than 512 KiB" });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Read { status, body })
    }

    /// Gets a JSON document.
    pub(crate) async fn get_json(&self, endpoint: Endpoint, url: &Url) -> Result<serde_json::Value, Failure> {
        let read = self.send(endpoint, self.request(Method::GET, url)?).await?;
        if read.status != 200 {
            return Err(Failure::Answered { endpoint, status: read.status, code: String::new(), words: String::new() });
        }
        serde_json::from_slice(&read.body).map_err(|_| Failure::Unreadable { endpoint, why: "what is no JSON" })
    }
}

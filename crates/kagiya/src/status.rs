//! `[status]` of the settings: what the status page tells of besides ours, and where else it is told.

use std::path::{Path, PathBuf};

use kagiya_domain::component::OWN;
use kagiya_flows::{
    external::Providers,
    settings::{ByLang, NamedComponent},
};
use serde::Deserialize;

use crate::Failure;

/// `[status]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StatusSetting {
    /// Whether incidents that the server finds are published without staff.
    pub(crate) publish_by_itself: bool,
    /// Hosts inside to which webhooks may lead.
    webhook_hosts: Vec<String>,
    export: Option<Target>,
    components: Vec<ComponentSetting>,
    regions: Vec<Region>,
    news: Vec<News>,
}

/// Where copies of the status page go: a folder, or a bucket that speaks S3.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    pub(crate) folder: Option<PathBuf>,
    endpoint: Option<String>,
    bucket: Option<String>,
    region: Option<String>,
    access_key: Option<String>,
    secret_key_file: Option<PathBuf>,
    #[serde(default)]
    prefix: String,
}

/// A bucket, ready to be written to.
#[derive(Debug)]
pub(crate) struct Remote {
    pub(crate) bucket: rusty_s3::Bucket,
    pub(crate) credentials: rusty_s3::Credentials,
    pub(crate) prefix: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ComponentSetting {
    id: String,
    name: String,
    name_en: Option<String>,
    probe_url: Option<String>,
}

/// A region, by the networks that are in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Region {
    id: String,
    #[serde(deserialize_with = "crate::values::networks")]
    networks: Vec<ipnet::IpNet>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct News {
    name: String,
    name_en: Option<String>,
    url: String,
}

fn both(ja: &str, en: Option<&String>) -> ByLang {
    ByLang { ja: ja.to_owned(), en: en.map_or_else(|| ja.to_owned(), Clone::clone) }
}

impl StatusSetting {
    pub(crate) fn components(&self) -> Vec<NamedComponent> {
        let read = |setting: &ComponentSetting| NamedComponent {
            id: setting.id.clone(),
            name: both(&setting.name, setting.name_en.as_ref()),
            probe_url: setting.probe_url.clone(),
        };
        self.components.iter().map(read).collect()
    }

    /// Hosts inside to which webhooks may lead.
    pub(crate) fn webhook_hosts(&self) -> Vec<url::Url> {
        self.webhook_hosts.iter().filter_map(|text| url::Url::parse(text).ok()).collect()
    }

    /// Hosts that the settings themselves call.
    pub(crate) fn own_hosts(&self) -> Vec<url::Url> {
        let probes = self.components.iter().filter_map(|component| component.probe_url.as_ref());
        let bucket = self.export.iter().filter_map(|target| target.endpoint.as_ref());
        probes.chain(bucket).filter_map(|text| url::Url::parse(text).ok()).collect()
    }

    /// The file with the bucket's secret.
    pub(crate) fn secret_file(&self) -> Option<&PathBuf> {
        self.export.as_ref()?.secret_key_file.as_ref()
    }

    /// The folder into which the server writes copies.
    pub(crate) fn export_folder(&self, folder: &Path) -> Option<PathBuf> {
        self.export.as_ref()?.folder.as_ref().map(|path| folder.join(path))
    }

    /// The bucket into which it writes them.
    pub(crate) fn export_bucket(&self, folder: &Path) -> Result<Option<Remote>, Failure> {
        let wrong = |what: &str| Failure::Usage(format!("status.export: {what}"));
        let Some(target) = self.export.as_ref().filter(|target| target.folder.is_none()) else {
            return Ok(None);
        };
        let (Some(endpoint), Some(bucket), Some(access), Some(secret)) =
            (&target.endpoint, &target.bucket, &target.access_key, &target.secret_key_file)
        else {
            return Err(wrong("expected folder, or endpoint, bucket, access_key and secret_key_file"));
        };
        let url = url::Url::parse(endpoint).map_err(|_| wrong("endpoint: expected an https URL"))?;
        let path = folder.join(secret);
        let secret = std::fs::read_to_string(&path)
            .map_err(|error| wrong(&format!("secret_key_file: expected a file to read ({})", error.kind())))?;
        let region = target.region.clone().unwrap_or_else(|| "auto".to_owned());
        let bucket = rusty_s3::Bucket::new(url, rusty_s3::UrlStyle::Path, bucket.clone(), region)
            .map_err(|error| wrong(&format!("bucket: {error}")))?;
        let credentials = rusty_s3::Credentials::new(access.clone(), secret.trim().to_owned());
        Ok(Some(Remote { bucket, credentials, prefix: target.prefix.clone() }))
    }

    pub(crate) fn regions(&self) -> Vec<(String, Vec<ipnet::IpNet>)> {
        self.regions.iter().map(|region| (region.id.clone(), region.networks.clone())).collect()
    }

    pub(crate) fn news(&self) -> Vec<(ByLang, String)> {
        self.news.iter().map(|news| (both(&news.name, news.name_en.as_ref()), news.url.clone())).collect()
    }

    pub(crate) fn check(&self, providers: &Providers) -> Result<(), Failure> {
        let wrong = |what: String| Err(Failure::Usage(what));
        let mut seen: Vec<&str> = OWN.to_vec();
        seen.extend(providers.iter().map(|entry| entry.provider.id()));
        for component in &self.components {
            let id = component.id.as_str();
            if !is_id(id) {
                return wrong("status.components.id: expected an id of a-z, 0-9, - and _".into());
            }
            if seen.contains(&id) {
                return wrong("status.components.id: expected a name that no other component or provider has".into());
            }
            seen.push(id);
            if let Some(url) = &component.probe_url
                && !is_reachable(url)
            {
                return wrong("status.components.probe_url: expected an https URL, or http to a host inside".into());
            }
        }
        if self.regions.iter().any(|region| !is_id(&region.id)) {
            return wrong("status.regions.id: expected an id of a-z, 0-9, - and _".into());
        }
        if self.webhook_hosts.iter().any(|url| !is_web(url)) {
            return wrong("status.webhook_hosts: expected http or https URLs".into());
        }
        if self.news.iter().any(|news| !is_web(&news.url)) {
            return wrong("status.news.url: expected an http or https URL".into());
        }
        Ok(())
    }
}

fn is_id(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    (1..=40).contains(&text.len()) && text.bytes().all(fits)
}

fn is_web(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Plain http is for hosts inside.
fn is_reachable(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| match url.scheme() {
        "https" => url.has_host(),
        "http" => kagiya_oidc::egress_policy::leads_inward(&url),
        _ => false,
    })
}

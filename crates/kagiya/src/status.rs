//! `[status]` of the settings: what the status page tells of besides ours, and where else it is told.

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
    components: Vec<ComponentSetting>,
    news: Vec<News>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ComponentSetting {
    id: String,
    name: String,
    name_en: Option<String>,
    probe_url: Option<String>,
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

    /// Where calls may lead although it is inside.
    pub(crate) fn inward(&self) -> Vec<url::Url> {
        let probes = self.components.iter().filter_map(|component| component.probe_url.as_ref());
        self.webhook_hosts.iter().chain(probes).filter_map(|text| url::Url::parse(text).ok()).collect()
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
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
            if id.is_empty() || id.len() > 40 || !id.bytes().all(fits) {
                return wrong(format!("status.components: {id:?}: expected an id of a-z, 0-9, - and _"));
            }
            if seen.contains(&id) {
                return wrong(format!("status.components: there is a component {id:?} already"));
            }
            seen.push(id);
            if let Some(url) = &component.probe_url
                && !is_web(url)
            {
                return wrong(format!("status.components.probe_url: {url:?}: expected an http or https URL"));
            }
        }
        if let Some(url) = self.webhook_hosts.iter().find(|url| !is_web(url)) {
            return wrong(format!("status.webhook_hosts: {url:?}: expected an http or https URL"));
        }
        match self.news.iter().find(|news| !is_web(&news.url)) {
            Some(news) => wrong(format!("status.news.url: {:?}: expected an http or https URL", news.url)),
            None => Ok(()),
        }
    }
}

fn is_web(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

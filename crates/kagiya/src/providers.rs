//! `[[providers]]` of the settings: understood, with their secrets read.

use std::path::{Path, PathBuf};

use kagiya_flows::external::Providers;
use kagiya_oidc::{ClientProof, Kind, Overrides, Paths, Plan, Provider, Secret};
use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

use crate::Failure;

/// One entry.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProviderSetting {
    id: String,
    kind: String,
    name: Option<String>,
    client_id: String,
    client_secret_file: Option<PathBuf>,
    /// Apple: the developer team and the name of the key in `client_secret_file`.
    team_id: Option<String>,
    key_id: Option<String>,
    scopes: Vec<String>,
    issuer: Option<String>,
    authorize_url: Option<String>,
    token_url: Option<String>,
    userinfo_url: Option<String>,
    jwks_url: Option<String>,
    status_url: Option<String>,
    keep_refresh_token: bool,
    /// Where the profile says who it is, such as `data.0.id`.
    subject: Option<String>,
    /// Where it says the address.
    email: Option<String>,
    /// Where it says the name.
    display_name: Option<String>,
    /// `basic` or `post`; as the provider's own description says when it is left out.
    token_auth: Option<String>,
    /// Of an issuer that serves many tenants (Microsoft Entra), those that may sign in; `["*"]`: all.
    tenants: Vec<String>,
    /// Origins to which the provider's pages send people on before they come back.
    form_origins: Vec<String>,
}

impl ProviderSetting {
    /// The file with the client's secret.
    pub(crate) fn secret_file(&self) -> Option<&PathBuf> {
        self.client_secret_file.as_ref()
    }

    #[cfg(feature = "lab")]
    /// A stand-in of the practice town.
    #[expect(clippy::too_many_arguments, reason = "the settings of one provider")]
    pub(crate) fn practice(id: &str, kind: Kind, name: &str, town: &str, client_id: &str, secret: &Path) -> Self {
        Self {
            id: id.to_owned(),
            kind: kind.as_str().to_owned(),
            name: Some(name.to_owned()),
            client_id: client_id.to_owned(),
            client_secret_file: Some(secret.to_path_buf()),
            issuer: Some(format!("{town}/{id}")),
            authorize_url: Some(format!("{town}/{id}/authorize")),
            token_url: Some(format!("{town}/{id}/token")),
            userinfo_url: Some(format!("{town}/{id}/userinfo")),
            jwks_url: Some(format!("{town}/{id}/jwks")),
            status_url: Some(format!("{town}/{id}/status")),
            keep_refresh_token: true,
            ..Self::default()
        }
    }
}

/// Names under `/sign-in/` that are ours.
const RESERVED: [&str; 3] = ["reopen", "password", "unlock"];

/// Puts the providers together.
///
/// # Errors
/// The provider and the key that cannot be taken, and what was expected.
pub(crate) fn read(settings: &[ProviderSetting], folder: &Path) -> Result<Providers, Failure> {
    let mut providers: Vec<Provider> = Vec::new();
    for (place, setting) in settings.iter().enumerate() {
        if providers.iter().any(|other| other.id() == setting.id) {
            return Err(at(place, "id", "expected a name that no other provider has"));
        }
        providers.push(one(setting, folder).map_err(|(key, expected)| at(place, key, &expected))?);
    }
    Ok(Providers::new(providers))
}

/// The key of a setting and what was expected there. Never the value.
type Wrong = (&'static str, String);

fn wrong(key: &'static str, expected: &str) -> Wrong {
    (key, format!("expected {expected}"))
}

fn at(place: usize, key: &str, words: &str) -> Failure {
    Failure::Usage(format!("providers.{key} (entry {}): {words}", place + 1))
}

fn one(setting: &ProviderSetting, folder: &Path) -> Result<Provider, Wrong> {
    let id = &setting.id;
    let plain = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'));
    if id.is_empty() || id.len() > 32 || !plain || RESERVED.contains(&id.as_str()) {
        return Err(wrong("id", "up to 32 of a-z, 0-9, _ and -, as it stands in URLs"));
    }
    let named = if setting.kind.is_empty() { id } else { &setting.kind };
    let Some(kind) = Kind::parse(named) else {
        let kinds = Kind::ALL.map(Kind::as_str).join(", ");
        return Err(wrong("kind", &format!("one of {kinds}")));
    };
    if setting.client_id.is_empty() {
        return Err(wrong("client_id", "what the provider calls this service"));
    }
    let url = |key: &'static str, text: &Option<String>| -> Result<Option<Url>, Wrong> {
        let parse = |text: &String| Url::parse(text).map_err(|error| wrong(key, &format!("a URL ({error})")));
        text.as_ref().map(parse).transpose()
    };
    let urls = Overrides {
        issuer: url("issuer", &setting.issuer)?,
        authorize_url: url("authorize_url", &setting.authorize_url)?,
        token_url: url("token_url", &setting.token_url)?,
        userinfo_url: url("userinfo_url", &setting.userinfo_url)?,
        jwks_url: url("jwks_url", &setting.jwks_url)?,
        status_url: url("status_url", &setting.status_url)?,
    };
    let proof = match setting.token_auth.as_deref() {
        None => None,
        Some("basic") => Some(ClientProof::Basic),
        Some("post") => Some(ClientProof::Post),
        Some(_) => return Err(wrong("token_auth", "\"basic\" or \"post\"")),
    };
    let origin = |text: &String| {
        let url = Url::parse(&text.replace("://*.", "://any."));
        url.is_ok_and(|url| {
            url.scheme() == "https" && url.path() == "/" && url.query().is_none() && !text.contains([' ', ';', ','])
        })
    };
    if !setting.form_origins.iter().all(origin) {
        return Err(wrong("form_origins", "https origins, such as \"https://login.example.com\""));
    }
    let plan = Plan {
        id: id.clone(),
        kind,
        name: setting.name.clone().or(kind.own_name().map(str::to_owned)).unwrap_or_else(|| id.clone()),
        client_id: setting.client_id.clone(),
        secret: secret(setting, kind, folder)?,
        scopes: setting.scopes.clone(),
        urls,
        issuer: setting.issuer.clone(),
        keep_refresh_token: setting.keep_refresh_token,
        paths: Paths {
            subject: setting.subject.clone(),
            email: setting.email.clone(),
            name: setting.display_name.clone(),
        },
        proof,
        tenants: setting.tenants.clone(),
        form_origins: setting.form_origins.clone(),
    };
    Provider::new(plan)
}

fn secret(setting: &ProviderSetting, kind: Kind, folder: &Path) -> Result<Secret, Wrong> {
    let Some(path) = &setting.client_secret_file else {
        return match kind {
            Kind::X | Kind::Oidc | Kind::OAuth2 => Ok(Secret::None),
            Kind::Google | Kind::Apple | Kind::YahooJapan | Kind::Line => {
                Err(wrong("client_secret_file", "a file with the client's secret"))
            }
        };
    };
    let path = if path.is_absolute() { path.clone() } else { folder.join(path) };
    let text = std::fs::read_to_string(&path)
        .map_err(|error| wrong("client_secret_file", &format!("a file to read ({})", error.kind())))?;
    let text = Zeroizing::new(text);
    if text.trim().is_empty() {
        return Err(wrong("client_secret_file", "a file with a secret in it; it is empty"));
    }
    if !text.contains("-----BEGIN") {
        return Ok(Secret::Static(Zeroizing::new(text.trim().to_owned())));
    }
    match (&setting.team_id, &setting.key_id) {
        (Some(team), Some(key_id)) => {
            Ok(Secret::Signed { team: team.clone(), key_id: key_id.clone(), pem: Zeroizing::new(text.to_string()) })
        }
        _ => Err(wrong("team_id", "the developer team, with key_id, since the secret is a key")),
    }
}

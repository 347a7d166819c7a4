//! Mail leaves by SMTP, or lies down in a folder.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use kagiya_flows::mail::{
    compose::Letter,
    outbox::{Post, Posted},
};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    address::Envelope,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::AsyncSmtpTransportBuilder,
};
use url::Url;

use crate::outside::try_writing;

/// Where mail goes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum MailSetting {
    /// One `.eml` a mail.
    File(PathBuf),
    /// `smtp://` or `smtps://`.
    Smtp(String),
}

impl FromStr for MailSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err("file: wants a folder".into());
            }
            return Ok(Self::File(path.into()));
        }
        if text.starts_with("smtp://") || text.starts_with("smtps://") {
            builder(text, true)?;
            return Ok(Self::Smtp(text.to_owned()));
        }
        Err("expected file:DIR, smtp://user:pass@host:port or smtps://…".into())
    }
}

impl MailSetting {
    /// Whether a password stands in it.
    pub(crate) fn has_password(&self) -> bool {
        matches!(self, Self::Smtp(url) if Url::parse(url).is_ok_and(|url| url.password().is_some()))
    }

    /// Whether mail may go there.
    ///
    /// # Errors
    /// What was expected.
    pub(crate) fn check(&self, in_the_clear: bool) -> Result<(), String> {
        match self {
            Self::File(_) => Ok(()),
            Self::Smtp(url) => builder(url, in_the_clear).map(drop),
        }
    }
}

impl fmt::Display for MailSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
            // Never the password.
            Self::Smtp(url) => f.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for MailSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What may be shown of an SMTP URL.
fn without_password(url: &str) -> String {
    let Ok(url) = Url::parse(url) else {
        return "smtp://…".to_owned();
    };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

/// Whether the mail server is this machine: by its whole name or its address, not by how the name begins.
fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

type Smtp = AsyncSmtpTransport<Tokio1Executor>;

/// Only described here: the transport itself, with its pool, lives inside the runtime.
fn builder(url: &str, in_the_clear: bool) -> Result<AsyncSmtpTransportBuilder, String> {
    let wrong = "expected an SMTP URL, smtp://USER:PASSWORD@HOST:PORT; signs such as @ : / # % in a password are written as \
                 %40 %3A %2F %23 %25";
    let mut read = Url::parse(url).map_err(|_| wrong)?;
    let local = is_local(&read);
    let tls = read.query_pairs().filter(|(name, _)| name == "tls").map(|(_, value)| value.into_owned()).last();
    if !local && !in_the_clear && matches!(tls.as_deref(), Some("none" | "opportunistic")) {
        return Err(
            "mail to another host carries codes and wants TLS; leave tls= out, or say mail_in_the_clear = true \
                    in the settings file where the network between is yours alone"
                .into(),
        );
    }
    if read.fragment().is_some() {
        return Err(wrong.into());
    }
    if read.scheme() == "smtp" && tls.is_none() {
        // Neither a password nor a code is sent in the clear across a network.
        read.query_pairs_mut().append_pair("tls", if local || in_the_clear { "opportunistic" } else { "required" });
    }
    // Not what the library says: it may repeat the password.
    let builder = Smtp::from_url(read.as_str()).map_err(|_| wrong)?;
    Ok(builder.timeout(Some(Duration::from_secs(10))))
}

/// Bytes of a line in a mail.
const LONGEST_LINE: usize = 998;

/// The way out.
pub(crate) struct PostOffice {
    way: Way,
    from: Mailbox,
    host: String,
}

enum Way {
    File(PathBuf),
    Smtp(Box<Smtp>),
}

impl PostOffice {
    /// Opens the way out.
    pub(crate) fn open(setting: &MailSetting, from: &str, service: &str, clear: bool) -> Result<Self, String> {
        let address: Address = from.parse().map_err(|error| format!("mail_from: expected an address ({error})"))?;
        let host = address.domain().to_owned();
        let way = match setting {
            MailSetting::File(path) => {
                use std::os::unix::fs::DirBuilderExt;
                std::fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(path)
                    .map_err(|error| format!("{}: {error}", path.display()))?;
                Way::File(path.clone())
            }
            MailSetting::Smtp(url) => Way::Smtp(Box::new(builder(url, clear)?.build())),
        };
        Ok(Self { way, from: Mailbox::new(Some(service.to_owned()), address), host })
    }

    /// Whether the way is open.
    pub(crate) async fn test(&self) -> Result<(), String> {
        match &self.way {
            Way::File(path) => {
                let folder = path.clone();
                let tried = tokio::task::spawn_blocking(move || try_writing(&folder)).await;
                let written = tried.unwrap_or_else(|error| Err(std::io::Error::other(error)));
                written.map_err(|error| format!("{}: {error}", path.display()))
            }
            Way::Smtp(smtp) => match smtp.test_connection().await {
                Ok(true) => Ok(()),
                Ok(false) => Err("the server answered, but not as a mail server does".into()),
                Err(error) => Err(error.to_string()),
            },
        }
    }

    /// A part of a mail. What lies in a folder is read with an editor, too: it is written as it is (RFC 2045 2.8) as
    /// long as its lines are no longer than lines may be (RFC 5322 2.1.1).
    fn part(&self, kind: ContentType, text: &str) -> SinglePart {
        let lines: Vec<&str> = text.lines().collect();
        let readable = matches!(self.way, Way::File(_)) && lines.iter().all(|line| line.len() <= LONGEST_LINE);
        let body = if readable {
            Body::dangerous_pre_encoded((lines.join("\r\n") + "\r\n").into_bytes(), ContentTransferEncoding::EightBit)
        } else {
            Body::new(text.to_owned())
        };
        SinglePart::builder().header(kind).body(body)
    }

    fn message(&self, letter: &Letter) -> Result<Message, String> {
        let to = address(&letter.to)?;
        // Named here: lettre would read it back from the headers, where quoted addresses get lost.
        let envelope =
            Envelope::new(Some(self.from.email.clone()), vec![to.clone()]).map_err(|error| error.to_string())?;
        let header =
            |name: &'static str, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
        let mut builder = Message::builder();
        if let Some(end) = &letter.unsubscribe {
            builder = builder
                .raw_header(header("List-Unsubscribe", &format!("<{end}>")))
                .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        builder
            .message_id(Some(format!("<{}@{}>", letter.id, self.host)))
            .envelope(envelope)
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject.clone())
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("Content-Language", letter.lang.as_str()))
            .multipart(
                MultiPart::alternative()
                    .singlepart(self.part(ContentType::TEXT_PLAIN, &letter.text))
                    .singlepart(self.part(ContentType::TEXT_HTML, &letter.html)),
            )
            .map_err(|error| error.to_string())
    }
}

/// An address as lettre takes it. Old carrier addresses (`a..b@`, `a.@`) are quoted, which is
/// the form RFC 5321 4.1.2 has for them.
fn address(text: &str) -> Result<Address, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let (local, domain) = text.rsplit_once('@').ok_or("no @")?;
    Address::new(format!("\"{local}\""), domain).map_err(|error| error.to_string())
}

impl Post for PostOffice {
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Posted> {
        async move {
            let message = match self.message(letter) {
                Ok(message) => message,
                Err(error) => return Posted::Refused(553, error),
            };
            match &self.way {
                Way::File(folder) => write_file(folder, letter, &message).await,
                Way::Smtp(smtp) => match smtp.send(message).await {
                    Ok(_) => Posted::Accepted,
                    Err(error) => {
                        let status = error.status().map_or(0, |code| i64::from(u16::from(code)));
                        // A server that refuses us refuses every letter: a wrong password, say, is no word on an address.
                        if error.is_permanent() && smtp.test_connection().await.is_ok_and(|open| open) {
                            Posted::Refused(status, error.to_string())
                        } else if error.is_permanent() {
                            Posted::Deferred(0, error.to_string())
                        } else {
                            Posted::Deferred(status, error.to_string())
                        }
                    }
                },
            }
        }
        .boxed()
    }
}

async fn write_file(folder: &std::path::Path, letter: &Letter, message: &Message) -> Posted {
    let name = format!("{}.eml", letter.id);
    let (part, whole) = (folder.join(format!(".{name}.part")), folder.join(name));
    let bytes = message.formatted();
    let written = tokio::task::spawn_blocking(move || {
        use std::io::Write;
        let mut file = std::fs::File::create(&part)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&part, &whole)
    })
    .await;
    match written {
        Ok(Ok(())) => Posted::Accepted,
        Ok(Err(error)) => Posted::Deferred(0, error.to_string()),
        Err(error) => Posted::Deferred(0, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_carrier_addresses_can_be_written_to() {
        for (text, written) in [
            ("hana@example.jp", "hana@example.jp"),
            ("da..me@docomo.ne.jp", "\"da..me\"@docomo.ne.jp"),
            ("dame.@docomo.ne.jp", "\"dame.\"@docomo.ne.jp"),
        ] {
            assert_eq!(address(text).unwrap().to_string(), written);
        }
    }

    #[test]
    fn only_this_machine_is_local_and_only_a_query_says_how() {
        for clear in [
            "smtp://localhost.example.jp/?tls=none",
            "smtp://127.0.0.1.evil.jp/?tls=opportunistic",
            "smtp://mail.example.jp/?x=1&tls=none",
        ] {
            assert!(builder(clear, false).is_err(), "{clear}");
        }
        for fine in ["smtp://localhost/?tls=opportunistic", "smtp://127.0.0.1:2525/", "smtp://[::1]:25/"] {
            assert!(builder(fine, false).is_ok(), "{fine}");
        }
        // What looks like a setting in a password is none.
        for odd in ["smtp://u:xtls=y@mail.example.jp:587", "smtp://u:p@mail.example.jp/#tls=none"] {
            let made = builder(odd, false).map(|builder| format!("{builder:?}"));
            assert!(made.is_err() || made.as_ref().is_ok_and(|made| made.contains("Required")), "{odd}: {made:?}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let setting: MailSetting = "smtp://user:secret@mail.example.jp:587".parse().unwrap();
        assert_eq!(format!("{setting} {setting:?}"), "smtp://mail.example.jp:587 smtp://mail.example.jp:587");
    }
}

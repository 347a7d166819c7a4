//! Steps of scenarios that lead through the practice town.

use kagiya_flows::staff::operator;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{browser::Answer, drive::Run};
use crate::{Failure, demo};

impl Run<'_> {
    /// Does one step in town.
    pub(super) async fn town_step(&mut self, what: &str, rest: &[String]) -> Result<(), Failure> {
        let word = |n: usize| rest.get(n).cloned().unwrap_or_default();
        let shop = word(0);
        let person = if word(1).is_empty() { self.id() } else { word(1) };
        match what {
            "fault" => {
                self.broken.push(shop.clone());
                self.break_shop(&shop, rest.get(1..).unwrap_or_default()).await
            }
            "link" => {
                let account = operator::find(&self.stage.app, &self.id()).await;
                let account = account.map_err(|error| Failure::Failed(error.to_string()))?;
                let town = format!("http://{}", self.stage.town);
                demo::link(&self.stage.app, account.id, &town, &shop, &person).await
            }
            "push" => {
                let form = [("what".to_owned(), word(1)), ("person".to_owned(), self.id())];
                self.town(&format!("/push/{shop}"), &form).await.map(drop)
            }
            "go" => {
                self.shop = Some(shop.clone());
                self.hold(&shop, &person).await?;
                self.come_back().await
            }
            "hold" => self.hold(&shop, &person).await,
            "return" => self.come_back().await,
            // Away, and never back.
            "leave" => self.leave(&shop).await,
            "saw" => {
                let saw = [("saw".to_owned(), word(1))];
                self.browser().submit(&format!("/sign-in/{shop}/seen"), &saw).await
            }
            other => Err(Failure::Usage(format!("no step is called {other:?}"))),
        }
    }

    async fn break_shop(&self, shop: &str, faults: &[String]) -> Result<(), Failure> {
        let mut form = vec![("shop".to_owned(), shop.to_owned())];
        form.extend(faults.iter().map(|fault| ("fault".to_owned(), fault.clone())));
        self.town("/", &form).await.map(drop)
    }

    /// There and back once more, having done there what was wanted.
    pub(super) async fn go_again(&mut self) -> Result<(), Failure> {
        let shop = self.shop.clone().ok_or_else(|| Failure::Failed("nobody went anywhere".into()))?;
        self.break_shop(&shop, &[]).await?;
        let person = self.id();
        self.hold(&shop, &person).await?;
        self.come_back().await
    }

    /// Mends what was broken, and lets somebody through, so that no scenario makes another's weather.
    pub(super) async fn mend(&mut self) -> Result<(), Failure> {
        let page = self.browser().page.clone();
        for shop in std::mem::take(&mut self.broken) {
            self.break_shop(&shop, &[]).await?;
            let current = self.current.clone();
            self.use_browser("mender", "firefox");
            // When its door is shut, nobody gets through.
            if self.hold(&shop, "mender").await.is_ok() {
                self.come_back().await?;
            }
            self.current = current;
        }
        self.browser().page = page;
        Ok(())
    }

    async fn leave(&mut self, shop: &str) -> Result<(), Failure> {
        // Somebody who is in and stands before the links means to link.
        let link = format!("/account/links/{shop}");
        if self.browser().page.form(&link).is_some() {
            return self.browser().submit(&link, &[]).await;
        }
        let action = format!("/sign-in/{shop}");
        if self.browser().page.form(&action).is_none() {
            self.browser().get("/sign-in").await?;
        }
        self.browser().submit(&action, &[]).await
    }

    /// To the provider, and up to the door on the way back.
    async fn hold(&mut self, shop: &str, person: &str) -> Result<(), Failure> {
        self.leave(shop).await?;
        let away = self.browser().page.location.clone().unwrap_or_default();
        let query = away.split_once('?').map(|(_, query)| query.to_owned());
        let query =
            query.ok_or_else(|| Failure::Failed(format!("no way to {shop} ({})", self.browser().page.status)))?;
        let mut form: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        form.push(if person == "deny" { ("deny".into(), "1".into()) } else { ("person".into(), person.to_owned()) });
        let answer = self.town(&format!("/{shop}/decide"), &form).await?;
        let callback = format!("/sign-in/{shop}/callback");
        self.held = match &answer.location {
            Some(to) => to.split_once(&callback).map(|(_, query)| format!("{callback}{query}")),
            // A form for the callback: posted from there, it comes without cookies.
            None => {
                let mut stranger = self.browser().clone();
                stranger.forget_cookies();
                stranger.headers.insert("Origin".into(), format!("http://{}", self.stage.town));
                let fields = answer.hidden();
                stranger.send_once(&callback, fields).await?
            }
        };
        Ok(())
    }

    async fn come_back(&mut self) -> Result<(), Failure> {
        let to = self.held.clone().ok_or_else(|| Failure::Failed("nobody is on the way back".into()))?;
        self.browser().get(&to).await
    }

    /// A form to the town.
    async fn town(&self, path: &str, form: &[(String, String)]) -> Result<Answer, Failure> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.stage.town,
            body.len()
        );
        let mut stream = TcpStream::connect(self.stage.town).await?;
        stream.write_all(head.as_bytes()).await?;
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).await?;
        Ok(Answer::parse(&raw))
    }
}

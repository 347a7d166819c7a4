//! A person who reads only the page: does the first step, then the next, and looks whether they are in.

use super::{drive::Run, scenario::Knows};
use crate::Failure;

/// How it went.
#[derive(Clone, Debug, Default)]
pub(super) struct Journey {
    /// They are in.
    pub(super) got_in: bool,
    /// They were told to ask somebody, or to wait for us.
    pub(super) told_to_ask: bool,
    /// Pages opened after the refusal.
    pub(super) loads: u32,
    /// The steps that they took.
    pub(super) taken: Vec<String>,
}

/// Nobody goes on for longer.
const PATIENCE: usize = 8;

/// Follows the open page's steps.
pub(super) async fn follow(run: &mut Run<'_>, knows: &Knows) -> Result<Journey, Failure> {
    let before = run.browser().loads;
    let mut journey = Journey::default();
    while journey.taken.len() < PATIENCE {
        let steps = run.browser().page.said().steps;
        let Some(step) = steps.into_iter().find(|step| !journey.taken.contains(step)) else {
            break;
        };
        journey.taken.push(step.clone());
        if matches!(step.as_str(), "contact_support" | "notify_me") {
            journey.told_to_ask = true;
            break;
        }
        let page = run.browser().page.clone();
        if let Err(Failure::Usage(words) | Failure::Failed(words)) = run.take(&step, knows).await {
            // It could not be done from here: they look at the next.
            tracing::debug!(step, words, "a step could not be taken");
            run.browser().page = page;
            continue;
        }
        if run.browser().is_in().await? {
            journey.got_in = true;
            break;
        }
        if run.browser().page.said().steps.is_empty() {
            run.browser().page = page;
        }
    }
    journey.loads = run.browser().loads - before;
    Ok(journey)
}

fn cannot(step: &str) -> Failure {
    Failure::Failed(format!("{step} cannot be done"))
}

impl Run<'_> {
    /// Does one step as it is written on the page, and tries once more where that is what it leads to. They know their ID
    /// and their address when they look them up, and carry out what they are told rightly: what is measured is what they
    /// are told.
    async fn take(&mut self, step: &str, knows: &Knows) -> Result<(), Failure> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
        let address = format!("{}@example.jp", self.id());
        let password = knows.password.clone().or(self.new_password.clone());
        match (step, &password) {
            ("recover" | "password_reset" | "other_address" | "newest_code" | "resend", _) | ("find_id", None) => {
                return self.recover(&address).await;
            }
            ("prove_by_mail", _) => return self.prove(&address).await,
            ("unlock", None) => {
                self.unlock(&address).await?;
                return self.recover(&address).await;
            }
            // Nothing that needs the password helps who has forgotten it.
            (_, None) => return Err(cannot(step)),
            ("provider_sign_in", Some(_)) => {
                self.browser().get("/sign-in").await?;
                return self.go_again().await;
            }
            ("retype" | "update_manager" | "find_id" | "choose_account" | "other_method" | "restart_flow", Some(_)) => {
            }
            ("unlock", Some(_)) => self.unlock(&address).await?,
            ("wait", Some(_)) => self.step(&words(&["age", "2h"])).await?,
            ("repair", Some(_)) => {
                self.step(&words(&["submit", "/repair"])).await?;
                self.browser().extra_cookies.clear();
            }
            ("allow_cookies", Some(_)) => {
                self.browser().keeps_cookies = true;
                self.browser().keeps_redirects_cookies = true;
            }
            ("set_clock", Some(_)) => self.step(&words(&["script"])).await?,
            ("other_browser" | "update_browser" | "open_externally", Some(_)) => {
                let pages = self.browser().loads;
                self.use_browser(step, "firefox");
                self.browser().loads = pages;
            }
            ("other_network", Some(_)) => self.step(&words(&["header", "X-Forwarded-For", "203.0.113.9"])).await?,
            (_, Some(_)) => return Err(cannot(step)),
        }
        self.step(&words(&["get", "/sign-in"])).await?;
        let (id, password) = (self.id(), password.unwrap_or_default());
        self.step(&words(&["sign_in", &id, &password])).await
    }

    async fn mailed_code(&mut self, address: &str) -> Result<String, Failure> {
        self.step(&["code".to_owned(), address.to_owned()]).await?;
        self.codes.last().cloned().ok_or_else(|| cannot("reading the mail"))
    }

    async fn recover(&mut self, address: &str) -> Result<(), Failure> {
        self.step(&["get".into(), "/recover".into()]).await?;
        self.step(&["submit".into(), "/recover".into(), format!("email={address}")]).await?;
        let code = self.mailed_code(address).await?;
        self.step(&["submit".into(), "/recover/code".into(), format!("code={code}")]).await?;
        let new = "a quite new one 2027 haru".to_owned();
        self.step(&["submit".into(), "/recover/password".into(), format!("password={new}")]).await?;
        self.new_password = Some(new.clone());
        if !self.browser().is_in().await? {
            // It leads to the door.
            self.step(&["sign_in".into(), self.id(), new]).await?;
        }
        Ok(())
    }

    async fn unlock(&mut self, address: &str) -> Result<(), Failure> {
        self.step(&["get".into(), "/unlock".into()]).await?;
        self.step(&["submit".into(), "/unlock".into(), format!("login={address}")]).await?;
        let code = self.mailed_code(address).await?;
        self.step(&["submit".into(), "/unlock/code".into(), format!("code={code}")]).await
    }

    /// "Confirm by mail", and what is told to who has proven whose attempt it was.
    async fn prove(&mut self, address: &str) -> Result<(), Failure> {
        let action = self.browser().page.action_like("/why/", "/confirm").ok_or_else(|| cannot("prove_by_mail"))?;
        self.step(&["submit".into(), action]).await?;
        let code = self.mailed_code(address).await?;
        let action = self.browser().page.action_like("/why/", "").ok_or_else(|| cannot("prove_by_mail"))?;
        self.step(&["submit".into(), action, format!("code={code}")]).await
    }
}

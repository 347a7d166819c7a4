//! Providers as pages show them: buttons with their state, and the question what was seen there.

use kagiya_domain::screen::Screen;
use kagiya_flows::external::{self, health::State};
use kagiya_text::Arg;

use crate::{
    page::View,
    request::{context::Context, cookies::Cookie},
};

/// A provider's button.
pub(crate) struct ProviderView {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `data-state`.
    pub(crate) state: &'static str,
    /// What is wrong, in words with the time since.
    pub(crate) trouble: Option<String>,
    /// This browser's last sign-in was by it.
    pub(crate) last: bool,
    /// It lets no browser inside an app in, and this is one.
    pub(crate) in_app: bool,
}

/// Every provider, in the settings' order; the last used first.
pub(crate) fn all(view: &View<'_>) -> Vec<ProviderView> {
    let context = view.context;
    let last = last_method(context);
    let app = &context.web.app;
    let mut views: Vec<ProviderView> = app
        .providers
        .iter()
        .map(|entry| {
            let provider = &entry.provider;
            let reading = entry.health.read(context.now);
            let key = match (reading.state, reading.ours) {
                (State::Ok, _) => None,
                (State::Degraded, _) => Some("provider-degraded"),
                (State::Down, false) => Some("provider-down"),
                (State::Down, true) => Some("provider-ours"),
            };
            let since = view.time(&reading.since.0);
            let args = [("provider", Arg::from(provider.name().to_owned())), ("time", Arg::from(since))];
            ProviderView {
                id: provider.id().to_owned(),
                name: provider.name().to_owned(),
                state: reading.state.as_str(),
                trouble: key.map(|key| view.f(key, &args)),
                last: last == Some(provider.id()),
                in_app: context.visitor.browser.in_app.is_some() && external::forbids_in_app(provider.kind()),
            }
        })
        .collect();
    views.sort_by_key(|view| !view.last);
    views
}

/// By which method this browser signed in last: `password`, or a provider's name.
pub(crate) fn last_method(context: &Context) -> Option<&str> {
    Cookie::Method.values(&context.headers, &context.web.app.settings.public_url).next()
}

/// What a provider is called.
pub(crate) fn name(context: &Context, id: &str) -> String {
    context.web.app.providers.name(id).to_owned()
}

/// "What did you see there?"
pub(crate) struct Question {
    pub(crate) provider: String,
    pub(crate) name: String,
    pub(crate) screens: Vec<(&'static str, String)>,
    /// Whether it was answered: another answer is offered, not asked for.
    pub(crate) answered: bool,
    /// It may come back yet: the question stands in one line.
    pub(crate) quiet: bool,
}

impl Question {
    pub(crate) fn new(view: &View<'_>, provider: &str) -> Self {
        let app = &view.context.web.app;
        let kind = app.providers.find(provider).map_or("oidc", |entry| entry.provider.kind().as_str());
        let name = name(view.context, provider);
        let screens = external::no_return::screens(app, provider);
        let screens = screens.iter().map(|screen| (screen.id(), words(view, kind, *screen, &name))).collect();
        Self { provider: provider.to_owned(), name, screens, answered: false, quiet: false }
    }
}

/// A provider's own words for a screen, or the words for all.
fn words(view: &View<'_>, kind: &str, screen: Screen, name: &str) -> String {
    let own = format!("screen-{}-{}", kind.replace('_', "-"), screen.id().replace('_', "-"));
    let key = if view.has(&own) { own } else { format!("screen-{}", screen.id().replace('_', "-")) };
    view.f1(&key, "provider", name.to_owned())
}

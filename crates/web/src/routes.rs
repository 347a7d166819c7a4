//! Every path of the contract, and what each says of itself where it is registered.

use std::sync::Arc;

use axum::{
    Router,
    routing::{MethodRouter, get, post},
};
use kagiya_domain::act::Act;
use kagiya_flows::status::platform::board::Operation;

use crate::{
    Web, account, api, auth_check, check, external, mail, maintenance, page, recover, request,
    request::door::{Banner, Door, Doors},
    server, sign_in, sign_up, staff, status,
};

/// It changes nothing of an account, or says by itself what cannot be done.
const OPEN: Door = Door::of(Act::Form, None, None, Banner::Never);
/// The page itself is always shown, and answers for its form.
const SIGN_IN: Door = Door::of(Act::SignIn, None, None, Banner::Always);
const REOPEN: Door = Door::of(Act::SignIn, Some(Operation::SignIn), Some(Operation::SignIn), Banner::Always);
const EXTERNAL: Door = Door::of(Act::External, Some(Operation::SignIn), Some(Operation::SignIn), Banner::Always);
const SIGN_UP: Door = Door::of(Act::SignUp, Some(Operation::Change), Some(Operation::Change), Banner::Always);
const RECOVER: Door = Door::of(Act::Recover, Some(Operation::Change), Some(Operation::Change), Banner::Always);
const UNLOCK: Door = Door::of(Act::Unlock, Some(Operation::Change), Some(Operation::Change), Banner::Always);
const ACCOUNT: Door = Door::of(Act::Account, None, Some(Operation::Change), Banner::WhileChangesAreShut);
/// These answer with the form and what was typed in it (`maintenance::closed::changes`).
const ACCOUNT_FORM: Door = Door::of(Act::Account, None, None, Banner::WhileChangesAreShut);
const API_SIGN_IN: Door = Door::of(Act::SignIn, None, Some(Operation::SignIn), Banner::Never);

#[derive(Default)]
struct Routes {
    router: Router<Arc<Web>>,
    doors: Doors,
}

impl Routes {
    fn at(mut self, path: &str, door: Door, methods: MethodRouter<Arc<Web>>) -> Self {
        self.router = self.router.route(path, methods);
        self.doors.insert(path, door);
        self
    }

    fn sign_in(self) -> Self {
        self.at("/sign-in", SIGN_IN, get(sign_in::page).post(sign_in::submit))
            .at("/sign-in/reopen", REOPEN, get(sign_in::reopen::page).post(sign_in::reopen::submit))
            .at("/sign-in/{provider}", EXTERNAL, post(external::begin))
            .at("/sign-in/{provider}/callback", EXTERNAL, get(external::callback).post(external::callback_form))
            .at("/sign-in/{provider}/seen", OPEN.with_banner(), post(external::saw))
            .at("/sign-in/{provider}/choose", EXTERNAL, get(external::choose::page).post(external::choose::submit))
            .at("/sign-in/{provider}/prove", EXTERNAL, get(external::choose::prove_page).post(external::choose::prove))
            .at("/sign-in/{provider}/events", OPEN, post(external::events::receive))
            .at("/sign-out", OPEN, get(sign_in::sign_out::ask).post(sign_in::sign_out::submit))
            .at("/sign-up", SIGN_UP, get(sign_up::page).post(sign_up::submit))
            .at("/sign-up/verify", SIGN_UP, get(sign_up::code_page).post(sign_up::verify))
            .at("/recover", RECOVER, get(recover::page).post(recover::submit))
            .at("/recover/code", RECOVER, get(recover::code_page).post(recover::type_code))
            .at("/recover/password", RECOVER, get(recover::password_page).post(recover::choose_password))
            .at("/unlock", UNLOCK, get(recover::unlock_page).post(recover::unlock_submit))
            .at("/unlock/code", UNLOCK, get(recover::unlock_code_page).post(recover::unlock_type_code))
    }

    fn account(self) -> Self {
        self.at("/", OPEN, get(account::home))
            .at("/account", ACCOUNT, get(account::home))
            .at("/account/trouble", ACCOUNT, get(account::trouble))
            .at("/account/sessions", ACCOUNT_FORM, get(account::sessions).post(account::revoke))
            .at("/account/security", ACCOUNT_FORM, get(account::security).post(account::change_password))
            .at("/account/emails", ACCOUNT_FORM, post(account::add_email))
            .at("/account/emails/verify", ACCOUNT, get(account::email_code_page).post(account::verify_email))
            .at("/account/emails/change", ACCOUNT, post(account::change_email))
            .at("/account/links", ACCOUNT, get(account::links::page))
            .at("/account/links/{id}", ACCOUNT, post(account::links::add))
            .at("/account/links/{id}/remove", ACCOUNT, post(account::links::remove))
            .at("/account/links/{id}/relink", ACCOUNT, post(account::links::relink))
            .at("/account/links/{id}/test", ACCOUNT, post(account::links::test))
            .at("/account/methods", ACCOUNT, get(account::links::methods))
            .at("/account/close", ACCOUNT, get(account::close_page).post(account::close))
            .at("/language", OPEN, post(request::language::choose))
            .at("/.well-known/change-password", OPEN, get(account::change_password_redirect))
    }

    fn check(self) -> Self {
        let why = OPEN.with_banner();
        self.at("/check", OPEN, get(check::page).post(check::submit))
            .at("/check/{code}", OPEN, get(check::join))
            .at("/repair", OPEN, get(check::repair::page).post(check::repair::submit))
            .at("/why/{reference}", why, get(check::why::page))
            .at("/why/{reference}/confirm", why, get(check::why::confirm_page).post(check::why::confirm))
            .at("/why/{reference}/me-too", why, post(check::why::me_too))
            .at("/why/{reference}/answer", why, post(check::why::answer))
            .at("/mail", OPEN, get(mail::page))
            .at("/help", OPEN, get(page::help::index))
            .at("/help/{cause}", OPEN, get(page::help::page))
            .at("/help/how/{topic}", OPEN, get(page::how::page))
    }

    fn staff(self) -> Self {
        self.at("/staff", OPEN, get(staff::overview::show))
            .at("/staff/look", OPEN, get(staff::look::page).post(staff::look::search))
            .at("/staff/locks", OPEN, post(staff::look::end_locks))
            .at("/staff/notices", OPEN, get(staff::notices::page).post(staff::notices::create))
            .at("/staff/notices/{id}", OPEN, post(staff::notices::update))
            .at("/api/v1/staff/notices", OPEN, get(staff::api::list).post(staff::api::create))
            .at("/api/v1/staff/notices/{id}", OPEN, post(staff::api::update))
    }

    fn status(self) -> Self {
        self.at("/status", OPEN, get(status::show))
            .at("/status/subscribe", OPEN, post(status::subscribe::subscribe))
            .at("/status/subscribed", OPEN, get(status::subscribe::subscribed))
            .at("/status/confirm", OPEN, get(status::subscribe::confirm_page).post(status::subscribe::confirm))
            .at(
                "/status/unsubscribe",
                OPEN,
                get(status::subscribe::unsubscribe_page).post(status::subscribe::unsubscribe),
            )
            .at("/notify", OPEN, get(status::subscribe::notify_page).post(status::subscribe::notify))
            .at("/status/feed.atom", OPEN, get(status::feed))
            .at("/api/v2/summary.json", OPEN, get(status::summary))
            .at("/api/v2/status.json", OPEN, get(status::overview))
            .at("/api/v2/components.json", OPEN, get(status::components))
            .at("/api/v2/incidents.json", OPEN, get(status::incidents))
            .at("/api/v2/incidents/unresolved.json", OPEN, get(status::unresolved))
            .at("/api/v2/scheduled-maintenances.json", OPEN, get(status::maintenances))
            .at("/api/v2/scheduled-maintenances/upcoming.json", OPEN, get(status::upcoming))
            .at("/api/v2/scheduled-maintenances/active.json", OPEN, get(status::active))
    }

    fn api(self) -> Self {
        self.at("/api/v1/openapi.json", OPEN, get(api::openapi))
            .at("/api/v1/sign-up", SIGN_UP, post(api::sign_up::start))
            .at("/api/v1/sign-up/verify", SIGN_UP, post(api::sign_up::verify))
            .at("/api/v1/sign-in", API_SIGN_IN, post(api::sign_in::submit))
            .at("/api/v1/session", OPEN, get(api::session::show).delete(api::session::end))
            .at("/api/v1/recover", RECOVER, post(api::recover::start))
            .at("/api/v1/recover/code", RECOVER, post(api::recover::code))
            .at("/api/v1/recover/password", RECOVER, post(api::recover::password))
            .at("/api/v1/attempts/{reference}", OPEN, get(api::attempts::show))
    }

    fn machines(mut self) -> Self {
        for path in sign_in::old_ways::WORKERS {
            self = self.at(path, OPEN, get(sign_in::old_ways::worker));
        }
        self.at("/healthz", OPEN, get(server::health::alive))
            .at("/readyz", OPEN, get(server::health::ready))
            .at("/metrics", OPEN, get(server::health::metrics))
            .at("/auth/check", OPEN, get(auth_check::handle))
            .at("/assets/{name}", OPEN, get(page::assets::serve))
            .at("/favicon.ico", OPEN, get(page::assets::icon))
    }
}

fn all() -> Routes {
    Routes::default().sign_in().account().check().staff().status().api().machines()
}

/// Every path of the contract that exists so far.
pub fn router(web: Arc<Web>) -> Router {
    let Routes { router, doors } = all();
    let gate = maintenance::gate::Gate { web: Arc::clone(&web), doors: Arc::new(doors) };
    router
        .fallback(page::nowhere::not_found)
        .method_not_allowed_fallback(page::nowhere::wrong_method)
        .layer(axum::middleware::from_fn_with_state(gate, maintenance::gate::guard))
        .with_state(web)
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    #[test]
    fn planned_work_shuts_what_begins_or_changes_something() {
        let doors = all().doors;
        let of = |method, path: &str| doors.find(path).and_then(|door| door.operation(&method));
        for path in [
            "/sign-in",
            "/check",
            "/language",
            "/sign-out",
            "/staff/notices",
            "/why/{reference}/me-too",
            "/why/{reference}/answer",
        ] {
            assert_eq!(of(Method::POST, path), None, "{path}");
        }
        for path in ["/account/close", "/account/links/{id}/remove", "/sign-up/verify", "/recover", "/api/v1/sign-up"] {
            assert_eq!(of(Method::POST, path), Some(Operation::Change), "{path}");
        }
        for path in ["/api/v1/sign-in", "/sign-in/{provider}", "/sign-in/{provider}/callback", "/sign-in/reopen"] {
            assert_eq!(of(Method::POST, path), Some(Operation::SignIn), "{path}");
        }
        assert_eq!(of(Method::DELETE, "/api/v1/session"), None);
        assert_eq!(of(Method::GET, "/recover"), Some(Operation::Change));
        assert_eq!(of(Method::GET, "/account/close"), None);
    }
}

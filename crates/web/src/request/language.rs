//! `/language`: remembers the language a person chose.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::header;
use kagiya_domain::return_to::ReturnTo;
use kagiya_text::Lang;

use crate::{
    Web,
    page::see_other,
    request::{
        context::{Sessions, Site},
        cookies::Cookie,
        form::{is_for, note_account},
        submitted_form::Sent,
    },
};

pub(crate) async fn choose(State(_): State<Arc<Web>>, Sent(mut context, fields): Sent) -> Response {
    note_account(&mut context, &fields);
    let lang = Lang::parse(fields.get("lang")).unwrap_or_default();
    let to = ReturnTo::parse_own(fields.get("from")).map_or("/".into(), |to| to.as_str().to_owned());
    let mut response = see_other(&context, &to);
    let url = &context.web.app.settings.public_url;
    response.headers_mut().append(header::SET_COOKIE, Cookie::Lang.set_long(lang.as_str(), url));
    if context.site() != Site::Cross
        && let Ok(Sessions::Live(live)) = context.session().await
        // A page that names nobody chooses for this browser alone.
        && is_for(&context, live.account_id)
        && let Err(error) = kagiya_flows::account::set_lang(&context.web.app, live.account_id, lang).await
    {
        tracing::warn!(%error, "the language of mails could not be kept");
    }
    response
}

//! `/staff`: what is wrong, for whom, and what is told about it. For accounts with the role.

pub(crate) mod api;
mod chart;
pub(crate) mod look;
pub(crate) mod notices;
pub(crate) mod overview;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{FromRequest, Request},
    response::Response,
};
use http::{Method, StatusCode};
use kagiya_domain::act::Act;
use kagiya_flows::{
    session::{self, Live},
    staff::{self, Staff},
};

use crate::{
    Web,
    account::owner,
    page::{
        View,
        fault::{fault_page, not_found_page},
        page, see_other,
    },
    request::{context::Context, form::Fields, submitted_form::Sent},
    sign_in::renew_session,
};

/// What is answered to a member of staff whose roles give no right to it.
fn not_permitted(context: &Context) -> Response {
    let view = View::new(context);
    let title = view.t("staff-not-permitted").into_owned();
    page(&view, StatusCode::FORBIDDEN, &title, &NotPermitted { v: &view })
}

#[derive(Template)]
#[template(path = "staff_not_permitted.html")]
struct NotPermitted<'a> {
    v: &'a View<'a>,
}

/// The member of staff who asks. For everybody else there is no such page.
async fn require(context: &Context) -> Result<Staff, Response> {
    let live = owner(context).await?;
    match staff::of(&context.web.app, &live).await {
        Ok(Some(staff)) if staff.token_is_older => Err(renewed(context, &live, &staff).await),
        Ok(Some(staff)) => Ok(staff),
        Ok(None) => Err(not_found_page(context)),
        Err(fault) => Err(fault_page(context, &fault)),
    }
}

/// Here again, with a token that is younger than the role.
async fn renewed(context: &Context, live: &Live, staff: &Staff) -> Response {
    match session::renew(&context.web.app, live, staff.since).await {
        Ok(token) => {
            let here = if context.method == Method::GET { context.here() } else { "/staff".to_owned() };
            let mut response = see_other(context, &here);
            // The browser has it already when another request of it was quicker.
            if let Some(token) = token {
                renew_session(context, &mut response, live, &token);
            }
            response
        }
        Err(fault) => fault_page(context, &fault),
    }
}

/// A form of a member of staff.
pub(crate) struct OfStaff(Context, Staff, Fields);

impl FromRequest<Arc<Web>> for OfStaff {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Response> {
        let sent = Sent::from_request(request, web).await?;
        let staff = require(&sent.0).await?;
        let (context, fields) = sent.own_of(staff.account, Act::Staff, "/staff").await?;
        Ok(Self(context, staff, fields))
    }
}

//! `/staff`: what is wrong, for whom, and what is told about it. For accounts with the role.

pub(crate) mod api;
mod chart;
pub(crate) mod look;
pub(crate) mod notices;
pub(crate) mod overview;

use std::sync::Arc;

use axum::{
    extract::{FromRequest, Request},
    response::Response,
};
use kagiya_flows::staff::{self, Staff};

use crate::{
    Web,
    account::owner,
    context::Context,
    fault::{fault_page, not_found_page},
    form::Fields,
    sent::Sent,
};

/// The member of staff who asks. For everybody else there is no such page.
async fn require(context: &Context) -> Result<Staff, Response> {
    let live = owner(context).await?;
    match staff::of(&context.web.app, &live).await {
        Ok(Some(staff)) => Ok(staff),
        Ok(None) => Err(not_found_page(context)),
        Err(fault) => Err(fault_page(context, &fault)),
    }
}

/// A form of a member of staff.
pub(crate) struct OfStaff(Context, Staff, Fields);

impl FromRequest<Arc<Web>> for OfStaff {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Response> {
        let sent = Sent::from_request(request, web).await?;
        let staff = require(&sent.0).await?;
        let (context, fields) = sent.own("staff", "/staff").await?;
        Ok(Self(context, staff, fields))
    }
}

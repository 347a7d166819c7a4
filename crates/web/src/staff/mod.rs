//! `/staff`: what is wrong, for whom, and what is told about it. For accounts with the role.

pub(crate) mod api;
mod chart;
pub(crate) mod look;
pub(crate) mod notices;
pub(crate) mod overview;

use axum::response::Response;
use kagiya_flows::staff::{self, Staff};

use crate::{
    account::owner,
    context::Context,
    fault::{fault_page, not_found_page},
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

//! A form as it was sent, with who sent it.

use kagiya_domain::act::Act;
use std::sync::Arc;

use axum::{
    extract::{FromRequest, Request},
    response::Response,
};

use crate::{
    Web,
    page::fault::{body_page, guard_refusal, other_account, refused_page},
    request::{
        context::Context,
        form::{Fields, guard_own, is_for},
    },
};

/// A body that is no form is answered with a page.
pub(crate) struct Sent(pub(crate) Context, pub(crate) Fields);

impl FromRequest<Arc<Web>> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let context = Context::open(Arc::clone(web), &parts);
        match Fields::read(&context, body).await {
            Ok(fields) => Ok(Self(context, fields)),
            Err(error) => Err(body_page(&context, error).await),
        }
    }
}

impl Sent {
    /// As [`Sent::own`], for an act on this account: the page must have been made for it, and not for whoever was signed
    /// in before another tab did.
    pub(crate) async fn own_of(
        self,
        account: uuid::Uuid,
        act: Act,
        retry: &str,
    ) -> Result<(Context, Fields), Response> {
        let (context, fields) = self.own(act, retry).await?;
        if is_for(&context, account) {
            return Ok((context, fields));
        }
        let refusal = other_account(&context, act).await;
        Err(refused_page(&context, &refusal, retry))
    }

    /// As [`guard_own`]; a refusal is a page by itself that leads to `retry`.
    pub(crate) async fn own(mut self, act: Act, retry: &str) -> Result<(Context, Fields), Response> {
        match guard_own(&mut self.0, &self.1) {
            Ok(()) => Ok((self.0, self.1)),
            Err(evidence) => {
                let refusal = guard_refusal(&self.0, act, evidence).await;
                Err(refused_page(&self.0, &refusal, retry))
            }
        }
    }
}

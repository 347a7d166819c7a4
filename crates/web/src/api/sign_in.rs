//! `POST /api/v1/sign-in`.

use std::sync::Arc;

use axum::{body::Body, extract::State, response::Response};
use http::StatusCode;
use kagiya_domain::{Evidence, account::AccountState, act::Act, destination::Destination};
use kagiya_flows::{
    attempt::{self, Draft},
    sign_in::{Entered, Typed},
};
use serde_json::json;

use super::{
    account_json, answer,
    body::Members,
    problem::{fault_problem, problem},
    rfc3339,
};
use crate::{
    Web,
    request::context::Context,
    sign_in::{run, set_session},
};

pub(crate) async fn submit(State(_): State<Arc<Web>>, context: Context, body: Body) -> Response {
    match handle(&context, body).await {
        Ok(response) | Err(response) => response,
    }
}

async fn handle(context: &Context, body: Body) -> Result<Response, Response> {
    let members = Members::read(context, Act::SignIn, body).await?;
    let [login, password] = members.texts(context, ["login", "password"]).await?;
    let remember = members.flag(context, "remember").await?;
    let as_token = members.flag(context, "token").await?;
    match run(
        context,
        context.visitor.clone(),
        Typed { login, password, remember, keep_device: !as_token, to: Destination::Home },
    )
    .await
    {
        Ok(Ok(Entered::SignedIn(signed_in))) => {
            let mut session = json!({ "expires_at": rfc3339(signed_in.expires_at) });
            if as_token {
                session["token"] = json!(signed_in.token.as_str());
            }
            let account = account_json(signed_in.account.id, &signed_in.account.login_id);
            let mut response = answer(context, StatusCode::OK, &json!({ "account": account, "session": session }));
            if !as_token {
                set_session(context, &mut response, &signed_in, "password");
            }
            Ok(response)
        }
        Ok(Ok(Entered::OfferReopen { .. })) => {
            // Coming back is confirmed on a page; a program is told the state.
            let mut draft =
                Draft::new(Act::SignIn, 403, &context.visitor, vec![Evidence::State { state: AccountState::Closed }]);
            draft.audience = kagiya_domain::Audience::Owner;
            Ok(problem(context, &*attempt::refuse(&context.web.app, &context.visitor, draft).await))
        }
        Ok(Err(refusal)) => Ok(problem(context, &refusal)),
        Err(fault) => Ok(fault_problem(context, &fault)),
    }
}

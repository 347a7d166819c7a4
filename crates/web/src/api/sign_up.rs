//! `POST /api/v1/sign-up` and `/sign-up/verify`.

use std::sync::Arc;

use axum::{body::Body, extract::State, response::Response};
use http::StatusCode;
use kagiya_domain::act::Act;
use kagiya_flows::sign_up::{self, Form, Next};
use serde_json::json;

use super::{
    account_json, answer,
    body::Members,
    problem::{fault_problem, problem},
};
use crate::{Web, request::context::Context};

pub(crate) async fn start(State(_): State<Arc<Web>>, context: Context, body: Body) -> Response {
    match handle_start(&context, body).await {
        Ok(response) | Err(response) => response,
    }
}

async fn handle_start(context: &Context, body: Body) -> Result<Response, Response> {
    let members = Members::read(context, Act::SignUp, body).await?;
    let [login_id, email, password] = members.texts(context, ["login_id", "email", "password"]).await?;
    let form = Form { login_id, email, password, ..Form::default() };
    Ok(match sign_up::start(&context.web.app, &context.visitor, &form).await {
        Ok(Ok(Next::TypeCode(flow))) => answer(context, StatusCode::ACCEPTED, &json!({ "flow": flow.to_string() })),
        // A program is not asked: `ask` is off.
        Ok(Ok(Next::AskEmail(meant))) => answer(context, StatusCode::CONFLICT, &json!({ "email": meant })),
        Ok(Err(refusal)) => problem(context, &refusal),
        Err(fault) => fault_problem(context, &fault),
    })
}

pub(crate) async fn verify(State(_): State<Arc<Web>>, context: Context, body: Body) -> Response {
    match handle_verify(&context, body).await {
        Ok(response) | Err(response) => response,
    }
}

async fn handle_verify(context: &Context, body: Body) -> Result<Response, Response> {
    let members = Members::read(context, Act::SignUp, body).await?;
    let flow = members.flow(context).await?;
    let [code] = members.texts(context, ["code"]).await?;
    Ok(match sign_up::verify(&context.web.app, &context.visitor, Some(flow), &code, false).await {
        Ok(Ok(created)) => {
            let account = account_json(created.account.id, &created.account.login_id);
            answer(context, StatusCode::CREATED, &json!({ "account": account }))
        }
        Ok(Err(refusal)) => problem(context, &refusal),
        Err(fault) => fault_problem(context, &fault),
    })
}

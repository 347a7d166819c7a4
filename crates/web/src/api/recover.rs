//! `POST /api/v1/recover`, `/recover/code`, `/recover/password`.

use std::sync::Arc;

use axum::{body::Body, extract::State, response::Response};
use http::StatusCode;
use kagiya_domain::{act::Act, destination::Destination};
use kagiya_flows::recover::{self, CodeForm, Kind, new_password::choose_password};
use serde_json::json;

use super::{
    answer,
    body::Members,
    problem::{fault_problem, problem},
};
use crate::{
    Web,
    request::{context::Context, mark},
};

pub(crate) async fn start(State(_): State<Arc<Web>>, context: Context, body: Body) -> Response {
    let handle = async {
        let members = Members::read(&context, Act::Recover, body).await?;
        let [email] = members.texts(&context, ["email"]).await?;
        Ok::<_, Response>(
            match recover::start(&context.web.app, &context.visitor, Kind::Recover, &email, Destination::Home).await {
                Ok(Ok(flow)) => answer(&context, StatusCode::ACCEPTED, &json!({ "flow": flow.to_string() })),
                Ok(Err(refusal)) => problem(&context, &refusal),
                Err(fault) => fault_problem(&context, &fault),
            },
        )
    };
    handle.await.unwrap_or_else(|response| response)
}

pub(crate) async fn code(State(_): State<Arc<Web>>, context: Context, body: Body) -> Response {
    let handle = async {
        let members = Members::read(&context, Act::Recover, body).await?;
        let flow = members.flow(&context).await?;
        let [code] = members.texts(&context, ["code"]).await?;
        let form = CodeForm { flow: Some(flow), login: String::new(), code };
        Ok::<_, Response>(
            match recover::type_code(&context.web.app, &context.visitor, Kind::Recover, &form, None).await {
                Ok(Ok(flow)) => answer(&context, StatusCode::OK, &json!({ "flow": flow.id.to_string() })),
                Ok(Err(refusal)) => problem(&context, &refusal),
                Err(fault) => fault_problem(&context, &fault),
            },
        )
    };
    handle.await.unwrap_or_else(|response| response)
}

pub(crate) async fn password(State(_): State<Arc<Web>>, context: Context, body: Body) -> Response {
    let handle = async {
        let members = Members::read(&context, Act::Recover, body).await?;
        let flow = members.flow(&context).await?;
        let [password] = members.texts(&context, ["password"]).await?;
        let (app, visitor, device) = (&context.web.app, &context.visitor, mark::of(&context));
        let known = Some(mark::key(&context, &device));
        Ok::<_, Response>(match choose_password(app, visitor, Some(flow), &password, None, known).await {
            Ok(Ok(reset)) => {
                let mut response = answer(&context, StatusCode::OK, &json!({ "login_id": reset.login_id }));
                mark::set(&context, &mut response, &device);
                response
            }
            Ok(Err(refusal)) => problem(&context, &refusal),
            Err(fault) => fault_problem(&context, &fault),
        })
    };
    handle.await.unwrap_or_else(|response| response)
}

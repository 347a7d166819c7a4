//! JSON bodies: read within limits, wrong ones answered with the field's name.

use axum::{body::Body, response::Response};
use http::{HeaderMap, header};
use kagiya_domain::{Evidence, act::Act};
use kagiya_flows::{
    FieldError,
    attempt::{self, Draft},
};
use serde_json::{Map, Value};

use super::problem::problem;
use crate::request::{
    context::{Context, Site, header_text},
    form::{BodyError, read_body},
};

/// The members of a JSON object.
pub(crate) struct Members {
    members: Map<String, Value>,
    act: Act,
}

/// Whether a body is said to be JSON, and nothing else.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let content_type = header_text(headers, header::CONTENT_TYPE).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// Why a member cannot be taken.
pub(crate) enum MemberError {
    Missing,
    WrongType,
}

impl Members {
    /// Reads the body of an act.
    pub(crate) async fn read(context: &Context, act: Act, body: Body) -> Result<Self, Response> {
        if context.site() == Site::Cross {
            return Err(refuse(context, act, 403, "body", "error-cross-site", Evidence::CrossSitePost).await);
        }
        let json = is_json(&context.headers);
        let invalid = || Evidence::FieldInvalid { field: "body".into() };
        if !json {
            return Err(refuse(context, act, 415, "body", "error-json-type", invalid()).await);
        }
        let bytes = match read_body(body).await {
            Ok(bytes) => bytes,
            Err(BodyError::TooLarge) => {
                return Err(refuse(context, act, 413, "body", "error-body-large", invalid()).await);
            }
            Err(_) => return Err(refuse(context, act, 400, "body", "error-json", invalid()).await),
        };
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(Value::Object(members)) => Ok(Self { members, act }),
            Ok(_) => Err(refuse(context, act, 422, "body", "error-json-object", invalid()).await),
            Err(_) => Err(refuse(context, act, 400, "body", "error-json", invalid()).await),
        }
    }

    fn text(&self, name: &str) -> Result<String, MemberError> {
        match self.members.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(Value::Null) | None => Err(MemberError::Missing),
            Some(_) => Err(MemberError::WrongType),
        }
    }

    /// Members that must be texts, in order; all that are not are named at once.
    pub(crate) async fn texts<const N: usize>(
        &self,
        context: &Context,
        names: [&'static str; N],
    ) -> Result<[String; N], Response> {
        let mut wrong = Vec::new();
        let texts = names.map(|field| {
            self.text(field).unwrap_or_else(|error| {
                let key = match error {
                    MemberError::Missing => "error-field-missing",
                    MemberError::WrongType => "error-field-text",
                };
                wrong.push(FieldError { field, key });
                String::new()
            })
        });
        if wrong.is_empty() { Ok(texts) } else { Err(self.refuse(context, wrong).await) }
    }

    /// A member that is true or false, false when it is missing.
    pub(crate) async fn flag(&self, context: &Context, name: &'static str) -> Result<bool, Response> {
        match self.members.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.refuse(context, vec![FieldError { field: name, key: "error-field-flag" }]).await),
        }
    }

    /// The flow that a member names.
    pub(crate) async fn flow(&self, context: &Context) -> Result<uuid::Uuid, Response> {
        let [text] = self.texts(context, ["flow"]).await?;
        match uuid::Uuid::parse_str(&text) {
            Ok(id) => Ok(id),
            Err(_) => Err(self.refuse(context, vec![FieldError { field: "flow", key: "error-field-flow" }]).await),
        }
    }

    async fn refuse(&self, context: &Context, fields: Vec<FieldError>) -> Response {
        let draft = Draft::invalid(self.act, &context.visitor, fields);
        problem(context, &*attempt::refuse(&context.web.app, &context.visitor, draft).await)
    }
}

#[expect(clippy::too_many_arguments, reason = "what one member must be")]
async fn refuse(
    context: &Context,
    act: Act,
    status: u16,
    field: &'static str,
    key: &'static str,
    fact: Evidence,
) -> Response {
    let mut draft = Draft::new(act, status, &context.visitor, vec![fact]);
    draft.fields = vec![FieldError { field, key }];
    problem(context, &*attempt::refuse(&context.web.app, &context.visitor, draft).await)
}

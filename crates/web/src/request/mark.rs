//! The mark by which an account knows a browser.

use axum::response::Response;
use http::header;

use crate::request::{
    context::Context,
    cookies::{self, Cookie},
};

/// The one that came, or a new one.
pub(crate) fn of(context: &Context) -> [u8; 16] {
    context.visitor.device.unwrap_or_else(|| context.web.app.random())
}

/// As the account keeps it.
pub(crate) fn key(context: &Context, mark: &[u8; 16]) -> [u8; 16] {
    kagiya_flows::sign_in::device_key(&context.web.app, mark)
}

/// Leaves it with the browser.
pub(crate) fn set(context: &Context, response: &mut Response, mark: &[u8; 16]) {
    let app = &context.web.app;
    let cookie = Cookie::Device.set_long(&cookies::device_value(app, mark), &app.settings.public_url);
    response.headers_mut().append(header::SET_COOKIE, cookie);
}

//! Plain pages that say what they are.

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;").replace('"', "&#34;")
}

const STYLE: &str = "body{font:16px/1.7 system-ui,'Noto Sans CJK JP',sans-serif;max-width:640px;margin:0 auto;padding:24px 16px;\
    background:#fffbeb;color:#1c1917}button,select,input{font:inherit;min-height:44px;max-width:100%}button{padding:4px 16px;margin:4px 0}\
    .sim{border:2px dashed #92400e;padding:8px 12px;margin-bottom:16px}label{display:block}table{border-collapse:collapse}\
    td,th{text-align:left;padding:2px 12px 2px 0;vertical-align:top}";

/// A page around `body`, marked as practice.
pub(crate) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escape(title);
    let html = format!(
        "<!doctype html><html lang=\"ja\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\
         <p class=\"sim\">練習用の模擬画面です(本物のサービスではありません) / A practice page, not the real service</p>\
         <h1>{title}</h1>{body}</body></html>"
    );
    (status, Html(html)).into_response()
}

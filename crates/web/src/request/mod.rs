//! What a request shows, and what is read from it.

pub(crate) mod context;
pub(crate) mod cookies;
pub(crate) mod door;
pub(crate) mod form;
pub(crate) mod in_app;
pub(crate) mod language;
pub(crate) mod mark;
pub(crate) mod redirect_loop;
pub(crate) mod request_signals;
pub(crate) mod single_flight;
pub(crate) mod submitted_form;

//! See `kagiya_testkit::parsers::event_token`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kagiya_testkit::parsers::event_token(bytes));

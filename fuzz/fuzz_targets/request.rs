//! See `kagiya_testkit::parsers::request`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kagiya_testkit::parsers::request(bytes));

//! See `kagiya_testkit::parsers::login`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kagiya_testkit::parsers::login(bytes));

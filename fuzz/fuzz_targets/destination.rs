//! See `kagiya_testkit::parsers::destination`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kagiya_testkit::parsers::destination(bytes));

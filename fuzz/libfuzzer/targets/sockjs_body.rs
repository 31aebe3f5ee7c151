//! Fuzzes `sockeye_fuzz::sockjs_body`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sockeye_fuzz::sockjs_body(data));

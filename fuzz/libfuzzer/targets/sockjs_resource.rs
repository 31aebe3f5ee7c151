//! Fuzzes `sockeye_fuzz::sockjs_resource`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sockeye_fuzz::sockjs_resource(data));

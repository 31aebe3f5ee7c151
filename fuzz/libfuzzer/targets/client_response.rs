//! Fuzzes `sockeye_fuzz::client_response`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sockeye_fuzz::client_response(data));

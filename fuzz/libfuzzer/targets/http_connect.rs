//! Fuzzes `sockeye_fuzz::http_connect`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sockeye_fuzz::http_connect(data));

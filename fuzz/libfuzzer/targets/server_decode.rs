//! Fuzzes `sockeye_fuzz::server_decode`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sockeye_fuzz::server_decode(data));

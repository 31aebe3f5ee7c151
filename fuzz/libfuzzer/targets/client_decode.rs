//! Fuzzes `sockeye_fuzz::client_decode`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sockeye_fuzz::client_decode(data));

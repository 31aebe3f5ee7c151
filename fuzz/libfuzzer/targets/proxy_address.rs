//! Fuzzes `sockeye_fuzz::proxy_address`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sockeye_fuzz::proxy_address(data));

//! Fuzzes `sockeye_fuzz::redirect`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sockeye_fuzz::redirect(data));

//! Fuzzes `sockeye_fuzz::operations`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sockeye_fuzz::operations(data));

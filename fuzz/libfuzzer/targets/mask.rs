//! Fuzzes `sockeye_fuzz::mask`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sockeye_fuzz::mask(data));

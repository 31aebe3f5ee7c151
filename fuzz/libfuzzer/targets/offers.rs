//! Fuzzes `sockeye_fuzz::offers`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sockeye_fuzz::offers(data));

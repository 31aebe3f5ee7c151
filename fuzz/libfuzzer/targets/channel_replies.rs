//! Fuzzes `sockeye_fuzz::channel_replies`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sockeye_fuzz::channel_replies(data));

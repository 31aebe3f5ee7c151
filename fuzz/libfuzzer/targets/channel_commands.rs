//! Fuzzes `sockeye_fuzz::channel_commands`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sockeye_fuzz::channel_commands(data));

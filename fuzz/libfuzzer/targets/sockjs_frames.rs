//! Fuzzes `sockeye_fuzz::sockjs_frames`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sockeye_fuzz::sockjs_frames(data));

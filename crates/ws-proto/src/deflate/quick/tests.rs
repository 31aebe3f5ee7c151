//! What is compressed here, zlib inflates: every length, every distance, any payload.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use proptest::prelude::*;

use super::*;
use crate::deflate::TAIL;

const WIDEST: WindowBits = WindowBits::MAX;

fn inflated(wire: &[u8], most: usize) -> Vec<u8> {
    let wire = [wire, &TAIL].concat();
    let mut out = vec![0; most + 1];
    let mut zlib = Decompress::new(false);
    zlib.decompress(&wire, &mut out, FlushDecompress::Sync)
        .unwrap();
    assert_eq!(zlib.total_in(), wire.len() as u64);
    out.truncate(usize::try_from(zlib.total_out()).unwrap());
    out
}

fn compressed(quick: &mut Quick, payload: &[u8], window: WindowBits) -> BytesMut {
    let mut out = BytesMut::new();
    quick.compress(payload, window, &mut out);
    out
}

/// Bytes of which no four come twice.
fn unlike(len: usize) -> Vec<u8> {
    let three = |number: u32| number.to_be_bytes()[1..].to_vec();
    (0..)
        .flat_map(|number| [three(number), vec![0xff]].concat())
        .take(len)
        .collect()
}

#[test]
fn every_length_and_every_distance_is_written_right() {
    let mut quick = Quick::new();
    let text = unlike(33_000);
    for length in 1..=600 {
        let payload = [&text[..700], &text[..length]].concat();
        let wire = compressed(&mut quick, &payload, WIDEST);
        assert_eq!(inflated(&wire, payload.len()), payload, "length {length}");
    }
    for distance in (1..=1100)
        .chain((1100..=32_768).step_by(61))
        .chain([32_768])
    {
        let payload = [&text[..distance], &text[..distance.min(9)]].concat();
        let wire = compressed(&mut quick, &payload, WIDEST);
        assert_eq!(
            inflated(&wire, payload.len()),
            payload,
            "distance {distance}"
        );
    }
}

#[test]
fn a_match_is_as_far_back_as_the_window_and_no_farther() {
    let text = unlike(600);
    for (distance, refers) in [(512, true), (513, false)] {
        let payload = [&text[..distance], &text[..100]].concat();
        let wire = compressed(&mut Quick::new(), &payload, WindowBits::MIN);
        let alone = compressed(&mut Quick::new(), &payload[..distance], WindowBits::MIN);
        assert_eq!(wire.len() < alone.len() + 10, refers, "{distance}");
    }
}

#[test]
fn when_places_are_counted_anew_none_is_taken_for_another() {
    let mut quick = Quick::new();
    let payload = unlike(5000);
    let first = compressed(&mut quick, &payload, WIDEST);
    for left in [0, 1, 4999, 5000, 5001] {
        quick.next = u32::MAX - left;
        assert_eq!(compressed(&mut quick, &payload, WIDEST), first);
        assert_eq!(compressed(&mut quick, &payload, WIDEST), first);
    }
}

#[test]
fn it_is_as_small_as_level_1_of_zlib_makes_it() {
    let items = (0..40_u32).map(|id| {
        let price = id.wrapping_mul(2_654_435_761) >> 20;
        format!(r#"{{"id":{id},"name":"user{price}","price":{price}.5,"ok":true}}"#)
    });
    let payload = format!("[{}]", items.collect::<Vec<_>>().join(","));
    let mut zlib = Compress::new(Compression::new(1), false);
    let mut out = vec![0; payload.len()];
    zlib.compress(payload.as_bytes(), &mut out, FlushCompress::Sync)
        .unwrap();
    let ours = compressed(&mut Quick::new(), payload.as_bytes(), WIDEST);
    let theirs = usize::try_from(zlib.total_out()).unwrap() - TAIL.len();
    assert!(
        ours.len() <= theirs + theirs / 50,
        "{} {theirs}",
        ours.len()
    );
}

#[test]
fn what_is_remembered_stays_small_and_is_referred_to_across_messages() {
    let (mut remembering, mut whole, mut zlib) =
        (Remembering::new(), Vec::new(), Decompress::new(false));
    // So that it is counted anew in between: then a message stands alone, as the first does.
    remembering.quick.next = u32::MAX - 100_000;
    let mut alone = 0;
    for round in 0..200_usize {
        let payload = unlike(4000 + 37 * round % 900);
        let mut wire = BytesMut::new();
        remembering.compress(&payload, WIDEST, &mut wire);
        alone += usize::from(wire.len() > payload.len() / 10);
        assert!(remembering.kept() <= 64 << 10);
        whole.resize(payload.len() + 1, 0);
        let before = zlib.total_out();
        let wire = [&wire[..], &TAIL].concat();
        zlib.decompress(&wire, &mut whole, FlushDecompress::Sync)
            .unwrap();
        assert_eq!(zlib.total_out() - before, payload.len() as u64);
        assert!(whole.starts_with(&payload));
    }
    assert_eq!(alone, 2);
    for len in (100..40_000).step_by(1700) {
        let (mut remembering, payload) = (Remembering::new(), unlike(len));
        for _ in 0..20 {
            remembering.compress(&payload, WIDEST, &mut BytesMut::new());
            assert!(remembering.kept() <= 64 << 10, "{len}");
        }
    }
}

proptest! {
    #[test]
    fn any_payloads_are_inflated_by_zlib_and_hardly_grow(
        payloads in prop::collection::vec(prop::collection::vec(0..8_u8, 0..3000), 1..5),
        noise: Vec<u8>,
    ) {
        let mut quick = Quick::new();
        for payload in payloads.iter().chain([&noise]) {
            let wire = compressed(&mut quick, payload, WIDEST);
            prop_assert_eq!(&inflated(&wire, payload.len()), payload);
            prop_assert!(wire.len() <= payload.len() + payload.len() / 8 + 3);
        }
    }
}

//! Both halves against each other: any messages, any cuts, every window, both kinds of context.

use std::iter;

use bytes::BytesMut;
use proptest::{collection::vec, prelude::*};
use sockeye_types::{ContextTakeover, WindowBits};

use super::*;

const NO_LIMIT: usize = usize::MAX;

fn direction(bits: u8, context: ContextTakeover) -> Direction {
    Direction {
        window: WindowBits::new(bits).unwrap(),
        context,
    }
}

fn compressed(compressor: &mut Compressor, payload: &[u8], codecs: &mut Codecs) -> BytesMut {
    let mut out = BytesMut::new();
    compressor.compress(payload, &mut out, codecs);
    out
}

fn inflated<'a>(
    decompressor: &mut Decompressor,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    limit: usize,
    codecs: &mut Codecs,
) -> Result<BytesMut, InflateError> {
    let mut out = BytesMut::new();
    for piece in pieces {
        decompressor.inflate(piece, &mut out, limit, codecs)?;
    }
    decompressor.finish(&mut out, limit, codecs)?;
    Ok(out)
}

/// Bytes that don't compress, always the same ones for a seed.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let step = |state: &u64| {
        Some(
            state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1),
        )
    };
    iter::successors(step(&seed), step)
        .map(|state| state.to_be_bytes()[0])
        .take(len)
        .collect()
}

#[test]
fn hello_is_compressed_and_inflated_as_rfc_7692_shows() {
    let codecs = &mut Codecs::default();
    let kept = direction(15, ContextTakeover::Kept);
    let mut compressor = Compressor::new(kept, 6);
    let mut decompressor = Decompressor::new(kept);
    // RFC 7692 §7.2.3.1 and §7.2.3.2.
    let first = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let again = [0xf2, 0x00, 0x11, 0x00, 0x00];
    assert_eq!(compressed(&mut compressor, b"Hello", codecs), &first[..]);
    assert_eq!(compressed(&mut compressor, b"Hello", codecs), &again[..]);
    for wire in [&first[..], &again] {
        assert_eq!(
            inflated(&mut decompressor, [wire], NO_LIMIT, codecs).unwrap(),
            "Hello"
        );
    }
}

#[test]
fn blocks_of_every_kind_inflate_as_rfc_7692_shows() {
    let codecs = &mut Codecs::default();
    let mut decompressor = Decompressor::new(direction(15, ContextTakeover::None));
    for wire in [
        // RFC 7692 §7.2.3.3: stored.
        &b"\x00\x05\x00\xfa\xffHello\x00"[..],
        // §7.2.3.4: BFINAL set, then an empty block.
        &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
        // The same without the empty block, as a lazy peer may send it.
        &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
        // §7.2.3.5: two blocks.
        &[
            0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00,
        ],
    ] {
        assert_eq!(
            inflated(&mut decompressor, [wire], NO_LIMIT, codecs).unwrap(),
            "Hello"
        );
    }
}

#[test]
fn an_empty_message_is_one_byte_each_time_and_inflates_to_nothing() {
    let codecs = &mut Codecs::default();
    let kept = direction(15, ContextTakeover::Kept);
    let (mut compressor, mut decompressor) = (Compressor::new(kept, 1), Decompressor::new(kept));
    for payload in [&b""[..], b"", b"a", b"", b"", b"a"] {
        let wire = compressed(&mut compressor, payload, codecs);
        assert_eq!(wire == [0x00][..], payload.is_empty());
        let out = inflated(&mut decompressor, [&wire[..]], NO_LIMIT, codecs).unwrap();
        assert_eq!(out, payload);
    }
    assert_eq!(
        inflated(&mut decompressor, [], NO_LIMIT, codecs).unwrap(),
        ""
    );
}

#[test]
fn a_message_after_a_final_block_refers_to_what_came_before_it() {
    let codecs = &mut Codecs::default();
    let kept = direction(9, ContextTakeover::Kept);
    let (mut compressor, mut decompressor) = (Compressor::new(kept, 6), Decompressor::new(kept));
    let secret = noise(1, 100);
    let first = compressed(&mut compressor, &secret, codecs);
    let second = compressed(&mut compressor, &secret, codecs);
    assert!(second.len() < 20, "refers to the first");
    // Two final blocks, which a compressor that keeps its window may put between any two of its blocks.
    let finals = [0x03, 0x00, 0x03, 0x00];
    assert_eq!(
        inflated(&mut decompressor, [&first[..]], NO_LIMIT, codecs).unwrap(),
        secret
    );
    let wire = [&finals[..], &second];
    assert_eq!(
        inflated(&mut decompressor, wire, NO_LIMIT, codecs).unwrap(),
        secret
    );
    // And within one message, also where no context is kept between messages.
    let mut alone = Decompressor::new(direction(9, ContextTakeover::None));
    let wire = [&first[..], &TAIL, &finals, &second];
    let out = inflated(&mut alone, wire, NO_LIMIT, codecs).unwrap();
    assert_eq!(out, [&secret[..], &secret].concat());
    assert_eq!(alone.kept(), 0);
    assert_eq!(
        inflated(&mut alone, [&second[..]], NO_LIMIT, codecs),
        Err(InflateError::Corrupt)
    );
}

#[test]
fn a_message_of_endless_streams_is_corrupt() {
    let codecs = &mut Codecs::default();
    let mut decompressor = Decompressor::new(direction(15, ContextTakeover::Kept));
    for (streams, fits) in [(1024, true), (1024, true), (1025, false)] {
        let finals = [0x03, 0x00].repeat(streams);
        let inflated = inflated(&mut decompressor, [&finals[..]], NO_LIMIT, codecs);
        assert_eq!(inflated.is_ok(), fits);
    }
}

#[test]
fn a_compressor_never_refers_beyond_its_window() {
    let (head, gap) = (noise(1, 200), noise(2, 600));
    for level in 1..=9 {
        for context in [ContextTakeover::Kept, ContextTakeover::None] {
            let codecs = &mut Codecs::default();
            let payload = [&head[..], &gap, &head].concat();
            let mut narrow = Compressor::new(direction(9, context), level);
            let mut wide = Compressor::new(direction(12, context), level);
            assert!(compressed(&mut narrow, &payload, codecs).len() >= payload.len());
            assert!(compressed(&mut wide, &payload, codecs).len() < payload.len() - 150);
            // The same from one message to the next.
            let (mut narrow, mut wide) = (
                Compressor::new(direction(9, ContextTakeover::Kept), level),
                Compressor::new(direction(12, ContextTakeover::Kept), level),
            );
            for (compressor, refers) in [(&mut narrow, false), (&mut wide, true)] {
                compressed(compressor, &head, codecs);
                compressed(compressor, &gap, codecs);
                assert_eq!(compressed(compressor, &head, codecs).len() < 50, refers);
            }
        }
    }
}

#[test]
fn a_reference_beyond_the_window_agreed_on_is_corrupt() {
    let codecs = &mut Codecs::default();
    let mut compressor = Compressor::new(direction(15, ContextTakeover::Kept), 6);
    let mut decompressor = Decompressor::new(direction(9, ContextTakeover::Kept));
    let (head, gap) = (noise(1, 200), noise(2, 600));
    for payload in [&head, &gap] {
        let wire = compressed(&mut compressor, payload, codecs);
        inflated(&mut decompressor, [&wire[..]], NO_LIMIT, codecs).unwrap();
    }
    let wire = compressed(&mut compressor, &head, codecs);
    let failed = inflated(&mut decompressor, [&wire[..]], NO_LIMIT, codecs);
    assert_eq!(failed, Err(InflateError::Corrupt));
}

#[test]
fn what_is_kept_between_messages_is_the_window_as_far_as_it_is_filled() {
    let codecs = &mut Codecs::default();
    let wire = |codecs: &mut Codecs, len| {
        let alone = direction(15, ContextTakeover::None);
        compressed(&mut Compressor::new(alone, 1), &noise(3, len), codecs)
    };
    let mut decompressor = Decompressor::new(direction(10, ContextTakeover::Kept));
    assert_eq!(decompressor.kept(), 0);
    for (len, most) in [
        (60, 64),
        (500, 1024),
        (700, 1024),
        (50_000, 1024),
        (1, 1024),
    ] {
        let wire = wire(codecs, len);
        inflated(&mut decompressor, [&wire[..]], NO_LIMIT, codecs).unwrap();
        assert!(decompressor.kept() <= most, "{len}");
    }
}

#[test]
fn the_limit_is_exact_and_a_bomb_stops_at_it() {
    let codecs = &mut Codecs::default();
    let alone = direction(15, ContextTakeover::None);
    let bomb = compressed(&mut Compressor::new(alone, 9), &vec![0; 10_000_000], codecs);
    assert!(bomb.len() < 20_000);
    for (limit, fits) in [
        (10_000_000, true),
        (9_999_999, false),
        (65_536, false),
        (0, false),
    ] {
        let mut decompressor = Decompressor::new(alone);
        let mut out = BytesMut::new();
        let inflated = decompressor
            .inflate(&bomb, &mut out, limit, codecs)
            .and_then(|()| decompressor.finish(&mut out, limit, codecs));
        assert!(out.len() <= limit && out.capacity() <= 2 * limit.max(16_384));
        if fits {
            assert_eq!((inflated, out.len()), (Ok(()), limit));
        } else {
            assert_eq!(inflated, Err(InflateError::TooBig));
            let again = decompressor.inflate(&[0x00], &mut out, usize::MAX, codecs);
            assert_eq!(again, Err(InflateError::TooBig), "failure is a state");
        }
    }
}

#[test]
fn what_is_put_out_depends_on_what_came_and_not_on_how_it_was_cut() {
    let codecs = &mut Codecs::default();
    let alone = direction(15, ContextTakeover::None);
    let wire = compressed(&mut Compressor::new(alone, 1), &[b'a'; 40_000], codecs);
    let (mut by_bytes, mut out) = (Decompressor::new(alone), BytesMut::new());
    for (sent, byte) in wire.chunks(1).enumerate() {
        by_bytes.inflate(byte, &mut out, NO_LIMIT, codecs).unwrap();
        let mut at_once = BytesMut::new();
        Decompressor::new(alone)
            .inflate(&wire[..=sent], &mut at_once, NO_LIMIT, codecs)
            .unwrap();
        assert_eq!(at_once, out);
    }
}

#[test]
fn corrupt_data_fails_for_good_and_its_state_is_not_lent_again() {
    for wire in [
        &[0xff, 0xff, 0xff][..],
        // A stored block whose length is not repeated, and one that stops short.
        &[0x00, 0x05, 0x00, 0x00, 0x00],
        b"\x00\x05\x00\xfa\xffHel",
        // RFC 7692 §7.2.3.1, cut in the middle of the block.
        &[0xf2, 0x48, 0xcd],
        // The tail that should have been left out, cut.
        &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 0x00],
    ] {
        let codecs = &mut Codecs::default();
        let mut decompressor = Decompressor::new(direction(15, ContextTakeover::Kept));
        for wire in [wire, &[0x00]] {
            let failed = inflated(&mut decompressor, [wire], NO_LIMIT, codecs);
            assert_eq!(failed, Err(InflateError::Corrupt));
        }
        assert_eq!(codecs.idle(), (0, 0));
    }
}

#[test]
fn a_reset_compressor_refers_to_nothing_sent_before() {
    for (level, given_back) in [(1, 0), (2, 1)] {
        let codecs = &mut Codecs::default();
        let mut compressor = Compressor::new(direction(15, ContextTakeover::Kept), level);
        let first = compressed(&mut compressor, b"Hello, Hello", codecs);
        assert_ne!(compressed(&mut compressor, b"Hello, Hello", codecs), first);
        compressor.reset(codecs);
        assert_eq!(codecs.idle(), (given_back, 0));
        assert_eq!(compressed(&mut compressor, b"Hello, Hello", codecs), first);
        assert_eq!(codecs.idle(), (0, 0));
    }
}

#[test]
fn idle_states_are_few_however_many_were_in_use() {
    let codecs = &mut Codecs::default();
    let mut decompressors: Vec<_> = (9..=15)
        .cycle()
        .take(50)
        .map(|bits| Decompressor::new(direction(bits, ContextTakeover::None)))
        .collect();
    for (level, decompressor) in (1..).zip(&mut decompressors) {
        let mut compressor = Compressor::new(direction(9, ContextTakeover::None), level);
        let wire = compressed(&mut compressor, b"Hello", codecs);
        decompressor
            .inflate(&wire, &mut BytesMut::new(), NO_LIMIT, codecs)
            .unwrap();
    }
    assert_eq!(codecs.idle(), (4, 0));
    for decompressor in &mut decompressors {
        decompressor
            .finish(&mut BytesMut::new(), NO_LIMIT, codecs)
            .unwrap();
    }
    assert_eq!(codecs.idle(), (4, 8));
}

/// Payloads that repeat themselves and one another, at distances around those of small windows.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let run = (0..8_u64, 0..700_usize).prop_map(|(seed, len)| noise(seed, len));
    let fill = (any::<u8>(), 0..40_000_usize).prop_map(|(byte, len)| vec![byte; len]);
    vec(prop_oneof![6 => run, 1 => fill], 0..5).prop_map(|runs| runs.concat())
}

fn context() -> impl Strategy<Value = ContextTakeover> {
    prop_oneof![Just(ContextTakeover::Kept), Just(ContextTakeover::None)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_messages_in_any_pieces_inflate_to_themselves(
        bits in 9..=15_u8,
        context in context(),
        level in 1..=9_u8,
        messages in vec((payload(), 1..2000_usize), 1..6),
    ) {
        let codecs = &mut Codecs::default();
        let direction = direction(bits, context);
        let (mut compressor, mut decompressor) = (Compressor::new(direction, level), Decompressor::new(direction));
        for (payload, piece) in &messages {
            let wire = compressed(&mut compressor, payload, codecs);
            prop_assert!(!wire.ends_with(&TAIL));
            let out = inflated(&mut decompressor, wire.chunks(*piece), payload.len(), codecs);
            prop_assert_eq!(out.unwrap(), payload);
        }
    }

    #[test]
    fn connections_that_share_codecs_do_not_disturb_one_another(
        settings in vec((9..=15_u8, context(), 1..=9_u8), 4),
        turns in vec((0..4_usize, payload()), 1..16),
    ) {
        let codecs = &mut Codecs::default();
        let mut conns: Vec<_> = settings
            .iter()
            .map(|&(bits, context, level)| {
                let direction = direction(bits, context);
                (Compressor::new(direction, level), Decompressor::new(direction), None)
            })
            .collect();
        let last_turns = (0..4).map(|turn| (turn, Vec::new()));
        for (turn, payload) in turns.into_iter().chain(last_turns) {
            let (compressor, decompressor, paused) = &mut conns[turn];
            if let Some((mut out, rest, expected)) = paused.take() {
                let rest: BytesMut = rest;
                decompressor.inflate(&rest, &mut out, NO_LIMIT, codecs).unwrap();
                decompressor.finish(&mut out, NO_LIMIT, codecs).unwrap();
                prop_assert_eq!(&out, &expected);
            }
            // Half of it is inflated now, the rest at this connection's next turn.
            let mut half = compressed(compressor, &payload, codecs);
            let rest = half.split_off(half.len() / 2);
            let mut out = BytesMut::new();
            decompressor.inflate(&half, &mut out, NO_LIMIT, codecs).unwrap();
            *paused = Some((out, rest, payload));
        }
    }

    #[test]
    fn garbage_never_panics_and_never_grows_beyond_the_limit(
        pieces in vec(vec(any::<u8>(), 0..200), 0..5),
        limit in 0..500_usize,
    ) {
        let codecs = &mut Codecs::default();
        let mut decompressor = Decompressor::new(direction(9, ContextTakeover::Kept));
        for piece in &pieces {
            let mut out = BytesMut::new();
            let _ = decompressor.inflate(piece, &mut out, limit, codecs);
            let _ = decompressor.finish(&mut out, limit, codecs);
            prop_assert!(out.len() <= limit);
        }
    }
}

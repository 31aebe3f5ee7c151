//! Frames that a server writes are those that a client reads, however the bytes come.

use bytes::{Bytes, BytesMut};
use proptest::{collection::vec, prelude::*};
use sockeye_sockjs_proto::{
    CloseFrame, FrameError, FrameReader, Framing, Receive, Resource, SESSION_RANDOM_BYTES,
    ServerFrame, session_path,
};

use crate::support::{WIDE, messages};

fn frame() -> impl Strategy<Value = ServerFrame> {
    let to_texts = |messages: Vec<String>| messages.into_iter().map(Into::into).collect();
    let close = (any::<u16>(), ".*").prop_map(|(code, reason)| {
        ServerFrame::Close(CloseFrame {
            code: code.into(),
            reason: reason.into(),
        })
    });
    prop_oneof![
        Just(ServerFrame::Open),
        Just(ServerFrame::Heartbeat),
        messages().prop_map(move |messages| ServerFrame::Messages(to_texts(messages))),
        close,
    ]
}

fn write(framing: &Framing, frame: &ServerFrame, out: &mut BytesMut) {
    match frame {
        ServerFrame::Open => framing.open(out),
        ServerFrame::Heartbeat => framing.heartbeat(out),
        ServerFrame::Close(close) => framing.close_frame(close, out),
        ServerFrame::Messages(texts) => {
            let mut batch = framing.batch(out);
            for text in texts {
                batch.text(text);
            }
            batch.finish();
        }
    }
}

/// Feeds a reader pieces of these lengths, then the rest, until it has no more or fails.
fn read(body: &[u8], lengths: &[usize], frame_bytes: usize) -> (Vec<Bytes>, Option<FrameError>) {
    let mut reader = FrameReader::new(frame_bytes);
    let (mut input, mut rest, mut frames) = (BytesMut::new(), body, Vec::new());
    for length in lengths.iter().copied().chain([usize::MAX]) {
        let (piece, after) = rest.split_at(length.min(rest.len()));
        input.extend_from_slice(piece);
        rest = after;
        loop {
            match reader.next(&mut input) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}

proptest! {
    #[test]
    fn a_client_reads_what_a_server_writes_however_it_is_split(
        frames in vec(frame(), 0..6),
        lengths in vec(1..700_usize, 0..12),
    ) {
        let framing = Framing::of(Receive::XhrStreaming, None).unwrap();
        let mut body = BytesMut::from(&framing.prelude().unwrap()[..]);
        for frame in &frames {
            write(&framing, frame, &mut body);
        }
        let (lines, error) = read(&body, &lengths, 1 << 20);
        prop_assert_eq!(error, None);
        let parsed: Result<Vec<_>, _> = lines.iter().map(|line| ServerFrame::parse(line, WIDE)).collect();
        prop_assert_eq!(parsed, Ok(frames));
    }

    #[test]
    fn any_split_of_any_bytes_gives_the_same_frames_and_the_same_error(
        lines in vec(prop_oneof![vec(b'a'..=b'z', 0..20), (2040..2060_usize).prop_map(|len| vec![b'h'; len]),
            (2040..2060_usize).prop_map(|len| vec![b'x'; len])], 0..5),
        lengths in vec(1..900_usize, 0..12),
    ) {
        let body = lines.join(&b'\n');
        prop_assert_eq!(read(&body, &lengths, 2050), read(&body, &[], 2050));
    }

    #[test]
    fn a_server_knows_the_path_of_any_session(random in any::<[u8; SESSION_RANDOM_BYTES]>()) {
        let path = format!("{}/xhr", session_path(random));
        let Some(Resource::Receive { session, by: Receive::Xhr }) = Resource::of(&path) else {
            panic!("{path}");
        };
        prop_assert_eq!(session.len(), 20);
    }
}

//! What two ends agreed on about compression: found as in life, by a handshake.

use http::Uri;
use sockeye_types::{ContextTakeover, Deflate, WindowBits};
use sockeye_ws_proto::{
    deflate::Agreed,
    handshake::{ClientRequest, ServerOffer, accept},
};

/// What two ends agreed on, each seen from its side; `None` is no compression.
#[derive(Debug, Default)]
pub(crate) struct Agreement {
    pub(crate) client: Option<Agreed>,
    pub(crate) server: Option<Agreed>,
}

impl Agreement {
    /// Makes the agreement of a choice: its lowest bit says whether there is compression, the next two who keeps a
    /// context, the three above how large windows are.
    pub(crate) fn new(choice: u8) -> Self {
        if choice & 0x01 == 0 {
            return Self::default();
        }
        let context = |bit: u8| match choice & bit {
            0 => ContextTakeover::None,
            _ => ContextTakeover::Kept,
        };
        let window = WindowBits::new(9 + (choice >> 3) % 7).unwrap_or(WindowBits::MAX);
        let wish = Deflate::default()
            .min_bytes(4)
            .contexts(context(0x02), context(0x04))
            .windows(window, window);
        Self::of(wish)
    }

    /// Lets a client with this wish shake hands with a server with the wish turned around.
    fn of(wish: Deflate) -> Self {
        let uri = Uri::from_static("ws://localhost/");
        let client = ClientRequest::new(uri, [7; 16]).deflate(wish);
        let theirs = wish
            .contexts(wish.peer_context, wish.own_context)
            .windows(wish.peer_window, wish.own_window);
        let offer = ServerOffer {
            protocols: &[],
            deflate: Some(&theirs),
        };
        let request = client.to_request();
        assert!(request.is_ok(), "{request:?}");
        let Ok(request) = request else {
            return Self::default();
        };
        let accepted = accept(&request.into_parts().0, &offer);
        assert!(accepted.is_ok(), "{accepted:?}");
        let Ok(accepted) = accepted else {
            return Self::default();
        };
        let established = client.verify(&accepted.response.into_parts().0);
        assert!(established.is_ok(), "{established:?}");
        let agreement = Self {
            client: established.ok().and_then(|established| established.deflate),
            server: accepted.deflate,
        };
        agreement.check();
        agreement
    }

    /// The two must see the same agreement from both sides.
    fn check(&self) {
        let ours = self
            .server
            .map(|agreed| (agreed.compress, agreed.decompress));
        let theirs = self
            .client
            .map(|agreed| (agreed.decompress, agreed.compress));
        assert!(ours.is_some());
        assert_eq!(ours, theirs);
    }
}

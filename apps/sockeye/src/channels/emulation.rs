//! `/emulation`: commands for clients that listen to a streaming response.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use sockeye::{Requests, Uplink, UplinkError};
use sockeye_channels::{Channels, Emulation};

/// Takes commands in, for sessions that an uplink leads to.
pub(super) fn requests(channels: &Channels, uplink: Uplink) -> Requests {
    let node = channels.info().node.to_string();
    Requests::new([Method::POST], move |request| {
        let (node, uplink) = (node.clone(), uplink.clone());
        async move {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = take(&request, &node, &uplink).await;
            response
        }
    })
}

async fn take(request: &Request<Bytes>, node: &str, uplink: &Uplink) -> StatusCode {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok());
    let Ok(emulation) = Emulation::read(kind, request.body()) else {
        return StatusCode::BAD_REQUEST;
    };
    if emulation.node != node {
        return StatusCode::NOT_FOUND;
    }
    match uplink.deliver(&emulation.session, emulation.message).await {
        // Who asks for a session that is over learns that from its response.
        Ok(()) | Err(UplinkError::UnknownSession) => StatusCode::NO_CONTENT,
        Err(UplinkError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

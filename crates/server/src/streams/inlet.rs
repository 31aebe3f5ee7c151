//! Messages that come for a session through an uplink.

use std::sync::Arc;

use sockeye_endpoint::{Inlet, Putting, UplinkError};
use sockeye_sockjs_proto::RequestError;
use sockeye_types::{Limits, Message};
use tokio::time::timeout;

use crate::carried::Line;

/// Where a session takes its messages.
pub(super) struct StreamInlet {
    pub(super) line: Arc<Line>,
    pub(super) limits: Limits,
}

impl Inlet for StreamInlet {
    fn put(&self, message: Message) -> Putting {
        let (line, limits) = (Arc::clone(&self.line), self.limits);
        Box::pin(async move {
            if message.len() > limits.message_bytes {
                return Err(UplinkError::TooLarge);
            }
            match timeout(limits.message_time, line.put(vec![message])).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(RequestError::UnknownSession)) => Err(UplinkError::UnknownSession),
                Ok(Err(_)) | Err(_) => Err(UplinkError::Busy),
            }
        })
    }
}

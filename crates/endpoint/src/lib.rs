//! Handlers on paths: what a library user writes, whatever transport carries a session.
//!
//! [`Endpoints`] registers handlers on paths with their options. A [`Handler`] (or an `async fn(Socket)`) talks to a
//! [`Session`]; a [`Group`] sends to many. A driver in another crate moves the bytes and drives a [`Conversation`];
//! [`MemoryPeer`] does so in memory, for tests.

mod attributes;
mod batch;
mod call_space;
mod calls;
mod catch;
mod closed;
mod conversation;
mod endpoint;
mod endpoints;
mod group;
mod handler;
mod http_stream;
mod interceptor;
mod memory;
mod options;
mod origin;
mod outbox;
mod overflow;
mod path_params;
mod program;
mod queue;
mod request_head;
mod requests;
mod seat;
mod sender;
mod session;
mod session_id;
mod shared;
mod site;
mod socket;
mod sockjs;
mod uplink;

pub use attributes::Attributes;
pub use batch::Batch;
pub use call_space::CallSpace;
pub use closed::{Closed, Initiator};
pub use conversation::{Conversation, Due};
pub use endpoint::{Endpoint, Found, Routes};
pub use endpoints::{Endpoints, InvalidEndpoints};
pub use group::Group;
pub use handler::{Handler, HandlerError, HandlerResult};
pub use http_stream::{HttpStream, StreamFraming};
pub use interceptor::{Interceptor, Refusal, UpgradeRequest};
pub use memory::MemoryPeer;
pub use options::Options;
pub use origin::{InvalidOrigin, Origins};
pub use outbox::{CanWrite, Outgoing, PingRefused, Rested};
pub use overflow::Overflow;
pub use path_params::PathParams;
pub use program::{BySocket, ByTrait, IntoEndpointHandler};
pub use queue::Queue;
pub use request_head::RequestHead;
pub use requests::{RequestUnderWay, Requests};
pub use sender::{SendError, Sender, Sending, TrySendError};
pub use session::{Opening, Session};
pub use session_id::SessionId;
pub use shared::Shared;
pub use site::{Scheme, Site};
pub use socket::Socket;
pub use sockeye_types::BinaryOverText;
pub use sockjs::SockJs;
pub use uplink::{Inlet, Putting, Uplink, UplinkError, UplinkKey, UplinkSeat};

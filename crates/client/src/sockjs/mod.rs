//! SockJS where something on the way blocks WebSocket: what is tried and in which order, what is remembered, and how a
//! session is carried by HTTP requests. Frames and bodies are the business of `sockjs-proto`.
//!
//! ```text
//! connect ── memory: in which order? ──┬─▶ WebSocket ── proof: does a ping come back? ──┬─▶ Connection
//!    ▲                                 ├─▶ xhr-streaming ── does `o` come in time? ─────┤
//!    └── judge: blocked, or meant? ◀───┴─▶ xhr-polling ─────────────────────────────────┘
//!
//! driver ─┬─ receiver: one response after the other ─▶ inbox
//!         └─ sending: outbox ─▶ one request at a time
//! ```

mod blocked;
mod connect;
mod cookies;
mod data_url;
mod driver;
mod fallback;
mod http_line;
mod judge;
mod loss;
mod memory;
mod proof;
mod receiver;
mod sending;
mod target;

pub use blocked::BlockedTransports;
pub(crate) use connect::{Learned, connect};
pub use fallback::Fallback;

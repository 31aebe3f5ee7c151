//! A client of channels: commands and their replies, and what the server says unasked, over one connection.
//!
//! It does not come back by itself: who lost a connection connects again, and subscribes from the position it had.
//!
//! ```no_run
//! # async fn talk() -> Result<(), Box<dyn std::error::Error>> {
//! use sockeye_channel_client::{Line, Options};
//! use sockeye_client::Connector;
//!
//! let url = "ws://localhost:8080/connection/websocket";
//! let (line, mut pushes) = Line::connect(&Connector::new(), url, Options::default()).await?;
//! line.subscribe("chat:room").await?;
//! line.publish("chat:room", r#""hello""#).await?;
//! while let Some(push) = pushes.next().await {
//!     println!("{push:?}");
//! }
//! # Ok(()) }
//! ```

mod calls;
mod error;
mod line;
mod pushes;

pub use error::{CallError, LineError};
pub use line::{Line, Options};
pub use pushes::Pushes;
pub use sockeye_channel_proto::{
    ClientInfo, Codec, Command, ConnectResult, HistoryRequest, HistoryResult, Publication, Push,
    Reply, StreamPosition, SubscribeRequest, SubscribeResult, reconnects,
};

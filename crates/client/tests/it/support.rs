//! A server of our own, and patience.

use std::{future::Future, net::SocketAddr, time::Duration};

use sockeye_endpoint::Endpoints;
use sockeye_server::Server;
use tokio::{sync::oneshot, time::timeout};

/// What any one step may take on a busy machine before a test counts as hung.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for an event, not for ever.
pub(crate) async fn patiently<T>(event: impl Future<Output = T>) -> T {
    timeout(PATIENCE, event)
        .await
        .expect("what the test waits for does not happen")
}

/// A server on a thread of its own, which ends with this.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) addr: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Served {
    pub(crate) fn new(endpoints: Endpoints) -> Self {
        let bound = Server::new(endpoints)
            .workers(std::num::NonZeroUsize::MIN)
            .bind("127.0.0.1:0")
            .unwrap();
        let addr = bound.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let _ = runtime.block_on(bound.run_until(async {
                let _ = stopped.await;
            }));
        });
        Self { addr, _stop: stop }
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        format!("ws://{}{path}", self.addr)
    }
}

//! What any broker must do; with all of the tail in memory, with next to nothing, and with one channel at a time.

use std::sync::Arc;

use sockeye_broker_sqlite::{DangerClock, Options, SqliteBroker};
use sockeye_channels::contract::Subject;

fn subject(mut options: Options) -> Subject {
    let folder = tempfile::tempdir().unwrap();
    let clock = DangerClock::default();
    options.danger.clock = clock.clone();
    let broker = SqliteBroker::open(folder.path().join("s.db"), options).unwrap();
    Subject {
        broker: Arc::new(broker),
        advance: Box::new(move |by| {
            clock.advance(by);
            Box::pin(tokio::time::advance(by))
        }),
        keep: Box::new(folder),
    }
}

mod in_memory {
    use super::*;

    sockeye_channels::broker_contract!(async { subject(Options::default()) });
}

mod on_disk {
    use super::*;

    sockeye_channels::broker_contract!(async {
        let mut options = Options::default();
        (options.cache_bytes, options.cache_channels) = (0, 0);
        subject(options)
    });
}

mod hardly_in_memory {
    use super::*;

    sockeye_channels::broker_contract!(async {
        let mut options = Options::default();
        (options.cache_bytes, options.queue_len, options.batch_len) = (1000, 1, 1);
        subject(options)
    });
}

//! What any [`Broker`] must do, as tests that a broker's own tests run: see [`broker_contract!`](crate::broker_contract).
//! Also who listens in such tests, and the book of what was acknowledged.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod ears;
mod ledger;
mod rules;

pub use ears::Ears;
pub use ledger::{Fault, Ledger};
pub use rules::*;

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use crate::Broker;

/// What moves the clock by so much, and is done once what follows from that is done.
pub type Advance = Box<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()>>>>;

/// A broker that is put to the test, and its clock.
pub struct Subject {
    /// The broker, new and empty.
    pub broker: Arc<dyn Broker>,
    /// Moves its clock.
    pub advance: Advance,
    /// What must live as long as the broker does: a folder, a server.
    pub keep: Box<dyn std::any::Any>,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("broker", &self.broker)
            .finish_non_exhaustive()
    }
}

/// Makes a test of each rule that any broker follows. Takes the expression of a future that makes a [`Subject`]; tests
/// run with tokio's clock paused.
#[macro_export]
macro_rules! broker_contract {
    ($subject:expr) => {
        $crate::broker_contract! { $subject;
            offsets_begin_at_1_and_each_publication_is_delivered_once,
            publications_come_back_as_they_were,
            concurrent_publishers_make_one_order_and_readers_see_nothing_undelivered,
            pages_of_history_fit_together_in_both_directions,
            odd_pages_hold_what_there_is,
            a_stream_has_its_epoch_before_its_first_publication,
            with_another_epoch_only_the_top_is_read,
            a_repeat_is_told_where_the_first_one_stands,
            old_versions_are_dropped,
            the_oldest_of_too_many_are_forgotten,
            publications_expire_and_later_the_stream_does,
            reading_keeps_a_stream_known,
            removed_history_leaves_offset_and_epoch,
            what_is_not_kept_has_no_offset_and_is_delivered,
            announcements_are_delivered_in_their_order,
        }
    };
    ($subject:expr; $($rule:ident),* $(,)?) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $rule() {
                $crate::contract::$rule(&$subject.await).await;
            }
        )*
    };
}

//! Who listens.

use std::sync::{Arc, Mutex, atomic::AtomicBool, atomic::Ordering::SeqCst};

use crate::{Announcement, Deliver, Publication, StreamPosition};

/// Remembers all that is delivered, and panics where two are delivered into a channel at once.
#[derive(Debug, Default)]
pub struct Ears {
    heard: Mutex<Vec<(String, Arc<Publication>)>>,
    announced: Mutex<Vec<(String, Announcement)>>,
    is_busy: AtomicBool,
}

impl Ears {
    /// Returns what was published into a channel, in the order of delivery.
    pub fn heard(&self, channel: &str) -> Vec<Arc<Publication>> {
        let heard = self.heard.lock().unwrap();
        let there = heard.iter().filter(|(name, _)| name == channel);
        there.map(|(_, publication)| publication.clone()).collect()
    }

    /// Returns the offsets of what was published into a channel, in the order of delivery.
    pub fn offsets(&self, channel: &str) -> Vec<u64> {
        self.heard(channel)
            .iter()
            .map(|heard| heard.offset)
            .collect()
    }

    /// Returns who came to a channel or left it, in the order of delivery.
    pub fn announced(&self, channel: &str) -> Vec<Announcement> {
        let announced = self.announced.lock().unwrap();
        let there = announced.iter().filter(|(name, _)| name == channel);
        there
            .map(|(_, announcement)| announcement.clone())
            .collect()
    }
}

impl Deliver for Ears {
    fn publication(
        &self,
        channel: &str,
        publication: &Arc<Publication>,
        position: Option<&StreamPosition>,
    ) {
        let is_contract = channel == super::BUSY;
        assert!(
            !is_contract || !self.is_busy.swap(true, SeqCst),
            "two at once"
        );
        assert_eq!(publication.offset, position.map_or(0, |it| it.offset));
        let heard = (channel.to_owned(), Arc::clone(publication));
        self.heard.lock().unwrap().push(heard);
        assert!(!is_contract || self.is_busy.swap(false, SeqCst));
    }

    fn announcement(&self, channel: &str, announcement: &Announcement) {
        let announced = (channel.to_owned(), announcement.clone());
        self.announced.lock().unwrap().push(announced);
    }
}

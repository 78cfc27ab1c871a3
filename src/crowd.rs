//! How much one caller may have under way at a time, so that none shuts the others out: counted in this
//! process, by whatever the caller is known by. A [`Place`] is given back when it is dropped. It knows no page.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Requests of one network. Behind a proxy a whole office may be one, and each page takes some at once.
pub const MOST_OF_NETWORK: usize = 64;
/// Requests of one account.
pub const MOST_OF_ACCOUNT: usize = 24;
/// Forms with files of one account.
pub const MOST_UPLOADS: usize = 3;

/// Who has how much under way. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Crowd(Arc<Mutex<HashMap<String, usize>>>);

/// One thing under way.
#[derive(Debug)]
pub struct Place {
    crowd: Crowd,
    key: String,
}

impl Crowd {
    /// A place among the things of `key`; nothing when there are `most` already.
    #[must_use]
    pub fn enter(&self, key: String, most: usize) -> Option<Place> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.get(&key).copied().unwrap_or_default();
        if count >= most {
            return None;
        }
        counts.insert(key.clone(), count + 1);
        Some(Place { crowd: self.clone(), key })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            // Who has nothing under way is forgotten.
            Some(_) | None => {
                counts.remove(&self.key);
            }
        }
    }
}

/// The address that stands for all of one customer.
#[must_use]
pub fn customer(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        ip @ IpAddr::V4(_) => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_back_and_nobody_takes_anothers() {
        let crowd = Crowd::default();
        let enter = |key: &str| crowd.enter(key.to_owned(), 2);
        let first = enter("a").unwrap();
        let second = enter("a").unwrap();
        assert!(enter("a").is_none());
        assert!(enter("b").is_some());
        drop(first);
        assert!(enter("a").is_some());
        drop(second);
        assert!(crowd.0.lock().unwrap().is_empty());
    }
}

//! Now, new ids and secrets. Nobody else asks the system for them.
//!
//! Everything that decides takes the time as an argument. This is where that argument comes from:
//! the system's clock and randomness in the program, a clock that stands still and counts its ids
//! in tests.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use time::Duration;
use uuid::Uuid;

use crate::engine::time::Time;

/// Where time, ids and secrets come from. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    /// The system's clock, so many microseconds ahead of itself.
    System {
        ahead: Arc<AtomicI64>,
    },
    Fixed(Arc<Mutex<Fixed>>),
}

struct Fixed {
    now: Time,
    ahead: Duration,
    seed: i64,
    drawn: u64,
}

impl Clock {
    /// The system's own clock and randomness.
    #[must_use]
    pub fn system() -> Self {
        Self::ahead(Duration::ZERO)
    }

    /// The system's clock and randomness as they will be so much later: for rehearsals.
    #[must_use]
    pub fn ahead(by: Duration) -> Self {
        Self(Source::System { ahead: Arc::new(AtomicI64::new(micros(by))) })
    }

    /// A clock that stands at `now` until it is moved, with ids and secrets counted from
    /// there: another start draws others.
    #[must_use]
    pub fn fixed(now: Time) -> Self {
        Self(Source::Fixed(Arc::new(Mutex::new(Fixed {
            now,
            ahead: Duration::ZERO,
            seed: now.micros(),
            drawn: 0,
        }))))
    }

    /// The present moment.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one place that asks the system")]
    pub fn now(&self) -> Time {
        match &self.0 {
            Source::System { ahead } => {
                let ahead = Duration::microseconds(ahead.load(Ordering::SeqCst));
                Time::new(time::OffsetDateTime::now_utc()).plus(ahead)
            }
            Source::Fixed(fixed) => fixed.lock().unwrap_or_else(PoisonError::into_inner).now,
        }
    }

    /// How far it is ahead of the real time.
    #[must_use]
    pub fn ahead_by(&self) -> Duration {
        match &self.0 {
            Source::System { ahead } => Duration::microseconds(ahead.load(Ordering::SeqCst)),
            Source::Fixed(fixed) => fixed.lock().unwrap_or_else(PoisonError::into_inner).ahead,
        }
    }

    /// From now on so far ahead of the real time, for everybody who shares this clock; whether that moved it.
    /// It never goes back.
    pub fn catch_up(&self, to: Duration) -> bool {
        match &self.0 {
            Source::System { ahead } => ahead.fetch_max(micros(to), Ordering::SeqCst) < micros(to),
            Source::Fixed(fixed) => {
                let mut fixed = fixed.lock().unwrap_or_else(PoisonError::into_inner);
                let by = to - fixed.ahead;
                if by.is_positive() {
                    fixed.now = fixed.now.plus(by);
                    fixed.ahead = to;
                }
                by.is_positive()
            }
        }
    }

    /// Moves a fixed clock forward. The system's clock does not obey, and nothing happens.
    pub fn advance(&self, by: Duration) {
        if let Source::Fixed(fixed) = &self.0 {
            let mut fixed = fixed.lock().unwrap_or_else(PoisonError::into_inner);
            fixed.now = fixed.now.plus(by);
        }
    }

    /// A new id, a UUID of version 7: later ones sort behind earlier ones.
    #[must_use]
    pub fn id(&self) -> Uuid {
        let micros = u64::try_from(self.now().micros()).unwrap_or_default();
        let tail = self.tail(micros % 1_000);
        uuid::Builder::from_unix_timestamp_millis(micros / 1_000, &tail).into_uuid()
    }

    /// The part of an id behind its milliseconds. From the system it is random behind twelve bits that go
    /// on telling the time (RFC 9562, section 6.2, method 3), since lists sort by ids and several things
    /// are written in one millisecond. From a fixed clock it is counted, so that the ids of a test sort
    /// as they were made.
    fn tail(&self, micros: u64) -> [u8; 10] {
        match &self.0 {
            Source::System { .. } => {
                let mut tail = self.random();
                let [_, _, _, _, _, _, high, low] = (micros * 4_096 / 1_000).to_be_bytes();
                (tail[0], tail[1]) = (high, low);
                tail
            }
            Source::Fixed(fixed) => {
                let mut fixed = fixed.lock().unwrap_or_else(PoisonError::into_inner);
                fixed.drawn += 1;
                let mut tail = [0; 10];
                let (_, count) = tail.split_at_mut(2);
                count.copy_from_slice(&fixed.drawn.to_be_bytes());
                tail
            }
        }
    }

    /// A secret of 256 bits, as 43 characters that may stand in an address.
    #[must_use]
    pub fn secret(&self) -> String {
        let random: [u8; 32] = self.random();
        data_encoding::BASE64URL_NOPAD.encode(&random)
    }

    /// Random bytes: unguessable from the system, repeatable from a fixed clock.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            Source::System { .. } => draw(&mut bytes),
            Source::Fixed(fixed) => {
                let mut fixed = fixed.lock().unwrap_or_else(PoisonError::into_inner);
                fixed.drawn += 1;
                let digest = Sha256::digest([fixed.seed.to_be_bytes(), fixed.drawn.to_be_bytes()].concat());
                for (to, from) in bytes.iter_mut().zip(digest.iter().cycle()) {
                    *to = *from;
                }
            }
        }
        bytes
    }
}

fn micros(of: Duration) -> i64 {
    i64::try_from(of.whole_microseconds()).unwrap_or(i64::MAX)
}

/// Without the system's randomness no token is safe, so the process stops.
#[allow(clippy::disallowed_methods, clippy::expect_used, reason = "the one place that asks the system")]
fn draw(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system gives randomness");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_the_system_sort_as_they_were_made_and_are_never_the_same() {
        let clock = Clock::system();
        let mut ids = Vec::new();
        while ids.len() < 50 {
            // Only ids of different microseconds are told apart.
            let before = clock.now();
            ids.push(clock.id());
            while clock.now() <= before.plus(Duration::microseconds(1)) {}
        }
        assert!(ids.is_sorted(), "{ids:?}");
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len());
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn a_clock_that_is_ahead_is_the_system_s_own_and_later() {
        let (now, later) = (Clock::system().now(), Clock::ahead(Duration::hours(2)).now());
        assert!(later.since(now) >= Duration::hours(2) && later.since(now) < Duration::hours(3));
    }

    #[test]
    fn a_clock_catches_up_for_everybody_and_never_goes_back() {
        for clock in [Clock::system(), Clock::fixed(Clock::system().now())] {
            let (other, before) = (clock.clone(), clock.now());
            assert!(clock.catch_up(Duration::hours(2)));
            assert!(!other.catch_up(Duration::hours(2)) && !other.catch_up(Duration::hours(1)));
            assert_eq!(other.ahead_by(), Duration::hours(2));
            assert!(other.now().since(before) >= Duration::hours(2));
        }
    }
}

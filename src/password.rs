//! Passwords: what is good enough, and how they are kept.
//!
//! Kept as argon2id, 19 MiB and two passes (OWASP's first choice). A hash takes some 30 ms of a whole
//! core, so it runs on the blocking pool, one at a time a core: pages stay quick while many sign in.
//! This module knows no table and no page.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use argon2::password_hash::{self, PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::text::{composed, decomposed};

/// The fewest characters of a password (issue: at least 12).
pub const SHORTEST: usize = 12;
/// The most. Argon2 takes longer ones, but nobody types them, and somebody would send megabytes.
pub const LONGEST: usize = 128;

static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    include_str!("password/common.txt").lines().filter(|line| !line.starts_with('#')).collect()
});

/// Rows of keys and of the alphabet, as fingers and lazy heads go along them.
const WALKS: [&str; 10] = [
    "0123456789012345678901234567890",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnmqwertyuiop",
    "poiuytrewqlkjhgfdsamnbvcxz",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "!@#$%^&*()_+!@#$%^&*()_+",
];

/// Why a password is not good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    TooShort,
    TooLong,
    /// It is, or is little more than, something that attackers try first.
    Common,
    /// It holds the person's own name or address.
    Personal,
}

impl Weakness {
    /// The sentence for its field.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::TooShort => "Use at least 12 characters. Three or four unrelated words work well.",
            Self::TooLong => "Use at most 128 characters.",
            Self::Common => {
                "This password is among those that attackers try first. Three or four unrelated words work well."
            }
            Self::Personal => "Leave your name, your address and the name of this site out of your password.",
        }
    }
}

/// What is wrong with `password` for the person with this address and name, if anything.
#[must_use]
pub fn weakness(password: &str, email: &str, name: &str) -> Option<Weakness> {
    let password = composed(password);
    let length = password.chars().count();
    if length < SHORTEST {
        return Some(Weakness::TooShort);
    }
    if length > LONGEST {
        return Some(Weakness::TooLong);
    }
    let lower = password.to_lowercase();
    if is_personal(&lower, email, name) {
        return Some(Weakness::Personal);
    }
    let is_common = has_few_signs(&lower)
        || is_repeated(&lower)
        || is_a_walk(&lower)
        || COMMON.contains(lower.as_str())
        || stems(&lower).iter().any(|stem| is_common_stem(stem));
    is_common.then_some(Weakness::Common)
}

fn is_personal(lower: &str, email: &str, name: &str) -> bool {
    let squeezed: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    let email = email.to_lowercase();
    let name = composed(name).to_lowercase();
    let parts =
        email.split(|c: char| !c.is_alphanumeric()).chain(name.split_whitespace()).chain(["holdfast"]);
    let mut parts = parts.filter(|part| part.chars().count() >= 4);
    parts.any(|part| squeezed.contains(part))
}

/// "aaaabbbbaaaa", "121212121212": long, but with next to nothing in it.
fn has_few_signs(lower: &str) -> bool {
    lower.chars().collect::<HashSet<_>>().len() < 5
}

/// The same few signs again and again: "tree1tree1tree1".
fn is_repeated(lower: &str) -> bool {
    let signs: Vec<char> = lower.chars().collect();
    (1..=signs.len() / 2)
        .take_while(|unit| *unit <= 6)
        .any(|unit| signs.iter().zip(signs.iter().skip(unit)).all(|(one, next)| one == next))
}

fn is_a_walk(lower: &str) -> bool {
    let back: String = lower.chars().rev().collect();
    WALKS.iter().any(|walk| walk.contains(lower) || walk.contains(&back))
}

/// What is left of a password without the digits and signs hung on to it, and with those inside it
/// read as the letters that they stand for: "P4ssw0rd!2024" and "1Passw0rd" are "password".
fn stems(lower: &str) -> [String; 2] {
    let trim = |text: &str| text.trim_matches(|c: char| !c.is_alphabetic()).to_owned();
    let letters = |text: String| text.chars().filter(|c| c.is_alphabetic()).collect::<String>();
    [letters(unmasked(&trim(lower))), letters(trim(&unmasked(lower)))]
}

fn unmasked(text: &str) -> String {
    let unmask = |sign| match sign {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        '8' => 'b',
        '9' => 'g',
        other => other,
    };
    text.chars().map(unmask).collect()
}

/// A common word, one said twice, or next to nothing (digits and signs alone are a date or a number).
fn is_common_stem(stem: &str) -> bool {
    let half = stem.len() / 2;
    let twice = stem.len().is_multiple_of(2) && stem.is_char_boundary(half) && stem[..half] == stem[half..];
    stem.chars().count() < 4 || COMMON.contains(stem) || (twice && COMMON.contains(&stem[..half]))
}

/// Hashes and compares passwords. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    params: Params,
}

/// The password could not be worked on; nothing a visitor could mend.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("password hash: {0}")]
    Hash(#[from] password_hash::Error),
    #[error("password hash: {0}")]
    Params(#[from] argon2::Error),
    #[error("the work on a password was broken off")]
    BrokenOff,
}

impl Passwords {
    /// As strong as they shall be.
    #[must_use]
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { turns: Arc::new(Semaphore::new(cores)), params: Params::DEFAULT }
    }

    /// Quick and weak, for tests that sign in a hundred times.
    ///
    /// # Errors
    /// None that can happen.
    pub fn quick() -> Result<Self, PasswordError> {
        Ok(Self { params: Params::new(Params::MIN_M_COST, 1, 1, None)?, ..Self::new() })
    }

    /// The text to store for `password`, with a salt of its own. It is hashed with its letters composed: keyboards
    /// send an accent with its letter or behind it, and their owners see no difference.
    ///
    /// # Errors
    /// The work was broken off.
    pub async fn hash(&self, clock: &Clock, password: String) -> Result<String, PasswordError> {
        let salt: [u8; 16] = clock.random();
        self.in_turn(move |argon2| {
            let hash: PasswordHash = argon2.hash_password_with_salt(composed(&password).as_bytes(), &salt)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether `password` is the one that `stored` was made of. Without a stored one it works just as
    /// long and says no, so that time does not tell which accounts there are.
    ///
    /// # Errors
    /// The work was broken off, or the stored text is none of ours.
    pub async fn verify(&self, stored: Option<String>, password: String) -> Result<bool, PasswordError> {
        // Nobody types a longer one, and hashing megabytes for strangers is a gift to them.
        let fits = password.chars().count() <= LONGEST;
        let password = if fits { password } else { String::new() };
        self.in_turn(move |argon2| {
            // Earlier hashes were made of what a keyboard sent, whichever way that was.
            let mut spellings = vec![composed(&password), password.clone(), decomposed(&password)];
            spellings.dedup();
            let Some(stored) = stored else {
                for spelling in spellings {
                    let _: PasswordHash = argon2.hash_password_with_salt(spelling.as_bytes(), &[0; 16])?;
                }
                return Ok(false);
            };
            let stored = PasswordHash::new(&stored).map_err(password_hash::Error::from)?;
            for spelling in spellings {
                match argon2.verify_password(spelling.as_bytes(), &stored) {
                    Ok(()) => return Ok(fits),
                    Err(password_hash::Error::PasswordInvalid) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(false)
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(Argon2<'_>) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| PasswordError::BrokenOff)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        tokio::task::spawn_blocking(move || {
            // Held here and not by the caller: a visitor who goes away must not free the core that
            // still works for him.
            let _turn = turn;
            work(argon2)
        })
        .await
        .map_err(|_| PasswordError::BrokenOff)?
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Time;

    fn verdict(password: &str) -> Option<Weakness> {
        weakness(password, "amel.trabelsi@example.com", "Amel Trabelsi")
    }

    #[test]
    fn four_words_or_random_signs_are_good() {
        for password in
            ["copper violin thursday marsh", "xK9#mQ2$vL7p", "lampe-noisette-gravier", "бумажный тигр спит"]
        {
            assert_eq!(verdict(password), None, "{password}");
        }
    }

    #[test]
    fn what_attackers_try_first_is_refused_however_it_is_dressed_up() {
        for password in [
            "password1234",
            "P4ssw0rd!2024",
            "1Passw0rd!!!",
            "Welcome2024!!",
            "iloveyou1234",
            "ILoveYouForever",
            "qwertyuiop12",
            "qwertyuiopas",
            "poiuytrewqlk",
            "123456789012",
            "1qaz2wsx3edc",
            "aaaaaaaaaaaa",
            "121212121212",
            "tree1tree1tree1",
            "correcthorsebatterystaple",
            "sunshinesunshine",
            "19841217198412",
            "motdepasse2024",
            "abcdefghijkl",
            "letmein!!!!!",
            "Football2024!",
        ] {
            assert_eq!(verdict(password), Some(Weakness::Common), "{password}");
        }
    }

    #[test]
    fn the_name_and_the_address_are_no_secret() {
        for password in
            ["trabelsi-1987-tunis", "AMEL.rides-a-bike", "my holdfast words", "example mountain 42"]
        {
            assert_eq!(verdict(password), Some(Weakness::Personal), "{password}");
        }
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(verdict("elevenchars"), Some(Weakness::TooShort));
        assert_eq!(verdict(&"ab1x".repeat(33)), Some(Weakness::TooLong));
        assert_eq!(verdict("ключ🔑озеро🌊7"), None);
    }

    #[tokio::test]
    async fn a_password_is_known_again_and_no_other_is() {
        let clock = Clock::fixed(Time::from_micros(0));
        let passwords = Passwords::quick().unwrap();
        let stored = passwords.hash(&clock, "copper violin".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert_ne!(stored, passwords.hash(&clock, "copper violin".into()).await.unwrap());
        assert!(passwords.verify(Some(stored.clone()), "copper violin".into()).await.unwrap());
        assert!(!passwords.verify(Some(stored), "copper viola".into()).await.unwrap());
        assert!(!passwords.verify(None, "copper violin".into()).await.unwrap());
    }

    #[tokio::test]
    async fn an_accent_is_an_accent_however_a_keyboard_sends_it() {
        let (composed, apart) = ("été à la forêt noire", "e\u{301}te\u{301} a\u{300} la fore\u{302}t noire");
        let clock = Clock::fixed(Time::from_micros(0));
        let passwords = Passwords::quick().unwrap();
        for (set, typed) in [(composed, apart), (apart, composed), (apart, apart)] {
            let stored = passwords.hash(&clock, set.into()).await.unwrap();
            assert!(passwords.verify(Some(stored.clone()), typed.into()).await.unwrap());
            assert!(!passwords.verify(Some(stored), "ete a la foret noire".into()).await.unwrap());
        }
        // As an earlier version hashed it: byte for byte what the keyboard sent.
        let old = Argon2::new(Algorithm::Argon2id, Version::V0x13, passwords.params.clone());
        let old: PasswordHash = old.hash_password_with_salt(apart.as_bytes(), &[7; 16]).unwrap();
        for typed in [composed, apart] {
            assert!(passwords.verify(Some(old.to_string()), typed.into()).await.unwrap());
        }
    }

    #[tokio::test]
    #[allow(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
    async fn an_account_that_is_not_there_takes_as_long_as_a_wrong_password() {
        let passwords = Passwords::new();
        let stored =
            passwords.hash(&Clock::fixed(Time::from_micros(0)), "copper violin".into()).await.unwrap();
        let mut quickest = [std::time::Duration::MAX; 2];
        for _ in 0..7 {
            for (stored, quickest) in [Some(stored.clone()), None].into_iter().zip(&mut quickest) {
                let begun = std::time::Instant::now();
                assert!(!passwords.verify(stored, "copper viola".into()).await.unwrap());
                *quickest = begun.elapsed().min(*quickest);
            }
        }
        let [there, not_there] = quickest;
        assert!(there < not_there * 2 && not_there < there * 2, "{there:?} and {not_there:?}");
    }
}

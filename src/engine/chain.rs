//! Hash links: each event of an escrow seals all before it.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// The link before the first event.
pub const GENESIS: [u8; 32] = [0; 32];

/// `SHA-256(previous hash ‖ sequence, 8 bytes big-endian ‖ exact stored bytes)`.
#[must_use]
pub fn link(previous: &[u8], seq: u64, bytes: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(previous);
    digest.update(seq.to_be_bytes());
    digest.update(bytes);
    digest.finalize().into()
}

/// SHA-256 in lower-case hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// A digest of something erasable, with the salt that is erased with it: without the salt it tells nothing.
#[must_use]
pub fn salted_hex(salt: &[u8], text: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(salt);
    digest.update(text.as_bytes());
    HEXLOWER.encode(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_depends_on_all_that_it_seals() {
        let first = link(&GENESIS, 1, b"event");
        assert_ne!(first, link(&GENESIS, 2, b"event"));
        assert_ne!(first, link(&GENESIS, 1, b"event "));
        assert_ne!(first, link(&first, 1, b"event"));
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

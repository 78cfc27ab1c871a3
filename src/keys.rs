//! The key of this portal that lies outside the database, as a file. It signs checkpoints, and seals what a copy of
//! the database must not tell. It knows no table; which key is the portal's stands in the audit (`checkpoints.rs`).

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::clock::Clock;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";
/// What PKCS #8 writes before the 32 bytes of an Ed25519 key.
const PREFIX: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// What a sealed text is for: each purpose has a key of its own, derived from the file's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The secrets of pay links.
    PayLink,
}

impl Purpose {
    fn info(self) -> &'static [u8] {
        match self {
            Self::PayLink => b"holdfast pay link 1",
        }
    }
}

/// The key, or none on a machine that lacks it. Cheap to clone; its `Debug` shows no secret.
#[derive(Clone, Default)]
pub struct Keys(Option<Arc<Inner>>);

struct Inner {
    pair: Ed25519KeyPair,
    seed: [u8; 32],
    public: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Keys").field(&self.public()).finish()
    }
}

impl Keys {
    /// The key made of these bytes; `None` where they are none.
    #[must_use]
    pub fn of_seed(seed: [u8; 32]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
        let public = HEXLOWER.encode(pair.public_key().as_ref());
        Some(Self(Some(Arc::new(Inner { pair, seed, public }))))
    }

    /// Reads the key of a file; none where there is no file.
    ///
    /// # Errors
    /// The disk's, or a file that holds no Ed25519 key in PEM.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let body: String = text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
        let der = BASE64.decode(body.as_bytes()).unwrap_or_default();
        let seed = der.strip_prefix(&PREFIX[..]).and_then(|seed| seed.try_into().ok());
        seed.and_then(Self::of_seed)
            .ok_or_else(|| io::Error::other("it holds no Ed25519 key as PEM (PKCS #8)"))
    }

    /// Draws a key and writes it where there is none, readable by its owner alone.
    ///
    /// # Errors
    /// The disk's; a file that is there already is one.
    pub fn create(path: &Path, clock: &Clock) -> io::Result<Self> {
        let seed = clock.random::<32>();
        let keys = Self::of_seed(seed).ok_or_else(|| io::Error::other("no key can be made"))?;
        let pem = format!("{BEGIN}\n{}\n{END}\n", BASE64.encode(&[&PREFIX[..], &seed].concat()));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(pem.as_bytes())?;
        file.sync_all()?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder)?.sync_all()?;
        }
        Ok(keys)
    }

    /// The public half in hex; nothing on a machine that lacks the key.
    #[must_use]
    pub fn public(&self) -> Option<&str> {
        self.0.as_ref().map(|inner| inner.public.as_str())
    }

    /// The signature of some bytes in hex; nothing without the key.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> Option<String> {
        self.0.as_ref().map(|inner| HEXLOWER.encode(inner.pair.sign(bytes).as_ref()))
    }

    /// Seals a text so that it opens with this key, for this purpose and beside `beside` alone; nothing without the key.
    #[must_use]
    pub fn seal(&self, purpose: Purpose, beside: &[u8], text: &str, clock: &Clock) -> Option<Vec<u8>> {
        let nonce = clock.random::<NONCE_LEN>();
        let mut sealed = text.as_bytes().to_vec();
        let key = self.derived(purpose)?;
        let unique = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(unique, Aad::from(beside), &mut sealed).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// What was sealed; nothing without the key or for what it did not seal.
    #[must_use]
    pub fn open(&self, purpose: Purpose, beside: &[u8], sealed: &[u8]) -> Option<String> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let (nonce, mut opened) = (Nonce::try_assume_unique_for_key(nonce).ok()?, sealed.to_vec());
        let text = self.derived(purpose)?.open_in_place(nonce, Aad::from(beside), &mut opened).ok()?;
        String::from_utf8(text.to_vec()).ok()
    }

    fn derived(&self, purpose: Purpose) -> Option<LessSafeKey> {
        let inner = self.0.as_ref()?;
        let extracted = Salt::new(HKDF_SHA256, b"holdfast").extract(&inner.seed);
        let info = [purpose.info()];
        let expanded = extracted.expand(&info, &CHACHA20_POLY1305).ok()?;
        Some(LessSafeKey::new(UnboundKey::from(expanded)))
    }
}

/// Whether a signature (in hex) of some bytes is that of a public key (in hex).
#[must_use]
pub fn verifies(public: &str, bytes: &[u8], signature: &str) -> bool {
    let read = |hex: &str| HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).unwrap_or_default();
    UnparsedPublicKey::new(&ED25519, read(public)).verify(bytes, &read(signature)).is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::engine::time::Time;

    #[test]
    fn a_signature_is_one_key_s_over_one_text() {
        let (key, other) = (Keys::of_seed([7; 32]).unwrap(), Keys::of_seed([8; 32]).unwrap());
        let (public, signature) = (key.public().unwrap(), key.sign(b"text").unwrap());
        assert!(verifies(public, b"text", &signature));
        assert!(!verifies(public, b"test", &signature));
        assert!(!verifies(other.public().unwrap(), b"text", &signature));
        assert!(!verifies(public, b"text", "") && !verifies("", b"text", &signature));
        assert_eq!(Keys::default().sign(b"text"), None);
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_beside_its_row_alone() {
        let clock = Clock::fixed(Time::from_micros(7));
        let key = Keys::of_seed([7; 32]).unwrap();
        let sealed = key.seal(Purpose::PayLink, b"row", "secret", &clock).unwrap();
        assert_ne!(key.seal(Purpose::PayLink, b"row", "secret", &clock).unwrap(), sealed);
        assert!(!sealed.windows(6).any(|six| six == b"secret"));
        assert_eq!(key.open(Purpose::PayLink, b"row", &sealed).as_deref(), Some("secret"));
        assert_eq!(key.open(Purpose::PayLink, b"another row", &sealed), None);
        assert_eq!(Keys::of_seed([8; 32]).unwrap().open(Purpose::PayLink, b"row", &sealed), None);
        assert_eq!(Keys::default().open(Purpose::PayLink, b"row", &sealed), None);
        for end in [0, 3, sealed.len() - 1] {
            assert_eq!(key.open(Purpose::PayLink, b"row", &sealed[..end]), None);
        }
    }

    #[test]
    fn a_key_is_read_back_from_a_file_that_is_its_owner_s_alone() {
        let clock = Clock::system();
        let path = std::env::temp_dir().join(format!("holdfast-key-{}", clock.id()));
        assert_eq!(Keys::read(&path).unwrap().public(), None);
        let made = Keys::create(&path, &clock).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Keys::read(&path).unwrap().public(), made.public());
        assert!(Keys::create(&path, &clock).is_err());
        std::fs::write(&path, "no key").unwrap();
        assert!(Keys::read(&path).is_err());
        std::fs::remove_file(&path).unwrap();
    }
}

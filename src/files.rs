//! The bytes of attached files, below the data folder, each under its SHA-256: the same file attached
//! twice lies there once, and what lies there is never changed. Who may read a file is not known here.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures_util::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::clock::Clock;
use crate::engine::check::LARGEST_FILE_BYTES;
use crate::text;

/// What is kept of a file's beginning to tell its type.
const HEAD_BYTES: usize = 8 * 1024;

/// How much of files may be on its way at a time: what has not arrived whole belongs to nobody, and whoever
/// begins many must not fill the disk with it.
pub const MOST_ARRIVING_BYTES: i64 = 512 * 1024 * 1024;

/// An empty file of this name says that the portal starts without the files that are not here.
pub const GIVEN_UP: &str = "lost";

/// People's contracts and pictures are for no other user of this machine.
const OURS: u32 = 0o600;

/// The folder of the files. Cheap to clone.
#[derive(Clone)]
pub struct Files {
    pub(crate) root: PathBuf,
    pub(crate) clock: Clock,
    /// Bytes of files that are still on their way to this process, all together.
    arriving: Arc<AtomicI64>,
}

/// What was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Lower-case hexadecimal.
    pub sha256: String,
    pub size_bytes: i64,
    /// By its content, whatever its name says.
    pub media_type: &'static str,
}

/// Why a file was not taken. `E` is what can go wrong on the way from the sender.
#[derive(Debug, thiserror::Error)]
pub enum TakeError<E> {
    #[error("the file is larger than 20 MiB")]
    TooLarge,
    #[error("the file is empty")]
    Empty,
    #[error("too many files are on their way")]
    Crowded,
    #[error("the file did not arrive whole")]
    Interrupted(E),
    #[error("storing a file: {0}")]
    Disk(#[from] io::Error),
}

impl Files {
    /// The files below this data folder. Folders are made when the first file comes.
    #[must_use]
    pub fn new(data_dir: &Path, clock: Clock) -> Self {
        Self { root: data_dir.join("files"), clock, arriving: Arc::default() }
    }

    /// Takes a file in. When this returns, the bytes are on the disk to stay, so a row that names them
    /// may be written. Of what was refused nothing is left; the rest of `chunks` is then unread.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn take<S, E>(&self, chunks: &mut S) -> Result<Stored, TakeError<E>>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
    {
        let folder = self.root.join("tmp");
        fs::create_dir_all(&folder).await?;
        let path = folder.join(self.clock.id().simple().to_string());
        let mut unfinished = Unfinished { path, bytes: 0, arriving: self.arriving.clone() };
        let mut file = File::options().write(true).create_new(true).mode(OURS).open(&unfinished.path).await?;
        let (mut digest, mut size, mut head) = (Sha256::new(), 0_i64, Vec::new());
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(TakeError::Interrupted)?;
            size += i64::try_from(chunk.len()).unwrap_or(i64::MAX / 2);
            if size > LARGEST_FILE_BYTES {
                return Err(TakeError::TooLarge);
            }
            if !unfinished.grows_to(size) {
                return Err(TakeError::Crowded);
            }
            head.extend_from_slice(&chunk[..chunk.len().min(HEAD_BYTES - head.len())]);
            digest.update(&chunk);
            file.write_all(&chunk).await?;
        }
        if size == 0 {
            return Err(TakeError::Empty);
        }
        file.flush().await?;
        file.sync_all().await?;
        let sha256 = HEXLOWER.encode(&digest.finalize());
        self.keep(unfinished, &sha256).await?;
        Ok(Stored { sha256, size_bytes: size, media_type: media_type(&head) })
    }

    /// Opens the bytes of a file to be read.
    ///
    /// # Errors
    /// The disk's; `NotFound` when they are gone.
    pub async fn open(&self, sha256: &str) -> io::Result<File> {
        match File::open(self.path(sha256)?).await {
            // Bytes that are set aside are still there, and go back to their place if a row names them.
            Err(error) if error.kind() == io::ErrorKind::NotFound => File::open(self.aside(sha256)).await,
            opened => opened,
        }
    }

    /// What the bytes are that lie where those of a digest belong: their own digest, size and type.
    ///
    /// # Errors
    /// The disk's; `NotFound` when they are gone.
    pub async fn look(&self, sha256: &str) -> io::Result<Stored> {
        seen(&mut self.open(sha256).await?).await
    }

    /// Whether the bytes are there and are still what they were.
    ///
    /// # Errors
    /// The disk's; a file that is gone is `false`.
    pub async fn is_whole(&self, sha256: &str) -> io::Result<bool> {
        match self.look(sha256).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            seen => Ok(seen?.sha256 == sha256),
        }
    }

    /// Whether bytes lie here under this digest, whatever they are.
    ///
    /// # Errors
    /// The disk's.
    pub async fn is_here(&self, sha256: &str) -> io::Result<bool> {
        match self.open(sha256).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Where they lie, for whoever runs the portal.
    #[must_use]
    pub fn folder(&self) -> String {
        self.root.display().to_string()
    }

    /// Whether somebody who runs the portal has said that what is not here is lost for good.
    #[must_use]
    pub fn are_given_up(&self) -> bool {
        self.root.join(GIVEN_UP).exists()
    }

    /// Gives finished bytes their place. Renaming replaces in one step, so a file that is there
    /// already, whole or damaged, is whole afterwards.
    async fn keep(&self, unfinished: Unfinished, sha256: &str) -> io::Result<()> {
        let path = self.path(sha256)?;
        let folder = path.parent().unwrap_or(&self.root).to_owned();
        fs::create_dir_all(&folder).await?;
        fs::rename(&unfinished.path, &path).await?;
        // A name outlives a power cut only when its folder was written, and so up to the data folder.
        for folder in folder.ancestors().take(4) {
            File::open(folder).await?.sync_all().await?;
        }
        Ok(())
    }

    pub(crate) fn path(&self, sha256: &str) -> io::Result<PathBuf> {
        // Nothing but a digest may become a path.
        if sha256.len() != 64
            || !sha256.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a SHA-256"));
        }
        Ok(self.root.join(&sha256[..2]).join(&sha256[2..4]).join(sha256))
    }
}

/// Reads what is left of a file, and tells what it is.
///
/// # Errors
/// The disk's.
pub async fn seen(file: &mut File) -> io::Result<Stored> {
    let (mut digest, mut size, mut head) = (Sha256::new(), 0_i64, Vec::new());
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer).await?;
        if read == 0 {
            let sha256 = HEXLOWER.encode(&digest.finalize());
            return Ok(Stored { sha256, size_bytes: size, media_type: media_type(&head) });
        }
        size += i64::try_from(read).unwrap_or(i64::MAX / 2);
        head.extend_from_slice(&buffer[..read.min(HEAD_BYTES - head.len())]);
        digest.update(&buffer[..read]);
    }
}

/// A file on its way. Dropped before it got its place, it is removed.
struct Unfinished {
    path: PathBuf,
    bytes: i64,
    arriving: Arc<AtomicI64>,
}

impl Unfinished {
    /// Counts what has come of it; whether there is room for it among all that are on their way.
    fn grows_to(&mut self, bytes: i64) -> bool {
        let more = bytes - self.bytes;
        self.bytes = bytes;
        self.arriving.fetch_add(more, Ordering::Relaxed) + more <= MOST_ARRIVING_BYTES
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.arriving.fetch_sub(self.bytes, Ordering::Relaxed);
        // It is gone when it was renamed, and what can't be removed hinders nobody.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The type of what begins like this. A name may say anything, so it is not asked.
fn media_type(head: &[u8]) -> &'static str {
    if let Some(kind) = infer::get(head) {
        return kind.mime_type();
    }
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A letter of several bytes may be cut in two where the head ends.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return "application/octet-stream",
    };
    if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}')) {
        return "application/octet-stream";
    }
    "text/plain"
}

/// A file's name as it may be shown and saved: the last part of a path, on one line and
/// without signs that nobody sees, some of which turn the reading direction round and hide an ending.
#[must_use]
pub fn clean_name(name: &str) -> String {
    const LONGEST: usize = 120;
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = text::clean(&last.replace("\r\n", " ")).replace(['\n', '\t'], " ");
    let plain = text::trimmed(&plain).trim_matches('.').trim();
    if text::is_blank(plain) {
        return "file".to_owned();
    }
    let length = plain.chars().count();
    if length <= LONGEST {
        return plain.to_owned();
    }
    // The ending says most, so the middle goes.
    let (head, tail) = (LONGEST - 21, length - 20);
    let head: String = plain.chars().take(head).collect();
    let tail: String = plain.chars().skip(tail).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Time;

    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn folder(name: &str) -> (Folder, Files) {
        let path = std::env::temp_dir().join(format!("holdfast-files-{}-{name}", std::process::id()));
        let files = Files::new(&path, Clock::fixed(Time::from_micros(0)));
        (Folder(path), files)
    }

    async fn take(
        files: &Files,
        chunks: Vec<Result<Bytes, &'static str>>,
    ) -> Result<Stored, TakeError<&'static str>> {
        files.take(&mut futures_util::stream::iter(chunks)).await
    }

    fn count(folder: &Path) -> usize {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
    }

    #[tokio::test]
    async fn a_file_comes_out_as_it_went_in_and_lies_there_once() {
        let (at, files) = folder("once");
        let chunks = || vec![Ok(Bytes::from_static(b"hello ")), Ok(Bytes::from_static(b"world"))];
        let stored = take(&files, chunks()).await.unwrap();
        assert_eq!(stored.sha256, "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9");
        assert_eq!((stored.size_bytes, stored.media_type), (11, "text/plain"));
        assert_eq!(take(&files, chunks()).await.unwrap(), stored);
        assert_eq!(count(&at.0), 1);
        let mut read = String::new();
        files.open(&stored.sha256).await.unwrap().read_to_string(&mut read).await.unwrap();
        assert_eq!(read, "hello world");
        let mode = std::fs::metadata(files.path(&stored.sha256).unwrap()).unwrap().permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
        assert!(files.is_whole(&stored.sha256).await.unwrap());

        let path = files.path(&stored.sha256).unwrap();
        std::fs::write(&path, "hello w0rld").unwrap();
        assert!(!files.is_whole(&stored.sha256).await.unwrap(), "a changed file is noticed");
        take(&files, chunks()).await.unwrap();
        assert!(files.is_whole(&stored.sha256).await.unwrap(), "and mended by the next one like it");
        std::fs::remove_file(&path).unwrap();
        assert!(!files.is_whole(&stored.sha256).await.unwrap());
    }

    #[tokio::test]
    async fn what_is_refused_leaves_nothing_behind() {
        let (at, files) = folder("refused");
        let mebibyte = Bytes::from(vec![7; 1024 * 1024]);
        let whole = vec![Ok(mebibyte.clone()); 20];
        assert_eq!(take(&files, whole.clone()).await.unwrap().size_bytes, LARGEST_FILE_BYTES);
        assert_eq!(count(&at.0), 1);
        let more = whole.into_iter().chain([Ok(Bytes::from_static(b"x"))]).collect();
        assert!(matches!(take(&files, more).await, Err(TakeError::TooLarge)));
        assert!(matches!(take(&files, vec![]).await, Err(TakeError::Empty)));
        let cut = vec![Ok(mebibyte), Err("gone")];
        assert!(matches!(take(&files, cut).await, Err(TakeError::Interrupted("gone"))));
        assert_eq!(count(&at.0), 1);
    }

    #[tokio::test]
    async fn what_is_on_its_way_is_counted_and_bounded() {
        let (at, files) = folder("arriving");
        let mebibyte = Bytes::from(vec![7; 1024 * 1024]);
        let on_its_way = |files: &Files| files.arriving.load(Ordering::Relaxed);
        files.arriving.store(MOST_ARRIVING_BYTES - 1024 * 1024, Ordering::Relaxed);
        take(&files, vec![Ok(mebibyte.clone())]).await.unwrap();
        let two = vec![Ok(mebibyte.clone()), Ok(mebibyte)];
        assert!(matches!(take(&files, two).await, Err(TakeError::Crowded)));
        assert_eq!(on_its_way(&files), MOST_ARRIVING_BYTES - 1024 * 1024, "what was refused counts no more");
        assert_eq!(count(&at.0), 1);
    }

    #[tokio::test]
    async fn only_a_digest_becomes_a_path() {
        let (_at, files) = folder("path");
        for name in ["", "../../etc/passwd", &"A".repeat(64), &"/".repeat(64)] {
            assert_eq!(files.open(name).await.unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn the_content_and_not_the_name_says_the_type() {
        assert_eq!(media_type(b"%PDF-1.7\n"), "application/pdf");
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "image/png");
        assert_eq!(media_type("abc\u{20ac}".as_bytes().split_at(5).0), "text/plain");
        assert_eq!(media_type(b"a\0b"), "application/octet-stream");
        assert_eq!(media_type(b"caf\xe9 au lait"), "application/octet-stream");
    }

    #[test]
    fn a_name_is_only_a_name() {
        assert_eq!(clean_name("C:\\fakepath\\Plan v2.pdf"), "Plan v2.pdf");
        assert_eq!(clean_name("../../etc/passwd"), "passwd");
        assert_eq!(clean_name("invoice\u{202e}fdp.exe"), "invoicefdp.exe");
        assert_eq!(clean_name("a\r\nb\".txt"), "a b\".txt");
        assert_eq!((clean_name(" .. "), clean_name("\u{200b}\u{3164}")), ("file".into(), "file".into()));
        assert_eq!(clean_name("cafe\u{301}\u{2060}.pdf"), "café.pdf");
        assert_eq!(clean_name("عقد.pdf"), "عقد.pdf");
        let long = clean_name(&format!("{}.pdf", "x".repeat(300)));
        assert!(long.ends_with(".pdf") && long.chars().count() == 120);
    }
}

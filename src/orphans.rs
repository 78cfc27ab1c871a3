//! Bytes below the data folder that no row names: of uploads that were not finished or were taken out
//! again. They are set aside when they have lain unused for a day, and deleted a day after that.
//!
//! Two steps, since a row may come to name such bytes at any moment: somebody attaches the same file
//! again, or a form that was begun is sent at last. What is set aside can still be read, and goes back to
//! its place as soon as a row names it. Ages are measured by the disk's own clock, which another machine
//! or a rehearsal may not share. Which bytes are named, the caller knows.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::fs::{self, File};

use crate::files::Files;

/// How long bytes lie unused before each of the two steps.
const PATIENCE: Duration = Duration::from_secs(24 * 3_600);

/// What time it is on this disk.
#[derive(Clone, Copy, Debug)]
pub struct DiskClock(SystemTime);

impl DiskClock {
    async fn is_old(self, path: &Path) -> io::Result<bool> {
        let Some(meta) = there(fs::metadata(path).await)? else { return Ok(false) };
        Ok(self.0.duration_since(meta.modified()?).is_ok_and(|age| age >= PATIENCE))
    }
}

impl Files {
    pub(crate) fn aside(&self, sha256: &str) -> PathBuf {
        self.root.join("aside").join(sha256)
    }

    /// The disk's own time, read off a file that is written for it.
    ///
    /// # Errors
    /// The disk's.
    pub async fn disk_clock(&self) -> io::Result<DiskClock> {
        let folder = self.root.join("tmp");
        fs::create_dir_all(&folder).await?;
        let path = folder.join(self.clock.id().simple().to_string());
        let probe = File::options().write(true).create_new(true).open(&path).await?;
        let now = probe.metadata().await.and_then(|meta| meta.modified());
        fs::remove_file(&path).await?;
        Ok(DiskClock(now?))
    }

    /// Deletes what uploads left behind that were cut off with their process; how many.
    ///
    /// # Errors
    /// The disk's.
    pub async fn sweep_unfinished(&self, clock: DiskClock) -> io::Result<u64> {
        let (folder, mut swept) = (self.root.join("tmp"), 0);
        for name in names(&folder).await? {
            let path = folder.join(name);
            if clock.is_old(&path).await? {
                swept += u64::from(there(fs::remove_file(&path).await)?.is_some());
            }
        }
        Ok(swept)
    }

    /// The first two letters of the digests that lie here, in order: the folders to look through.
    ///
    /// # Errors
    /// The disk's.
    pub async fn folders(&self) -> io::Result<Vec<String>> {
        let names = names(&self.root).await?;
        Ok(names.into_iter().filter(|name| name.len() == 2).collect())
    }

    /// The digests below one of the folders whose bytes have lain there for long.
    ///
    /// # Errors
    /// The disk's.
    pub async fn old_in(&self, clock: DiskClock, folder: &str) -> io::Result<BTreeSet<String>> {
        let mut old = BTreeSet::new();
        let folder = self.root.join(folder);
        for below in names(&folder).await? {
            for sha256 in names(&folder.join(&below)).await? {
                if let Ok(path) = self.path(&sha256)
                    && clock.is_old(&path).await?
                {
                    old.insert(sha256);
                }
            }
        }
        Ok(old)
    }

    /// Sets bytes aside that no row names.
    ///
    /// # Errors
    /// The disk's.
    pub async fn set_aside(&self, clock: DiskClock, sha256: &str) -> io::Result<()> {
        let (path, aside) = (self.path(sha256)?, self.aside(sha256));
        fs::create_dir_all(self.root.join("aside")).await?;
        if there(fs::rename(&path, &aside).await)?.is_some() {
            // Its patience begins anew.
            let file = File::options().write(true).open(&aside).await?;
            file.into_std().await.set_modified(clock.0)?;
        }
        Ok(())
    }

    /// The digests of what is set aside, in order.
    ///
    /// # Errors
    /// The disk's.
    pub async fn lying_aside(&self) -> io::Result<Vec<String>> {
        names(&self.root.join("aside")).await
    }

    /// Gives bytes that a row names after all their place back. Bytes that came there meanwhile stay.
    ///
    /// # Errors
    /// The disk's.
    pub async fn put_back(&self, sha256: &str) -> io::Result<()> {
        let (path, aside) = (self.path(sha256)?, self.aside(sha256));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).await?;
        }
        // A link, unlike a rename, takes nobody's place.
        match fs::hard_link(&aside, &path).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            Ok(()) | Err(_) => there(fs::remove_file(&aside).await).map(|_| ()),
        }
    }

    /// Deletes bytes that have been set aside for long; whether they were.
    ///
    /// # Errors
    /// The disk's.
    pub async fn delete_aside(&self, clock: DiskClock, sha256: &str) -> io::Result<bool> {
        let aside = self.aside(sha256);
        Ok(clock.is_old(&aside).await? && there(fs::remove_file(&aside).await)?.is_some())
    }
}

/// What lies in a folder, by name and in order; nothing where there is no folder.
async fn names(folder: &Path) -> io::Result<Vec<String>> {
    let Some(mut entries) = there(fs::read_dir(folder).await)? else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        names.extend(entry.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}

/// Nothing for what is gone: another process may sweep the same folder.
fn there<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

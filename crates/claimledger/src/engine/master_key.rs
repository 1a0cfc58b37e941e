//! The key that every other key is wrapped under: 32 bytes in a file.

use super::Location;
use crate::exit_status::{Damaged, usage};
use anyhow::{Context, Result, anyhow, bail};
use claimledger_facts::{random::SystemRandom, seal::MasterKey};
use claimledger_store::sqlite::OpenError;
use std::{
    fs::OpenOptions,
    io::{Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

const MASTER_KEY: &str = "master.key";
/// The file that says where the key is, where it is not in the directory.
const MASTER_KEY_POINTER: &str = "master.key.path";

/// The file of the master key that a setting names.
pub(super) struct MasterKeyFile<'l> {
    named: Option<&'l Path>,
}

impl<'l> MasterKeyFile<'l> {
    pub(super) fn of(location: &'l Location) -> Self {
        Self { named: location.master_key_file.as_deref() }
    }

    /// Refuses a named file where the directory has a key already.
    pub(super) fn refuse_another(&self, dir: &Path) -> Result<()> {
        let Some(named) = self.named else { return Ok(()) };
        let known = known_path(dir)?;
        let named_as_is = named.canonicalize().ok();
        let is_same =
            |known: &PathBuf| named_as_is.is_some() && known.canonicalize().ok() == named_as_is;
        match known {
            Some(known) if !is_same(&known) => bail!(
                "{} has the master key {} already: --master-key-file is for a new ledger",
                dir.display(),
                known.display()
            ),
            _ => Ok(()),
        }
    }

    /// Makes a key in the directory, or notes there where the named one is.
    pub(super) fn create(&self, dir: &Path) -> Result<MasterKey> {
        let path = match self.named {
            Some(named) => point_to(dir, named)?,
            None => {
                let path = dir.join(MASTER_KEY);
                if !path.exists() {
                    write_private(&path, MasterKey::generate(&SystemRandom).expose())?;
                }
                path
            }
        };
        // The key must outlive a power cut before the first thing is sealed under it.
        std::fs::File::open(dir)?.sync_all()?;
        read(&path)
    }

    /// Where the key of a ledger that exists is.
    pub(super) fn path(&self, location: &Location) -> Result<PathBuf> {
        let known = known_path(&location.dir)?;
        let named = self.named.map(Path::to_owned).or(known);
        Ok(named.unwrap_or_else(|| location.dir.join(MASTER_KEY)))
    }

    /// The key of a ledger that exists.
    pub(super) fn read(&self, location: &Location) -> Result<MasterKey> {
        let dir = &location.dir;
        match (self.named, known_path(dir)?) {
            (Some(named), _) => read(named),
            (None, Some(known)) => read(&known),
            (None, None) if location.shared.is_some() => Err(usage(format!(
                "{} has no master key: give that of the ledger, which is the same on every node, \
                 with --master-key-file (or CLAIMLEDGER_MASTER_KEY_FILE, or `master_key_file` in \
                 claimledger.toml)",
                dir.display()
            ))),
            (None, None) => read(&dir.join(MASTER_KEY)),
        }
    }
}

/// Notes in the directory where the key is.
fn point_to(dir: &Path, named: &Path) -> Result<PathBuf> {
    let file =
        named.canonicalize().with_context(|| format!("master key file {}", named.display()))?;
    let name = file.to_str().ok_or_else(|| anyhow!("{} is not UTF-8", file.display()))?;
    let pointer = dir.join(MASTER_KEY_POINTER);
    if !pointer.exists() {
        write_private(&pointer, name.as_bytes())?;
    }
    Ok(file)
}

/// Where the key of a directory is, as far as the directory says.
fn known_path(dir: &Path) -> Result<Option<PathBuf>> {
    let pointer = dir.join(MASTER_KEY_POINTER);
    if pointer.exists() {
        let path =
            std::fs::read_to_string(&pointer).with_context(|| format!("{}", pointer.display()))?;
        return Ok(Some(PathBuf::from(path.trim_end_matches('\n'))));
    }
    let path = dir.join(MASTER_KEY);
    Ok(path.exists().then_some(path))
}

fn read(path: &Path) -> Result<MasterKey> {
    let what = || format!("master key {}: without it nothing sealed can be opened", path.display());
    let mut file = match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Damaged(format!(
                "the {} is missing; restore it from where it went, or from \
                                        a backup of the whole directory",
                what()
            ))
            .into());
        }
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Err(OpenError::io(path, error)).with_context(what);
        }
        opened => opened.with_context(what)?,
    };
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!(
            "master key {} is readable by others (mode {:o}): chmod 600 it",
            path.display(),
            mode & 0o777
        );
    }
    let mut bytes = Vec::new();
    Read::take(&mut file, 33).read_to_end(&mut bytes)?;
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| {
        let length = file.metadata().map_or(0, |file| file.len());
        Damaged(format!(
            "the master key {} is damaged: it has {length} bytes, and exactly 32 are expected",
            path.display()
        ))
    })?;
    Ok(MasterKey::from_bytes(key))
}

/// Writes a new file that only its owner can read.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{}", path.display()))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}

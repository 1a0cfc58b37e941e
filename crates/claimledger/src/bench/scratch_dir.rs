//! A directory of one benchmark, deleted at its end.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Deleted when it is dropped.
pub(crate) struct ScratchDir(PathBuf);

impl ScratchDir {
    /// A new directory of this process in `parent`, or in the system's temporary directory.
    pub(crate) fn new(parent: Option<&Path>) -> Result<Self> {
        let parent = parent.map_or_else(std::env::temp_dir, Path::to_path_buf);
        let dir = parent.join(format!("claimledger-bench-{}", std::process::id()));
        std::fs::create_dir_all(&dir).with_context(|| format!("{}", dir.display()))?;
        Ok(Self(dir))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

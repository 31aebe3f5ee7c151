//! Finds the files of the workspace; what was built or is hidden is left out.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// Folders that hold what was built or measured, not what was written.
const NOT_WRITTEN: [&str; 3] = ["target", "out", "node_modules"];

/// Returns every file below a folder whose name has this extension, sorted.
pub(crate) fn below(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        let unreadable = |error| Failure::Unreadable(folder.display().to_string(), error);
        let entries: Vec<fs::DirEntry> = fs::read_dir(&folder)
            .and_then(io::Result::from_iter)
            .map_err(unreadable)?;
        for entry in entries {
            let kind = entry.file_type().map_err(unreadable)?;
            let path = entry.path();
            if kind.is_dir() && is_written(&entry) {
                waiting.push(path);
            } else if kind.is_file() && path.extension().is_some_and(|ending| ending == extension) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn is_written(folder: &fs::DirEntry) -> bool {
    let name = folder.file_name();
    let name = name.to_string_lossy();
    !name.starts_with('.') && !NOT_WRITTEN.contains(&&*name)
}

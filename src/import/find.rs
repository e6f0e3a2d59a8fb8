//! Which files there are to look at, and what a file that was named is.

use std::path::{Path, PathBuf};

use super::section::{Format, MAX_FILE_BYTES, Oddity, Reading};
use crate::bounded::{self, Links, NotRead};
use crate::error::{Error, Result};
use crate::source::dotenv_files;

/// The most `.env` files that are looked at, nearest first.
const MAX_DOTENV_FILES: usize = 20;

/// Lists the files that may hold keys for somebody in `from`.
pub fn known(from: &Path, home: &Path) -> Vec<(PathBuf, Format)> {
    let mut files = Vec::new();
    for dir in from.ancestors() {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(dir)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_name().to_str().is_some_and(dotenv_files::is_loaded))
            .map(|entry| entry.path())
            .collect();
        paths.sort();
        files.extend(paths.into_iter().map(|path| (path, Format::Dotenv)));
        if dir == home {
            break;
        }
    }
    files.truncate(MAX_DOTENV_FILES);
    files
}

/// Tells what a file is by its name; none: nobody could say.
pub fn format_of(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_str()?;
    let is_dotenv = name.starts_with(".env") || path.extension().is_some_and(|extension| extension == "env");
    is_dotenv.then_some(Format::Dotenv)
}

/// Reads a file in its format. A file that is not there is an error; one that cannot be used, too.
pub fn read(path: &Path, format: Format) -> Result<(Reading, Vec<u8>)> {
    let bytes = match bounded::read(path, MAX_FILE_BYTES, Links::Follow) {
        Ok((bytes, _)) => bytes,
        Err(NotRead::NotAFile(what)) => {
            return Err(Error::new(format!("`{}` is {what}, not a file", crate::printable::path(path)))
                .hint("nothing was read of it"));
        }
        Err(reason) => return Err(reason.into_error(path, MAX_FILE_BYTES)),
    };
    let reading = match format {
        Format::Environment => Reading::default(),
        Format::Dotenv => super::dotenv::read(path, &bytes),
    };
    Ok((reading, bytes))
}

/// What is told of a file that nobody named and that cannot be read.
pub fn unread(path: &Path, error: &Error) -> Oddity {
    Oddity { id: "file-unread", path: Some(path.to_owned()), line: None, message: error.message.clone(), hint: None }
}

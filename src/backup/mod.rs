//! The one way in which llmenv edits a file of the user's: planned, shown, sealed, written, and taken back.
//!
//! Comes in: a path and a function from bytes to bytes. Goes out: the file written anew, and its earlier content sealed in
//! the state folder for 30 days, never beside the file. `setup`, `doctor --fix`, `import --rewrite` and `client --write` call it.
//!
//! ```no_run
//! # use llmenv::{backup::{Action, Backups, Key}, bounded::Links, paths::Paths};
//! # fn show(_: &[llmenv::backup::FileDiff]) {}
//! # fn example(paths: &Paths, key: &Key, file: &std::path::Path) -> llmenv::error::Result<()> {
//! let mut action = Action::new("doctor --fix");
//! // Reads the file and plans the edit. Nothing is written yet; a second edit of the same file sees the first.
//! action.edit(file, Links::Refuse, |now| Ok(now.to_ascii_lowercase()))?;
//! show(&action.diff());                                        // keys masked, escaped for a terminal
//! let applied = action.apply(&Backups::of(paths), key)?;      // seals all earlier contents, then writes file by file
//! println!("`llmenv undo {}` takes it back", applied.id);
//! # Ok(())
//! # }
//! ```
//! In the command line `cli::change::carry_out` does the last three lines: shows, asks, gets the key, writes.
//!
//! - **Together or not at all.** The sealed record is on the disk before the first file is touched. A write that fails
//!   takes back those before it; a process that is killed in between leaves a record whose [`Undo`] restores exactly the
//!   files that were written. `setup` alone writes before it seals: its key comes from the store that it is about to choose.
//! - **Not what changed meanwhile.** Each file is replaced only while it holds what the plan saw, and restored only while
//!   it holds what llmenv left.
//! - **Odd files are refused** before anybody is asked: pipes, devices, folders, files of others, read-only ones, those
//!   with a second name, and links that the caller did not expect (`Links::Refuse` is for files that were *found*,
//!   `Links::Follow` for those of the user's own set-up; then the file behind the link is written and the link stays).

mod action;
mod diff;
mod key;
mod mask;
mod record;
mod seal;
mod undo;
mod user_file;

pub use action::{Action, Applied, Unsealed};
pub use diff::{FileDiff, Line, LineKind};
pub use key::Key;
pub use record::{Backups, KEPT_FOR, Record, Sealed, Summary};
pub use undo::{Restored, Standing, Undo};
pub use user_file::UserFile;

/// No file that is edited is larger.
pub const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;
/// All files of one action together hold no more.
pub const MAX_ACTION_BYTES: usize = 32 * 1024 * 1024;

//! Named pipes for shells that cannot open a socket: bash asks and reads the answer with its builtins, without a process.
//!
//! A shell that asks for it has two of them beside the socket, in a folder of this user alone: it writes to `PID.START.ask`
//! and reads from `PID.START.answer`. A request is that of [`crate::ipc::shell_lines`] after a tag of the shell's choice; an
//! answer is one write to whoever has the other pipe open at that moment, and to nobody otherwise:
//! ```text
//! TAG<TAB>hook 1<TAB>shell=bash<TAB>…<LF>
//! TAG<TAB>LENGTH<LF>…            TAG as it came, LENGTH the bytes that follow; both of six digits. 0: ask by the program
//! ```

#[cfg(target_os = "linux")]
pub use linux::Pipes;

/// Elsewhere a daemon cannot hold such a pipe open for reading without being told of an end at every request.
#[cfg(not(target_os = "linux"))]
#[derive(Default)]
pub struct Pipes {}

#[cfg(not(target_os = "linux"))]
#[allow(clippy::unused_self)]
impl Pipes {
    /// Says where they would be.
    pub fn settle(&mut self, _beside: Option<&std::path::Path>) {}
    /// Makes none.
    pub fn ensure(
        &mut self,
        _shared: &super::state::Shared,
        _id: crate::ipc::shell_lines::ShellId,
    ) -> Option<std::path::PathBuf> {
        None
    }
    /// Drops nothing.
    pub fn retain(&mut self, _is_wanted: impl Fn(crate::ipc::shell_lines::ShellId) -> bool) {}
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::HashMap;
    use std::io::Write;
    use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
    use std::path::{Path, PathBuf};
    use std::rc::Rc;

    use rustix::fs::{CWD, FileType, Mode, OFlags};
    use tokio::io::AsyncReadExt;
    use tokio::net::unix::pipe;
    use tokio::task::AbortHandle;
    use zeroize::{Zeroize, Zeroizing};

    use super::super::connection;
    use super::super::state::Shared;
    use crate::ipc::shell_lines::ShellId;
    use crate::paths;

    /// The longest request; a longer one goes over the socket.
    const MAX_REQUEST_BYTES: usize = 32 * 1024;
    /// The longest answer with its first line. So much is written at once or not at all (pipe(7), `PIPE_BUF`): a shell that
    /// has seen the length waits for no byte more.
    const MAX_ANSWER_BYTES: usize = 4096;
    /// The most shells with pipes: each keeps a descriptor open.
    const MAX_PIPES: usize = 400;
    /// Digits of tag and length.
    const DIGITS: usize = 6;

    /// The pipes of all shells that have some. Their files go with it.
    #[derive(Default)]
    pub struct Pipes {
        folder: Option<PathBuf>,
        open: HashMap<ShellId, Ends>,
    }

    /// The two of one shell, read by a task that ends with this.
    struct Ends {
        name: PathBuf,
        inode: u64,
        reader: AbortHandle,
    }

    impl Drop for Ends {
        fn drop(&mut self) {
            self.reader.abort();
            let _ = std::fs::remove_file(ask_of(&self.name));
            let _ = std::fs::remove_file(answer_of(&self.name));
        }
    }

    impl Pipes {
        /// Says where they are from now on: in a folder beside the socket. What an earlier daemon left there goes.
        pub fn settle(&mut self, beside: Option<&Path>) {
            let folder = beside.map(|beside| beside.join("pipes"));
            if folder == self.folder {
                return;
            }
            self.open.clear();
            for left in folder.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten() {
                if left.file_type().is_ok_and(|kind| kind.is_fifo()) {
                    let _ = std::fs::remove_file(left.path());
                }
            }
            self.folder = folder;
        }

        /// Gives a shell its pipes, as their path without the last part of the name. `None`: it has to do without.
        pub fn ensure(&mut self, shared: &Shared, id: ShellId) -> Option<PathBuf> {
            if let Some(ends) = self.open.get(&id) {
                // Whoever cleans the folder takes the files away and leaves the open pipe, which nobody finds then.
                let is_found =
                    std::fs::symlink_metadata(ask_of(&ends.name)).is_ok_and(|found| found.ino() == ends.inode);
                if is_found && !ends.reader.is_finished() && answer_of(&ends.name).exists() {
                    return Some(ends.name.clone());
                }
                self.open.remove(&id);
            }
            let folder = self.folder.as_deref().filter(|_| self.open.len() < MAX_PIPES)?;
            paths::create_private_dir(folder).ok()?;
            let name = folder.join(id.to_string());
            for path in [ask_of(&name), answer_of(&name)] {
                let _ = std::fs::remove_file(&path);
                rustix::fs::mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).ok()?;
            }
            // Open for both, so that it never ends: shells come and go.
            let receiver = pipe::OpenOptions::new().read_write(true).open_receiver(ask_of(&name)).ok()?;
            let inode = std::fs::symlink_metadata(ask_of(&name)).ok()?.ino();
            let reader = tokio::task::spawn_local(serve(Rc::clone(shared), id, receiver, answer_of(&name)));
            self.open.insert(id, Ends { name: name.clone(), inode, reader: reader.abort_handle() });
            Some(name)
        }

        /// Drops those of shells that are gone.
        pub fn retain(&mut self, is_wanted: impl Fn(ShellId) -> bool) {
            self.open.retain(|id, _| is_wanted(*id));
        }
    }

    fn ask_of(name: &Path) -> PathBuf {
        name.with_added_extension("ask")
    }

    fn answer_of(name: &Path) -> PathBuf {
        name.with_added_extension("answer")
    }

    /// Answers what comes through a pipe, one line after the other.
    async fn serve(shared: Shared, id: ShellId, mut asked: pipe::Receiver, answer_path: PathBuf) {
        let mut pending = Zeroizing::new(Vec::with_capacity(1024));
        let mut is_too_long = false;
        loop {
            let mut bytes = Zeroizing::new([0; 4096]);
            let Ok(count) = asked.read(&mut bytes[..]).await else { return };
            pending.extend_from_slice(&bytes[..count]);
            while let Some(at) = pending.iter().position(|byte| *byte == b'\n') {
                let rest = Zeroizing::new(pending.split_off(at + 1));
                let line = std::mem::replace(&mut pending, rest);
                // The end of one that was too long is no request.
                if !std::mem::take(&mut is_too_long) {
                    reply(&shared, id, &line[..at], &answer_path).await;
                }
            }
            if pending.len() > MAX_REQUEST_BYTES {
                pending.zeroize();
                is_too_long = true;
            }
        }
    }

    async fn reply(shared: &Shared, id: ShellId, line: &[u8], answer_path: &Path) {
        let Some((tag, request)) = line.split_at_checked(DIGITS).filter(|(tag, _)| tag.iter().all(u8::is_ascii_digit))
        else {
            return;
        };
        let Some(request) = request.strip_prefix(b"\t") else { return };
        // In a box, so that a pipe without a request is small.
        let answer = Box::pin(connection::answer_shell(shared, id, request)).await;
        let first_line = 2 * DIGITS + 2;
        let fits = |text: &&Zeroizing<String>| first_line + text.len() <= MAX_ANSWER_BYTES;
        let text = answer.as_ref().filter(fits).map_or("", |text| text.as_str());
        let mut whole = Zeroizing::new(Vec::with_capacity(first_line + text.len()));
        whole.extend_from_slice(tag);
        let _ = write!(whole, "\t{:0DIGITS$}\n{text}", text.len());
        // Nobody reads: the shell went on. Its place is not taken, and what was in the pipe is gone with the last to close it.
        let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW;
        let opened = std::fs::File::options().write(true).custom_flags(flags.bits().cast_signed()).open(answer_path);
        if let Ok(mut pipe) = opened
            && pipe.metadata().is_ok_and(|found| found.file_type().is_fifo())
        {
            let _ = pipe.write(&whole);
        }
    }
}
